//! Tasks of benchmarks: a run, its official files, and their scores.

mod common;

use common::Workplace;
use serde_json::Value;

const CONFIG: &str = r#"
seed = 5
[encoder]
preset = "bert-tiny"
tokenizer = "vocab.txt"
max_tokens = 16
[train]
steps = 2
batch = 2
[tasks.rte]
benchmark = "glue/rte"
dir = "data/RTE"
[tasks.similar]
benchmark = "glue/sts-b"
dir = "data/STS-B"
[tasks.wic]
benchmark = "superglue/wic"
dir = "data/WiC"
"#;

fn workplace() -> Workplace {
    let workplace = Workplace::new(2, 2);
    workplace.write("glue.toml", CONFIG);
    for folder in ["RTE", "STS-B", "WiC", "MultiRC", "COPA"] {
        std::fs::create_dir_all(workplace.path("data").join(folder)).unwrap();
    }
    let rte = |label: fn(usize) -> &'static str| {
        (0..6).map(|i| format!("{i}\tthe good day\tthe day {i}\t{}\n", label(i))).collect::<String>()
    };
    let labels = |i| if i % 2 == 0 { "entailment" } else { "not_entailment" };
    let scores = |i| ["0.5", "1.5", "2.5", "3.5", "4.5", "5"][i];
    for part in ["train", "dev"] {
        let head = "index\tsentence1\tsentence2\t";
        workplace.write(&format!("data/RTE/{part}.tsv"), &format!("{head}label\n{}", rte(labels)));
        workplace.write(&format!("data/STS-B/{part}.tsv"), &format!("{head}score\n{}", rte(scores)));
    }
    workplace.write("data/RTE/test.tsv", "index\tsentence1\tsentence2\n0\tthe day\tgood\n1\tbad\tnight\n");
    let wic = |i| {
        format!(
            "{{\"word\": \"day\", \"sentence1\": \"the day\", \"sentence2\": \"good day\", \"idx\": {}, \"label\": {}}}\n",
            i + 40,
            i % 2 == 0
        )
    };
    let rows: String = (0..4).map(wic).collect();
    workplace.write("data/WiC/train.jsonl", &rows);
    workplace.write("data/WiC/val.jsonl", &rows);
    workplace
}

#[test]
fn a_run_writes_official_files_that_score_as_it_did() {
    let workplace = workplace();
    workplace.succeed(&["train", "glue.toml", "--out", "run"]);
    let shown = workplace.succeed(&["predict", "run", "--submission", "glue", "--out", "test"]);
    assert!(shown.contains("wrote 2 predictions to test/RTE.tsv"), "{shown}");
    assert!(!workplace.exists("test/STS-B.tsv"), "it has no test set here");
    let table = workplace.read("test/RTE.tsv");
    assert!(table.starts_with("index\tprediction\n0\t") && table.lines().count() == 3, "{table}");

    workplace.succeed(&["predict", "run", "--submission", "glue", "--split", "dev", "--output", "dev"]);
    workplace.succeed(&["predict", "run", "--submission", "superglue", "--split", "dev", "--output", "dev"]);
    assert!(workplace.read("dev/WiC.jsonl").starts_with("{\"idx\":40,\"label\":\""));
    let run = workplace.read_json("run/metrics.json");
    let score = |benchmark| -> Value {
        let arguments = ["score", benchmark, "--gold", "data", "--predictions", "dev", "--json"];
        serde_json::from_str(&workplace.succeed(&arguments)).unwrap()
    };
    let glue = score("glue");
    assert_eq!(glue["tasks"][1]["metrics"]["accuracy"], run["tasks"]["rte"]["accuracy"]);
    let (scored, trained) = (&glue["tasks"][0]["metrics"]["pearson"], &run["tasks"]["similar"]["pearson"]);
    assert!((scored.as_f64().unwrap() - trained.as_f64().unwrap()).abs() < 0.05, "{scored} {trained}");
    assert_eq!((&glue["score"], glue["missing"].as_array().unwrap().len()), (&Value::Null, 9));
    assert_eq!(score("superglue")["tasks"][0]["metrics"]["accuracy"], run["tasks"]["wic"]["accuracy"]);

    let text = workplace.succeed(&["score", "glue", "--gold", "data", "--predictions", "dev"]);
    assert!(text.contains("| glue/rte   |         6 | accuracy |"), "{text}");
    assert!(text.contains("GLUE score: ") && text.contains("missing: glue/cola (CoLA.tsv), "), "{text}");
}

#[test]
fn questions_are_scored_without_a_run() {
    let workplace = workplace();
    let copa = |i| {
        format!(
            "{{\"premise\": \"a\", \"choice1\": \"b\", \"choice2\": \"c\", \"question\": \"cause\", \"label\": {i}, \"idx\": {i}}}\n"
        )
    };
    workplace.write("data/COPA/val.jsonl", &format!("{}{}", copa(0), copa(1)));
    let gold = r#"{"idx": 3, "passage": {"text": "T", "questions": [{"question": "Q", "idx": 9, "answers": [{"text": "A", "idx": 20, "label": 1}, {"text": "B", "idx": 21, "label": 0}]}]}}"#;
    workplace.write("data/MultiRC/val.jsonl", gold);
    std::fs::create_dir(workplace.path("out")).unwrap();
    workplace.write("out/COPA.jsonl", "{\"idx\": 0, \"label\": 0}\n{\"idx\": 1, \"label\": 0}\n");
    workplace.write("out/MultiRC.jsonl", &gold.replace("\"text\": \"T\", ", ""));
    let score = ["score", "superglue", "--gold", "data", "--predictions", "out", "--json"];
    let document: Value = serde_json::from_str(&workplace.succeed(&score)).unwrap();
    assert_eq!(document["tasks"][0]["score"], 50.0);
    assert_eq!(document["tasks"][1]["metrics"]["f1a"], 1.0);
    assert_eq!(document["score_so_far"], 75.0);

    workplace.write("out/COPA.jsonl", "{\"idx\": 0, \"label\": 0}\n{\"idx\": 1, \"label\": 2}\n");
    let error = workplace.fail(&score, 2);
    assert!(
        error.contains("out/COPA.jsonl:2:1: there is no choice 2; the question has 2, from 0"),
        "{error}"
    );
    let error = workplace.fail(&["score", "glue", "--gold", "data", "--predictions", "out"], 2);
    assert!(
        error.contains("out: the folder holds no predictions for glue; looked for CoLA.tsv, "),
        "{error}"
    );
    let error =
        workplace.fail(&["predict", "nothing", "--submission", "glue", "--output", "x", "--input", "y"], 2);
    assert!(error.contains("cannot be used with"), "{error}");
    let error = workplace.fail(&["predict", "nothing", "--submission", "glue", "--output", "-"], 2);
    assert!(error.contains("--output must name a folder, not -"), "{error}");
    assert!(!workplace.exists("-"));
}
