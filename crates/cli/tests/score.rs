//! Files of predictions beside their gold files, as shared tasks score them.

mod common;

use common::Workplace;
use serde_json::Value;

fn json(workplace: &Workplace, arguments: &[&str]) -> Value {
    serde_json::from_str(&workplace.succeed(&[arguments, &["--json"]].concat())).unwrap()
}

/// A sentence of (form, UPOS, head, DEPREL).
fn sentence(words: &[(&str, &str, usize, &str)]) -> String {
    let word = |(number, (form, upos, head, relation)): (usize, &(&str, &str, usize, &str))| {
        format!("{}\t{form}\t{form}\t{upos}\t_\t_\t{head}\t{relation}\t_\t_\n", number + 1)
    };
    words.iter().enumerate().map(word).collect::<String>() + "\n"
}

const TREES: &[&str] = &["score", "conll18", "--gold", "gold.conllu", "--predictions", "parsed.conllu"];

#[test]
fn a_parser_has_the_rows_of_the_shared_task() {
    let workplace = Workplace::new(2, 2);
    let gold = sentence(&[("cats", "NOUN", 2, "nsubj"), ("run", "VERB", 0, "root")]);
    workplace.write("gold.conllu", &gold);
    workplace.write("parsed.conllu", &gold.replace("nsubj", "obj"));
    let table = workplace.succeed(TREES);
    assert!(table.starts_with("Metric     | Precision |    Recall |  F1 Score | AligndAcc\n"), "{table}");
    assert!(table.contains("\nLAS        |     50.00 |     50.00 |     50.00 |     50.00\n"), "{table}");
    let scores = json(&workplace, TREES)["scores"].clone();
    let names: Vec<&str> =
        scores.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 13);
    assert_eq!((names[8], &scores[8]["f1"]), ("UAS", &Value::from(100.0)));
    assert_eq!((&scores[0]["aligned_accuracy"], &scores[9]["correct"]), (&Value::Null, &Value::from(1)));
}

#[test]
fn trees_that_are_none_are_named_with_their_line() {
    let workplace = Workplace::new(2, 2);
    let gold = sentence(&[("a", "DET", 2, "det"), ("cat", "NOUN", 0, "root")]);
    workplace.write("gold.conllu", &[&gold[..], &gold].concat());
    let refused = |second: String| {
        workplace.write("parsed.conllu", &[&gold[..], &second].concat());
        workplace.fail(TREES, 2)
    };
    let cycle = refused(sentence(&[("a", "DET", 2, "det"), ("cat", "NOUN", 1, "root")]));
    assert_eq!(cycle, "error: parsed.conllu:4:1: sentence 2: no word is the root: none of 2 heads is 0\n");
    let roots = refused(sentence(&[("a", "DET", 0, "root"), ("cat", "NOUN", 0, "root")]));
    assert!(
        roots.starts_with("error: parsed.conllu:5:1: sentence 2: words 1 and 2 are both roots"),
        "{roots}"
    );
    let tag = refused(sentence(&[("a", "DT", 2, "det"), ("cat", "NOUN", 0, "root")]));
    assert_eq!(tag, "error: parsed.conllu:4:1: UPOS \"DT\" is not universal\n");
    assert!(workplace.succeed(&[TREES, &["--any-tags"]].concat()).contains("\nUPOS       |     75.00"));
    let text = refused(sentence(&[("a", "DET", 2, "det"), ("dog", "NOUN", 0, "root")]));
    let wanted =
        "parsed.conllu:5:1: the texts differ from here on: \"dog\", but \"cat\" at gold.conllu:5:1\n";
    assert_eq!(text, format!("error: {wanted}"));
    assert!(refused("1\tx\n\n".to_owned()).contains("parsed.conllu:4:1: 2 columns"));
}

#[test]
fn chunks_are_scored_from_one_file_or_two() {
    let workplace = Workplace::new(2, 2);
    workplace.write("both.txt", "a X B-per B-per\nb X I-per O\n\nc X O O\nd X B-loc B-loc\n");
    workplace.write("gold.conll", "a\tB-per\nb\tI-per\n\nc\tO\nd\tB-loc\n");
    workplace.write("tagged.conll", "a B-per\nb O\n\nc O\nd B-loc\n\n");
    let one = ["score", "conlleval", "--predictions", "both.txt"];
    let two = ["score", "conlleval", "--gold", "gold.conll", "--predictions", "tagged.conll"];
    let report = workplace.succeed(&one);
    assert!(
        report.starts_with("processed 4 tokens with 2 phrases; found: 2 phrases; correct: 1.\n"),
        "{report}"
    );
    assert!(
        report.contains("accuracy:  75.00%; precision:  50.00%; recall:  50.00%; FB1:  50.00\n"),
        "{report}"
    );
    assert_eq!(workplace.succeed(&two), report);
    let document = json(&workplace, &two);
    assert_eq!((&document["overall"]["f1"], &document["accuracy"]), (&50.0.into(), &75.0.into()));
    assert_eq!((&document["types"][0]["name"], &document["types"][0]["correct"]), (&"loc".into(), &1.into()));
}

