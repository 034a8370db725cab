//! Files of benchmarks, in each form that they are found in.

mod common;

use common::{File, class, read, strings};
use mtl_data::benchmark::{self, BenchmarkTask, Part, Question, UNANSWERABLE};
use mtl_data::{DataError, Example, Label, Text};

fn task(name: &str) -> &'static BenchmarkTask {
    benchmark::task(name).unwrap()
}

fn examples(task_name: &str, name: &str, content: &str) -> Vec<Example> {
    let file = File::new(name, content);
    read(&task(task_name).source(file.path()).unwrap()).unwrap()
}

fn questions(task_name: &str, name: &str, content: &str) -> Vec<Question> {
    let file = File::new(name, content);
    task(task_name).questions(&file.path(), Part::Dev).unwrap()
}

/// The message of the error that reading a file gives, without its folder.
fn complaint(task_name: &str, name: &str, content: &str) -> String {
    let file = File::new(name, content);
    let source = task(task_name).source(file.path());
    let error = match source {
        Ok(source) => read(&source).unwrap_err(),
        Err(error) => error,
    };
    without_folder(&file, &error)
}

fn without_folder(file: &File, error: &DataError) -> String {
    error.to_string().replace(&format!("{}/", file.folder().display()), "")
}

fn pair(first: &str, second: &str, label: Label, line: usize) -> Example {
    Example { text: Text::Pair(first.into(), second.into()), label, line }
}

fn single(text: &str, label: Label, line: usize) -> Example {
    Example { text: Text::Single(text.into()), label, line }
}

#[test]
fn cola_has_no_header_but_its_test_set_has() {
    let labelled = examples("glue/cola", "train.tsv", "x1\t1\t\tIt rains.\nx1\t0\t*\tRains it it.\n");
    assert_eq!(labelled, [single("It rains.", class("1"), 1), single("Rains it it.", class("0"), 2)]);
    let test = examples("glue/cola", "test.tsv", "index\tsentence\n0\tIt rains.\n");
    assert_eq!(test, [single("It rains.", Label::Missing, 2)]);
}

#[test]
fn mrpc_is_read_as_its_publisher_writes_it() {
    for mark in ["", "\u{feff}", "BOM"] {
        let content = format!("{mark}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tA \"b .\tB .\n");
        let read = examples("glue/mrpc", "msr_paraphrase_train.txt", &content);
        assert_eq!(read, [pair("A \"b .", "B .", class("1"), 2)]);
    }
    let test = "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t7\t8\tA .\tB .\n";
    assert_eq!(examples("glue/mrpc", "test.tsv", test), [pair("A .", "B .", Label::Missing, 2)]);
}

#[test]
fn rows_of_qqp_that_a_line_break_cut_are_left_out() {
    let header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate";
    let content =
        format!("{header}\n1\t2\t3\tWhy?\tHow?\t0\n4\t5\t6\tWhat\nis it?\tWhen?\t1\n7\t8\t9\tA?\tB?\t1\n");
    let read = examples("glue/qqp", "train.tsv", &content);
    assert_eq!(read, [pair("Why?", "How?", class("0"), 2), pair("A?", "B?", class("1"), 5)]);
}

#[test]
fn sts_b_is_a_number_from_0_to_5() {
    let header = "index\tgenre\tsentence1\tsentence2\tscore\n";
    let read = examples("glue/sts-b", "dev.tsv", &format!("{header}0\tnews\tA.\tB.\t3.800\n"));
    assert_eq!(read, [pair("A.", "B.", Label::Value(3.8), 2)]);
}

#[test]
fn inference_is_read_from_tables_and_from_json_lines() {
    let expected = [pair("A.", "B.", class("neutral"), 1)];
    let line = r#"{"premise": "A.", "hypothesis": "B.", "label": "neutral"}"#;
    assert_eq!(examples("glue/mnli", "val.jsonl", line), expected);
    assert_eq!(examples("superglue/cb", "val.jsonl", line), expected);
    let table = "index\tsentence1\tsentence2\tlabel1\tgold_label\n0\tA.\tB.\tentailment\tneutral\n";
    assert_eq!(examples("glue/mnli", "dev_matched.tsv", table)[0].label, class("neutral"));
    let without = "{\"sentence1\": \"A.\", \"sentence2\": \"B.\", \"gold_label\": \"-\"}\n";
    assert_eq!(examples("decanlp/mnli", "x.jsonl", without)[0].label, Label::Missing);
    let full = "Logic\tPremise\tHypothesis\tLabel\nNegation\tA.\tB.\tcontradiction\n";
    assert_eq!(examples("glue/ax", "diagnostic-full.tsv", full)[0].label, class("contradiction"));
}

