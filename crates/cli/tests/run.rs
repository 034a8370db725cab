//! A run from its plan to its predictions, through the built command.

mod common;

use common::Workplace;
use serde_json::Value;

const TRAIN: &[&str] = &["train", "tasks.toml", "--out", "run"];

#[test]
fn a_run_is_trained_scored_used_and_left_alone() {
    let workplace = Workplace::new(6, 3);
    let shown = workplace.succeed(TRAIN);
    assert!(shown.contains("first repeat"), "the plan: {shown}");
    assert!(shown.contains("| mood  | accuracy |"), "the scores: {shown}");
    assert!(!shown.contains('\u{1b}'), "no colours in a pipe: {shown:?}");

    let metrics = workplace.read_json("run/metrics.json");
    assert_eq!((&metrics["steps"], &metrics["seed"]), (&Value::from(6), &Value::from(5)));
    eval_prints_what_metrics_hold(&workplace, &metrics);
    predictions_follow_the_rows(&workplace);
    a_finished_run_is_not_trained_again(&workplace, &metrics);
}

fn eval_prints_what_metrics_hold(workplace: &Workplace, metrics: &Value) {
    let scores: Value = serde_json::from_str(&workplace.succeed(&["eval", "run", "--json"])).unwrap();
    assert_eq!(scores["tasks"], metrics["tasks"]);
    assert!(workplace.succeed(&["eval", "run"]).contains("| class | accuracy |"));

    let of_file = ["eval", "run", "--task", "mood", "--file", "mood.dev.jsonl", "--json"];
    let scores: Value = serde_json::from_str(&workplace.succeed(&of_file)).unwrap();
    assert_eq!(scores["tasks"].as_object().unwrap().len(), 1, "the one task");
    assert_eq!(scores["tasks"]["mood"], metrics["tasks"]["mood"]);
}

