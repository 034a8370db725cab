//! `mtl bench`: the machine and the budget of a step.

mod common;

use common::Workplace;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_preset_needs_no_file() {
    let workplace = Workplace::new(2, 2);
    let small =
        ["bench", "--preset", "bert-tiny", "--batch", "2", "--seq", "8", "--steps", "2", "--threads", "1"];
    let text = workplace.succeed(&small);
    for piece in
        ["| f32 GFLOP/s ", "| linear forward ", "| the whole step ", "of the machine's peak", "1 thread,"]
    {
        assert!(text.contains(piece), "{piece} is not in {text}");
    }
    let bench = json(&workplace.succeed(&[&small[..], &["--json", "--precision", "f32"]].concat()));
    assert_eq!((&bench["precision"], &bench["tokens"]), (&json("\"f32\""), &json("16.0")));
    let sum: f64 = bench["work"].as_array().unwrap().iter().map(|work| work["share"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 0.01, "{bench}");
    assert!(bench["peaks"]["f32_gflop_per_second"].as_f64().unwrap() > 0.0, "{bench}");
}

#[test]
fn a_configuration_is_measured_on_its_own_steps() {
    let workplace = Workplace::new(2, 2);
    let bench = json(&workplace.succeed(&["bench", "tasks.toml", "--steps", "1", "--json"]));
    assert_eq!(bench["encoder"], "bert-tiny");
    assert!(!workplace.exists("tasks"), "no run folder is written");
}

#[test]
fn mistakes_are_the_users() {
    let workplace = Workplace::new(2, 2);
    let text = workplace.fail(&["bench", "--preset", "bert-tinny"], 2);
    assert!(text.contains("bert-tiny"), "{text}");
    let text = workplace.fail(&["bench", "--preset", "bert-tiny", "--seq", "513"], 2);
    assert!(text.contains("513 tokens are too long: bert-tiny has only 512 positions"), "{text}");
    workplace.fail(&["bench", "tasks.toml", "--batch", "2"], 2);
    workplace.fail(&["bench", "absent.toml"], 2);
}