#[test]
fn columns_that_nobody_reads_may_be_missing_at_the_end() {
    let table = "gold_label\tsentence1\tsentence2\tlabel1\tlabel2\nneutral\tA.\tB.\tneutral\nneutral\tC.\n";
    let read = examples("decanlp/mnli", "multinli_1.0_train.txt", table);
    assert_eq!(read, [pair("A.", "B.", class("neutral"), 2)]);
}

#[test]
fn a_word_in_context_stands_before_its_first_sentence() {
    let line = r#"{"word": "bank", "sentence1": "A bank lends.", "sentence2": "The bank is wet.", "idx": 4,
        "label": false, "start1": 2, "end1": 6}"#;
    let read = examples("superglue/wic", "val.jsonl", &line.replace('\n', ""));
    assert_eq!(read, [pair("bank: A bank lends.", "The bank is wet.", class("false"), 1)]);
}

#[test]
fn a_pronoun_is_marked_and_asked_about() {
    let line = r#"{"text": "Ann saw Eve, but she left.", "target": {"span1_text": "Ann", "span1_index": 0,
        "span2_text": "she", "span2_index": 4}, "idx": 0, "label": true}"#;
    let line = line.replace('\n', "");
    let read = examples("superglue/wsc", "val.jsonl", &line);
    assert_eq!(read, [pair("Ann saw Eve, but *she* left.", "Ann", class("true"), 1)]);
    let message = complaint("superglue/wsc", "val.jsonl", &line.replace("she\"", "they\""));
    let expected =
        "val.jsonl:1:134: no word of the text begins with the span \"they\" (said to be word 4, from 0)";
    assert_eq!(message, expected);
}

const MULTIRC: &str = r#"{"idx": 3, "passage": {"text": "It is red.", "questions": [{"question": "Is it?", "idx": 9,
    "answers": [{"text": "Yes", "idx": 20, "label": 1}, {"text": "No", "idx": 21, "label": 0}]}]}}"#;

#[test]
fn each_answer_of_multirc_is_an_example_and_each_question_a_question() {
    let line = MULTIRC.replace('\n', "");
    let expected =
        [pair("It is red. Is it?", "Yes", class("1"), 1), pair("It is red. Is it?", "No", class("0"), 1)];
    assert_eq!(examples("superglue/multirc", "val.jsonl", &line), expected);
    let [question] = &questions("superglue/multirc", "val.jsonl", &line)[..] else { panic!("one question") };
    assert_eq!((question.id.as_str(), &question.answers[..]), ("3/9", &strings(&["Yes"])[..]));
    assert_eq!(question.choices, ["Yes", "No"]);
    let test = line.replace(", \"label\": 1", "").replace(", \"label\": 0", "");
    assert_eq!(examples("superglue/multirc", "test.jsonl", &test)[1].label, Label::Missing);
}

#[test]
fn alternatives_and_entities_are_choices() {
    let line = r#"{"premise": "It fell.", "choice1": "It broke.", "choice2": "It flew.", "question": "effect", "label": 0, "idx": 5}"#;
    let [copa] = &questions("superglue/copa", "val.jsonl", line)[..] else { panic!("one question") };
    assert_eq!(
        (&copa.choices[..], &copa.answers[..]),
        (&strings(&["It broke.", "It flew."])[..], &strings(&["It broke."])[..])
    );
    let passage = r#"{"text": "Zoë met Bo. Bo left.", "entities": [{"start": 0, "end": 2}, {"start": 8, "end": 9}, {"start": 12, "end": 13}]}"#;
    let asked = r#"[{"query": "@placeholder left.", "answers": [{"start": 8, "end": 9, "text": "Bo"}, {"start": 12, "end": 13, "text": "Bo"}], "idx": 7}]"#;
    let line = format!("{{\"passage\": {passage}, \"qas\": {asked}, \"idx\": 1}}");
    let [record] = &questions("superglue/record", "val.jsonl", &line)[..] else { panic!("one question") };
    assert_eq!((record.choices.clone(), record.answers.clone()), (strings(&["Zoë", "Bo"]), strings(&["Bo"])));
    assert_eq!(record.id, "7");
    let document = format!("{{\"data\": [{line}]}}").replace("\"idx\": 7", "\"id\": \"a-7\"");
    assert_eq!(questions("superglue/record", "dev.json", &document)[0].id, "a-7");
}