fn predictions_follow_the_rows(workplace: &Workplace) {
    workplace
        .write("new.jsonl", "{\"text\": \"the bad day\"}\n{\"text\": \"good\"}\n{\"text\": \"night\"}\n");
    let predict = |task, input| {
        workplace.succeed(&["predict", "run", "--task", task, "--input", input, "--output", "out.jsonl"]);
        let text = workplace.read("out.jsonl");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let moods = predict("mood", "new.jsonl");
    assert_eq!(moods.len(), 3);
    for mood in &moods {
        let probabilities = mood["probabilities"].as_object().unwrap();
        assert_eq!(probabilities.len(), 2);
        assert!(probabilities.contains_key(mood["label"].as_str().unwrap()));
    }
    let classes = predict("class", "class.dev.conll");
    assert_eq!(classes.len(), 6);
    assert!(classes.iter().all(|class| class["labels"].as_array().unwrap().len() == 4));
}

fn a_finished_run_is_not_trained_again(workplace: &Workplace, metrics: &Value) {
    let shown = workplace.succeed(&[TRAIN, &["--resume"]].concat());
    assert!(
        shown.starts_with("The run in run was finished before; nothing was trained or written.\n"),
        "{shown}"
    );
    assert!(!shown.contains("wrote"), "{shown}");
    assert_eq!(&workplace.read_json("run/metrics.json"), metrics);

    let error = workplace.fail(TRAIN, 2);
    assert!(error.starts_with("error: run: the folder already holds a run"), "{error}");
    assert!(error.contains("--resume"), "{error}");
    assert_eq!(&workplace.read_json("run/metrics.json"), metrics);

    workplace.change_config("batch = 2", "batch = 4");
    let error = workplace.fail(&[TRAIN, &["--resume"]].concat(), 2);
    assert!(error.contains("train.batch"), "{error}");
}

#[test]
fn a_plan_is_a_table_or_a_document() {
    let workplace = Workplace::new(6, 3);
    let table = workplace.succeed(&["plan", "tasks.toml"]);
    assert!(table.contains("| mood ") && table.contains("estimate: "), "{table}");
    let plan: Value = serde_json::from_str(&workplace.succeed(&["plan", "tasks.toml", "--json"])).unwrap();
    assert_eq!((&plan["steps"], &plan["sequences"]), (&Value::from(6), &Value::from(12)));
    assert_eq!(plan["tasks"][0]["name"], "mood");
    assert_eq!(plan["tasks"][0]["train_examples"], 16);
    assert!(!workplace.exists("run"));
}

#[test]
fn a_plan_says_what_is_held_out_of_train() {
    let workplace = Workplace::new(6, 3);
    assert!(!workplace.succeed(&["plan", "tasks.toml"]).contains("held out"));
    workplace.change_config("dev = \"mood.dev.jsonl\"\n", "");
    let shown = workplace.succeed(&["plan", "tasks.toml"]);
    let wanted = "dev of `mood`: no file is named, so 10 % of train is held out (2 labelled examples)";
    assert!(shown.contains(wanted), "{shown}");
    let plan: Value = serde_json::from_str(&workplace.succeed(&["plan", "tasks.toml", "--json"])).unwrap();
    assert_eq!((&plan["tasks"][0]["held_out"], &plan["tasks"][1]["held_out"]), (&0.1.into(), &Value::Null));
}

#[test]
fn a_plan_warns_of_a_task_that_is_never_shown() {
    let workplace = Workplace::new(1, 1);
    let shown = workplace.succeed(&["plan", "tasks.toml"]);
    let warned =
        |task| shown.contains(&format!("task `{task}`: the run is too short to show any example of it"));
    assert!(warned("mood") != warned("class"), "a step shows one task: {shown}");
}

#[test]
fn arguments_stand_in_for_keys() {
    let workplace = Workplace::new(2, 2);
    std::fs::create_dir(workplace.path("elsewhere")).unwrap();
    for name in ["mood.train.jsonl", "mood.dev.jsonl", "class.train.conll", "class.dev.conll", "vocab.txt"] {
        std::fs::rename(workplace.path(name), workplace.path("elsewhere").join(name)).unwrap();
    }
    let moved = ["--data", "elsewhere", "--seed", "9", "--threads", "1"];
    workplace.succeed(&[TRAIN, &moved].concat());
    assert_eq!(workplace.read_json("run/metrics.json")["seed"], 9);
}

#[test]
fn a_comparison_has_both_arms() {
    let workplace = Workplace::new(4, 4);
    let compare = ["compare", "tasks.toml", "--out", "both", "--seeds", "2"];
    let table = workplace.succeed(&compare);
    assert!(table.contains("together it is") && table.contains(" ± "), "{table}");
    assert!(
        table.contains("by which keep = \"best\" also chooses weights") && table.contains("mean rank"),
        "{table}"
    );
    assert!(
        workplace.succeed(&["plan", "both/better.toml"]).contains("| mood "),
        "a mix that can be trained"
    );

    let document: Value =
        serde_json::from_str(&workplace.succeed(&[&compare[..], &["--json"]].concat())).unwrap();
    assert_eq!(document, workplace.read_json("both/compare.json"));
    let runs = document["runs"].as_array().unwrap();
    assert_eq!(runs.iter().filter(|run| run["arm"] == "single").count(), 4, "2 tasks x 2 seeds");
    assert_eq!(runs.iter().filter(|run| run["arm"] == "joint").count(), 4, "2 tasks x 2 seeds");
    assert_eq!(document["summary"][1]["task"], "class");
    let summary = &document["summary"][1];
    assert!(
        summary["over_examples"]["p_adjusted"].is_number() && summary["over_seeds"]["n"] == 2,
        "{summary}"
    );
    assert!(document["who_hurts"].is_null());

    let asked = workplace.succeed(&[&compare[..], &["--who-hurts"]].concat());
    assert!(asked.contains("row's effect on") && asked.contains("who-hurts.svg"), "{asked}");
    assert!(workplace.read("both/who-hurts.svg").starts_with("<svg "));
}

#[test]
fn a_description_is_tables_or_a_document() {
    let workplace = Workplace::new(6, 3);
    let shown = workplace.succeed(&["describe", "tasks.toml"]);
    assert!(shown.contains("| mood  | classification ") && shown.contains("too few words"), "{shown}");
    assert!(shown.contains("readings, not verdicts"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours in a pipe: {shown:?}");

    workplace.change_config("kind = \"classification\"", "domain = \"days\"\nkind = \"classification\"");
    workplace.change_config("kind = \"token", "domain = \"days\"\nkind = \"token");
    let document: Value =
        serde_json::from_str(&workplace.succeed(&["describe", "tasks.toml", "--json"])).unwrap();
    let (task, pair) = (&document["tasks"][0], &document["pairs"][0]);
    assert_eq!(
        (&task["train_examples"], &task["baselines"]["majority"]),
        (&Value::from(16), &Value::from(0.5))
    );
    assert_eq!(
        (&pair["domain"]["decided_by"], &pair["category"]),
        (&"names".into(), &"inductive-bias".into())
    );
    assert!(!workplace.exists("run"));
}
