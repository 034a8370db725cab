//! Files of predictions in official layouts.

mod common;

use common::File;
use mtl_data::DataError;
use mtl_data::benchmark::{self, Prediction, Question};

/// Questions with these identifiers.
fn questions(ids: &[&str]) -> Vec<Question> {
    ids.iter().map(|id| Question { id: id.to_string(), ..Question::default() }).collect()
}

fn read(task: &str, ids: &[&str], content: &str) -> Result<Vec<Prediction>, String> {
    let task = benchmark::task(task).unwrap();
    let file = File::new(&task.prediction_file(), content);
    let folder = format!("{}/", file.folder().display());
    let said = |error: DataError| error.to_string().replace(&folder, "");
    task.read_predictions(&file.path(), &questions(ids)).map_err(said)
}

fn answers(predictions: Result<Vec<Prediction>, String>) -> Vec<String> {
    predictions.unwrap().into_iter().map(|prediction| prediction.answers.join(" ")).collect()
}

#[test]
fn tables_of_glue_come_in_any_order() {
    let content = "index\tprediction\n1\tentailment\n0\tnot_entailment\n";
    assert_eq!(answers(read("glue/rte", &["0", "1"], content)), ["not_entailment", "entailment"]);
    assert_eq!(answers(read("glue/sts-b", &["0"], "index\tprediction\n0\t3.250\n")), ["3.25"]);
}

#[test]
fn objects_of_superglue_are_numbered_by_the_data() {
    let content = "{\"idx\": 7, \"label\": \"True\"}\n{\"idx\": 3, \"label\": false}\n";
    assert_eq!(answers(read("superglue/wsc", &["3", "7"], content)), ["false", "true"]);
    assert_eq!(answers(read("superglue/copa", &["3"], "{\"idx\": 3, \"label\": 1}")), ["1"]);
    assert_eq!(answers(read("superglue/record", &["3"], "{\"idx\": 3, \"label\": \"Bo\"}")), ["Bo"]);
    let nested = r#"{"idx": 3, "passage": {"questions": [{"idx": 9, "answers": [{"idx": 21, "label": 0}, {"idx": 20, "label": 1}]}]}}"#;
    assert_eq!(answers(read("superglue/multirc", &["3/9"], nested)), ["1 0"]);
}

#[test]
fn a_line_of_decanlp_may_be_empty() {
    assert_eq!(answers(read("decanlp/squad", &["a", "b"], "Rome\n\n")), ["Rome", ""]);
    assert_eq!(
        read("decanlp/squad", &["a", "b"], "Rome\n").unwrap_err(),
        "squad.txt:2:1: expected one prediction for each of 2 questions of decanlp/squad, got 1"
    );
}

#[test]
fn each_question_has_one_prediction() {
    let rte = |rows: &str| read("glue/rte", &["0", "1"], &format!("index\tprediction\n{rows}")).unwrap_err();
    assert_eq!(
        rte("0\tentailment\n"),
        "RTE.tsv:1:1: 1 of 2 questions have no prediction; the first of them is 1"
    );
    assert_eq!(
        rte("0\tentailment\n0\tentailment\n"),
        "RTE.tsv:3:1: a second prediction for 0; the first is in line 2"
    );
    assert_eq!(rte("5\tentailment\n"), "RTE.tsv:2:1: there is no question with the number 5");
}

#[test]
fn answers_must_be_labels_of_the_task() {
    assert_eq!(
        read("glue/rte", &["0"], "index\tprediction\n0\tentailmnt\n").unwrap_err(),
        "RTE.tsv:2:1: \"entailmnt\" is no label of glue/rte; labels: entailment, not_entailment; \
         did you mean \"entailment\"?"
    );
    assert_eq!(
        read("glue/sts-b", &["0"], "index\tprediction\n0\tfour\n").unwrap_err(),
        "STS-B.tsv:2:3: \"four\" is not a number"
    );
    let error = read("superglue/boolq", &["0"], "{\"idx\": 0}").unwrap_err();
    assert_eq!(
        error,
        "BoolQ.jsonl:1:1: not a row of superglue/boolq: expected `idx` and `label`, or for MultiRC `idx` and `passage`"
    );
    assert!(read("superglue/boolq", &["0"], "{\"idx\": 0, ").unwrap_err().starts_with("BoolQ.jsonl:1:11: "));
}