#[test]
fn squad_keeps_every_answer_and_says_where_there_is_none() {
    let content = r#"{"data": [{"paragraphs": [{"context": "Rome fell in 476.", "qas": [
        {"id": "a", "question": "When?", "answers": [{"text": "476", "answer_start": 13}, {"text": "in 476", "answer_start": 10}]},
        {"id": "b", "question": "Why?", "answers": [], "is_impossible": true}]}]}]}"#;
    let read = questions("decanlp/squad", "dev-v2.0.json", content);
    assert_eq!(read[0].answers, ["476", "in 476"]);
    assert_eq!((read[1].id.as_str(), &read[1].answers[..]), ("b", &strings(&[UNANSWERABLE])[..]));
}

#[test]
fn sentiment_is_read_from_tables_and_from_trees() {
    let table = "label,sentence\n1,\"Good, really.\"\n0,Bad.\n";
    let expected = [single("Good, really.", class("1"), 2), single("Bad.", class("0"), 3)];
    assert_eq!(examples("decanlp/sst", "train_binary_sent.csv", table), expected);
    let trees = "(3 (2 It) (4 works))\n(2 (2 Hm) (2 .))\n(1 (2 No) (2 .))\n";
    let labels: Vec<Label> =
        examples("decanlp/sst", "train.txt", trees).into_iter().map(|e| e.label).collect();
    assert_eq!(labels, [class("1"), Label::Missing, class("0")]);
    let asked = questions("decanlp/sst", "train.txt", trees);
    assert_eq!((asked.len(), &asked[1].answers[..]), (2, &strings(&["negative"])[..]));
    assert!(
        complaint("decanlp/sst", "a.txt", "(3 (2 It))\n(7 (2 x))\n")
            .starts_with("a.txt:2:1: not a parse tree")
    );
}

#[test]
fn questions_about_verbs_come_in_blocks() {
    let content = "X_1\t2\nAnn reads and sleeps .\n1\treads\t2\nwho\t_\t_\treads\t_\t_\t_\t?\tAnn ### she\n\
                   what\tdoes\tsomeone\tread\t_\t_\t_\t?\tbooks\n3\tsleeps\t1\nwho\t_\t_\tsleeps\t_\t_\t_\t?\tAnn\n\nX_2\t0\n";
    let read = questions("decanlp/qa-srl", "wiki1.dev.qa", &content.replace("\nX_2\t0", ""));
    let asked: Vec<&str> = read.iter().map(|question| question.question.as_str()).collect();
    assert_eq!(asked, ["who reads?", "what does someone read?", "who sleeps?"]);
    assert_eq!(read[0].answers, ["Ann", "she"]);
}

#[test]
fn questions_about_relations_have_all_their_answers_in_one() {
    let read = questions(
        "decanlp/qa-zre",
        "dev.0",
        "r\tWho made XXX?\tit\tA and B made it.\tA\tB\nr\tWho saw XXX?\tit\tHm.\n",
    );
    assert_eq!((read[0].question.as_str(), &read[0].answers[..]), ("Who made it?", &strings(&["A, B"])[..]));
    assert_eq!(read[1].answers, [UNANSWERABLE]);
}

#[test]
fn a_turn_of_a_dialogue_changes_the_state() {
    let content = r#"[{"dialogue_idx": 9, "dialogue": [
        {"transcript": "Cheap food.", "system_acts": [], "belief_state": [{"slots": [["price", "cheap"]], "act": "inform"}]},
        {"transcript": "Phone?", "system_acts": ["area", ["food", "thai"]], "belief_state": [
            {"slots": [["slot", "phone"]], "act": "request"}, {"slots": [["price", "cheap"]], "act": "inform"}]},
        {"transcript": "Bye.", "system_acts": [], "belief_state": [{"slots": [["price", "cheap"]], "act": "inform"}]}]}]"#;
    let read = questions("decanlp/woz", "woz_validate_en.json", content);
    let answers: Vec<&str> = read.iter().map(|question| question.answers[0].as_str()).collect();
    assert_eq!(answers, ["price: cheap;", "; phone", "None"]);
    assert_eq!((read[1].id.as_str(), read[1].context.as_str()), ("en_0_1", "area, food: thai -- Phone?"));
}