#[test]
fn chunks_that_cannot_be_compared_are_named_with_their_line() {
    let workplace = Workplace::new(2, 2);
    workplace.write("gold.conll", "a B-per\nb I-per\n\nc O\n\n");
    let refused = |tagged: &str| {
        workplace.write("tagged.conll", tagged);
        workplace.fail(&["score", "conlleval", "--gold", "gold.conll", "--predictions", "tagged.conll"], 2)
    };
    let words = refused("a O\nb O\n\nc O\nd O\n");
    assert_eq!(
        words,
        "error: tagged.conll:4:1: the sentence has not as many words as at gold.conll:4:1: 2, not 1\n"
    );
    let fewer = refused("a O\nb O\n");
    assert!(
        fewer.starts_with("error: gold.conll:4:1: this sentence has no counterpart in tagged.conll"),
        "{fewer}"
    );
    let more = refused("a O\nb O\n\nc O\n\nd O\n");
    assert!(
        more.ends_with(
            "tagged.conll:6:1: this sentence has no counterpart in gold.conll, which ends after 2\n"
        ),
        "{more}"
    );
    let tag = refused("a O\nb S-per\n\nc O\n");
    assert!(tag.starts_with("error: tagged.conll:2:3: `S-per` is no tag of chunks"), "{tag}");
    assert!(refused("a\nb\n\nc\n").contains("tagged.conll:1:1: expected 2 columns, got 1"));
    workplace.write("tagged.conll", "a O\nb O\n\nc O\n");
    let error = workplace.fail(&["score", "conlleval", "--predictions", "tagged.conll"], 2);
    assert!(error.contains("tagged.conll:1:1: expected 3 columns, got 2"), "{error}");
}

const ANSWERS: &[&str] = &["score", "squad", "--gold", "gold.json", "--predictions", "answers.json"];

/// A file of questions, each with its id and its answers.
fn questions(questions: &[(&str, &[&str])]) -> String {
    let question = |(id, answers): &(&str, &[&str])| {
        let answers: Vec<Value> = answers.iter().map(|text| serde_json::json!({"text": text})).collect();
        serde_json::json!({"id": id, "question": "?", "answers": answers})
    };
    let qas: Vec<Value> = questions.iter().map(question).collect();
    serde_json::json!({"data": [{"paragraphs": [{"context": "c", "qas": qas}]}]}).to_string()
}

#[test]
fn answers_are_scored_by_the_version_of_the_questions() {
    let workplace = Workplace::new(2, 2);
    workplace.write("gold.json", &questions(&[("a", &["the Normans", "Normans"]), ("b", &["Paris"])]));
    workplace.write("answers.json", "{\"a\": \"normans\", \"b\": \"Rome\", \"z\": \"\"}");
    let document = json(&workplace, ANSWERS);
    assert_eq!((&document["version"], &document["unused"]), (&"1.1".into(), &1.into()));
    assert_eq!(document["metrics"], serde_json::json!({"exact_match": 50.0, "f1": 50.0}));
    let table = workplace.succeed(ANSWERS);
    assert!(table.contains("| 1.1   | exact_match | 50.0000 |"), "{table}");

    workplace.write("gold.json", &questions(&[("a", &["Normans"]), ("b", &[])]));
    workplace.write("answers.json", "{\"a\": \"Normans\", \"b\": \"Rome\"}");
    workplace.write("none.json", "{\"a\": 0.2, \"b\": 0.9}");
    let document = json(&workplace, ANSWERS);
    assert_eq!((&document["version"], &document["metrics"]["exact"]), (&"2.0".into(), &50.0.into()));
    assert_eq!(document["metrics"]["NoAns_f1"], 0.0);
    let withdrawn = [ANSWERS, &["--no-answer", "none.json", "--threshold", "0.5"]].concat();
    let document = json(&workplace, &withdrawn);
    assert_eq!(
        (&document["metrics"]["exact"], &document["metrics"]["best_f1_thresh"]),
        (&100.0.into(), &0.2.into())
    );
}

#[test]
fn a_question_without_an_answer_and_a_file_that_is_none() {
    let workplace = Workplace::new(2, 2);
    workplace.write("gold.json", &questions(&[("a", &["x"]), ("b", &["y"])]));
    workplace.write("answers.json", "{\"a\": \"x\"}");
    let error = workplace.fail(ANSWERS, 2);
    let wanted = "answers.json:1:1: 1 of 2 questions have no prediction; the first of them is b\n";
    assert_eq!(error, format!("error: {wanted}"));
    workplace.write("answers.json", "{\"a\": \"x\",\n \"b\": 3}");
    let error = workplace.fail(ANSWERS, 2);
    assert!(error.contains("not the json document that is expected here: invalid type: integer"), "{error}");
    assert!(error.starts_with("error: answers.json:2:7: "), "{error}");
    assert!(
        workplace
            .fail(&["score", "squad", "--gold", "no.json", "--predictions", "no.json"], 2)
            .contains("no.json:1:1: no such file")
    );
}
