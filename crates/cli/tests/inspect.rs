//! The history of a run as tables and as a picture, through the built command.

mod common;

use common::Workplace;
use serde_json::Value;

/// Two tasks that conflict in one of two measured steps, a third that is only evaluated, and a line being written.
const HISTORY: &str = r#"{"step":1,"losses":{"mood":1.0,"class":2.0},"weights":{"mood":1.0,"class":0.5},"gradient_norms":{"mood":3.0,"class":0.0001},"cosines":[{"first":"mood","second":"class","cosine":-0.25}],"learning_rate":0.001,"gradient_norm":3.0,"tokens":64,"seconds":0.5}
{"step":2,"losses":{"mood":0.5},"weights":{"mood":1.0},"learning_rate":0.001,"gradient_norm":3.0,"tokens":64,"seconds":0.5}
{"step":2,"evaluation":{"mood":{"accuracy":0.75,"loss":0.4},"rest":{"accuracy":0.5}}}
{"step":3,"losses":{"mood":0.25,"class":1.0},"weights":{"mood":1.0,"class":1.5},"gradient_norms":{"mood":1.0,"class":0.0003},"cosines":[{"first":"mood","second":"class","cosine":0.5}],"learning_rate":0.001,"gradient_norm":1.0,"tokens":64,"seconds":0.5}
{"step":4,"losses":{"mo"#;

fn workplace(history: &str) -> Workplace {
    let workplace = Workplace::new(2, 2);
    std::fs::create_dir(workplace.path("run")).unwrap();
    workplace.write("run/history.jsonl", history);
    workplace
}

#[test]
fn the_tables_and_the_picture() {
    let workplace = workplace(HISTORY);
    let expected = "\
| task  | steps | first loss | last loss | mean loss | weight | gradient norm |
|-------|-------|------------|-----------|-----------|--------|---------------|
| class |     2 |     2.0000 |    1.0000 |    1.5000 | 1.0000 |      2.000e-4 |
| mood  |     3 |     1.0000 |    0.2500 |    0.5833 | 1.0000 |        2.0000 |
| rest  |     0 |          - |         - |         - |      - |             - |

3 steps and 1 evaluation; gradients measured in 2

| task  | with | measured | mean cosine | in conflict | sharpest         |
|-------|------|----------|-------------|-------------|------------------|
| class | mood |        2 |      +0.125 |      50.0 % | -0.250 in step 1 |

conflicts: no two tasks conflict on average
wrote run/inspect.svg
";
    assert_eq!(workplace.succeed(&["inspect", "run"]), expected);
    let svg = workplace.read("run/inspect.svg");
    for name in [">class<", ">mood<", ">class / mood<", ">mood accuracy<", ">rest accuracy<"] {
        assert!(svg.contains(name), "{name} is not in {svg}");
    }
}

#[test]
fn the_document_and_another_place_for_the_picture() {
    let workplace = workplace(HISTORY);
    let text = workplace.succeed(&["inspect", "run", "--json", "--svg", "seen.svg"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&document["steps"], &document["measured"]), (&Value::from(3), &Value::from(2)));
    assert_eq!(document["tasks"][1]["first_loss"], 1.0);
    assert_eq!(document["pairs"][0]["conflicting"], 0.5);
    assert_eq!(document["unmeasured"], Value::Null);
    assert!(workplace.read("seen.svg").starts_with("<svg ") && !workplace.exists("run/inspect.svg"));
}

#[test]
fn a_sentence_says_what_conflicts_or_how_to_measure() {
    let lone = r#"{"step":1,"losses":{"a":1.0},"weights":{"a":1.0}}
{"step":2,"losses":{"b":1.0},"weights":{"b":1.0}}
"#;
    let shown = workplace(lone).succeed(&["inspect", "run"]);
    assert!(shown.contains("set curriculum.unit = \"every-task\""), "{shown}");
    let mixed = "{\"step\":1,\"losses\":{\"a\":1.0,\"b\":1.0}}\n";
    let shown = workplace(mixed).succeed(&["inspect", "run"]);
    assert!(shown.contains("set sharing.measure_every"), "{shown}");
    let against = "{\"step\":1,\"losses\":{\"a\":1.0,\"b\":1.0},\"gradient_norms\":{\"a\":1.0,\"b\":1.0},\
                   \"cosines\":[{\"first\":\"a\",\"second\":\"b\",\"cosine\":-0.5}]}\n";
    let shown = workplace(against).succeed(&["inspect", "run"]);
    let sentence = "most in conflict: a and b (mean cosine -0.500, below 0 in 100.0 % of 1 measured step)";
    assert!(shown.contains(sentence), "{shown}");
    let shown = workplace("").succeed(&["inspect", "run"]);
    assert!(shown.contains("no step is done yet"), "{shown}");
}

#[test]
fn mistakes_are_named() {
    let workplace = workplace("{\"step\":1,\"losses\":{\"a\":1.0}}\n{\"step\":2,\"losses\":{\"a\":}}\n");
    let error = workplace.fail(&["inspect", "run"], 2);
    assert!(
        error.starts_with("error: run/history.jsonl:2:25: the line is not one of a run's history"),
        "{error}"
    );
    assert!(!workplace.exists("run/inspect.svg"));
    let error = workplace.fail(&["inspect", "rune"], 2);
    assert!(error.contains("rune: the folder holds no run: history.jsonl is missing"), "{error}");
    assert!(error.contains("hint: DIR is the folder"), "{error}");
}

#[test]
fn a_run_that_was_just_trained() {
    let workplace = Workplace::new(4, 2);
    workplace.change_config(
        "[tasks.mood]",
        "[curriculum]\nunit = \"every-task\"\n\n[sharing]\ngradients = \"pcgrad\"\n\n[tasks.mood]",
    );
    workplace.succeed(&["train", "tasks.toml", "--out", "run"]);
    let shown = workplace.succeed(&["inspect", "run"]);
    assert!(shown.contains("4 steps and 2 evaluations; gradients measured in 4"), "{shown}");
    assert!(shown.contains("| class | mood |        4 |"), "{shown}");
    workplace.succeed(&["train", "tasks.toml", "--out", "run", "--resume"]);
}