#[test]
fn a_query_is_written_with_the_columns_of_its_table() {
    let file = File::new("dev.tables.jsonl", r#"{"id": "t", "header": ["Player", "Year born"]}"#);
    let path = file.folder().join("dev.jsonl");
    let row =
        r#"{"table_id": "t", "question": "How many?", "sql": {"sel": 0, "agg": 3, "conds": [[1, 1, 1990]]}}"#;
    std::fs::write(&path, row).unwrap();
    let read = task("decanlp/wikisql").questions(&path, Part::Dev).unwrap();
    assert_eq!(read[0].answers, ["SELECT COUNT Player FROM table WHERE Year born > 1990"]);
    assert_eq!(read[0].choices, ["Player", "Year born"]);
    std::fs::write(&path, row.replace("\"sel\": 0", "\"sel\": 2")).unwrap();
    let error = task("decanlp/wikisql").questions(&path, Part::Dev).unwrap_err();
    let expected = "dev.jsonl:1:1: not a row of decanlp/wikisql: expected a query about columns of its table";
    assert_eq!(without_folder(&file, &error), expected);
}

#[test]
fn translations_lie_in_two_files() {
    let file = File::new(
        "t.en-de.en.xml",
        "<doc>\n<seg id=\"1\"> A &amp; B. </seg>\n<seg id=\"2\"> C. </seg>\n</doc>\n",
    );
    let partner = file.folder().join("t.en-de.de.xml");
    std::fs::write(&partner, "<doc>\n<seg id=\"1\"> A und B. </seg>\n<seg id=\"2\"></seg>\n</doc>\n")
        .unwrap();
    let iwslt = task("decanlp/iwslt");
    let read = iwslt.questions(&file.path(), Part::Dev).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].context.as_str(), &read[0].answers[..]), ("A & B.", &strings(&["A und B."])[..]));
    std::fs::write(&partner, "<seg id=\"1\"> A und B. </seg>\n").unwrap();
    let error = iwslt.questions(&file.path(), Part::Dev).unwrap_err();
    let expected =
        "t.en-de.en.xml:3:1: not a row of decanlp/iwslt: expected as many lines as its translation has";
    assert_eq!(without_folder(&file, &error), expected);
}

#[test]
fn a_schema_gives_two_questions_and_position_decides_the_part() {
    let schema = "It is too [big/small].\nWhat is [big/small]?\nbox/key\n\n";
    let file = File::new("schema.txt", schema.repeat(131) + "It is [a/b].\nWhat is [a/b]?\nc/d\n");
    let of = |part| task("decanlp/mwsc").questions(&file.path(), part).unwrap();
    assert_eq!((of(Part::Train).len(), of(Part::Dev).len(), of(Part::Test).len()), (80, 82, 100));
    let second = &of(Part::Train)[1];
    assert_eq!(
        (second.context.as_str(), second.question.as_str()),
        ("It is too small.", "What is small? box or key?")
    );
    assert_eq!(second.answers, ["key"]);
}

#[test]
fn every_task_of_decanlp_is_read_as_its_code_writes_it() {
    let line = r#"{"context": "C.", "question": "Q?", "answer": "A", "type": "x"}"#;
    for task in benchmark::Benchmark::DecaNlp.tasks() {
        let [question] = &questions(&task.full_name(), "train.jsonl", line)[..] else {
            panic!("one question")
        };
        assert_eq!((question.question.as_str(), &question.answers[..]), ("Q?", &strings(&["A"])[..]));
    }
}

#[test]
fn other_tasks_are_questions_too() {
    let line = r#"{"question": "is it", "passage": "It is.", "idx": 12, "label": true}"#;
    let [boolq] = &questions("superglue/boolq", "val.jsonl", line)[..] else { panic!("one question") };
    assert_eq!(
        (boolq.id.as_str(), boolq.context.as_str(), boolq.question.as_str()),
        ("12", "is it", "It is.")
    );
    assert_eq!(
        (&boolq.answers[..], &boolq.choices[..]),
        (&strings(&["true"])[..], &strings(&["false", "true"])[..])
    );
}

#[test]
fn a_file_of_another_task_is_named() {
    assert_eq!(
        complaint("glue/rte", "dev.tsv", "index\tquestion\tsentence\tlabel\n"),
        "dev.tsv:1:1: not a file of glue/rte: expected sentence1, sentence2; or premise, hypothesis, \
         got columns index, question, sentence, label"
    );
    assert_eq!(
        complaint("superglue/copa", "val.jsonl", "{}"),
        "val.jsonl:1:1: superglue/copa needs a head for multiple choice; its files are read as questions, not as examples"
    );
    let message = complaint(
        "superglue/boolq",
        "val.jsonl",
        "{\"question\": \"a\", \"passage\": \"b\", \"label\": [1]}",
    );
    assert!(message.starts_with("val.jsonl:1:44: "), "{message}");
}
