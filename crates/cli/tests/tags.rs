//! Tags that are no valid BIO: kept, repaired with a warning, or refused.

mod common;

use common::{Workplace, code, stderr};

/// A workplace whose token task has BIO tags, of which the second sentence of train and of dev begins wrongly.
fn workplace(policy: &str) -> Workplace {
    let workplace = Workplace::new(2, 2);
    let valid = "the O\ngood B-day\nday I-day\nends O\n\n";
    let invalid = "bad O\nnight I-day\nends I-day\n\n";
    workplace.write("class.train.conll", &[valid, invalid, valid, "day I-day\n\n"].concat());
    workplace.write("class.dev.conll", &[valid, invalid].concat());
    workplace.change_config("label = \"tag\"", &format!("label = \"tag\"\nmetric = \"span_f1\"\n{policy}"));
    workplace
}

#[test]
fn the_first_repair_is_named_and_all_are_counted() {
    let workplace = workplace("invalid_bio = \"repair\"");
    let output = workplace.command(&["train", "tasks.toml", "--out", "run"]).output().unwrap();
    let said = stderr(&output);
    assert_eq!(code(&output), 0, "{said}");
    let train = "class.train.conll:7:7: `I-day` follows neither `B-day` nor `I-day` and is read as `B-day`; the file has 2 such tags\n";
    let dev = "class.dev.conll:7:7: `I-day` follows neither `B-day` nor `I-day` and is read as `B-day`; it is the only such tag";
    assert!(said.contains(train) && said.contains(dev), "{said}");
    assert!(workplace.read("run/config.toml").contains("invalid_bio = \"repair\""));

    let output = workplace.command(&["eval", "run", "--task", "class", "--json"]).output().unwrap();
    assert!(stderr(&output).contains(dev), "{}", stderr(&output));
}

#[test]
fn a_tag_that_follows_another_span_is_refused_with_its_place() {
    let error = workplace("invalid_bio = \"refuse\"").fail(&["plan", "tasks.toml"], 2);
    let wanted = "class.train.conll:7:7: `I-day` follows `O`, but must follow `B-day` or `I-day` (invalid_bio = \"refuse\")\n";
    assert!(error.ends_with(wanted), "{error}");

    let workplace = workplace("invalid_bio = \"refuse\"");
    workplace.write("class.train.conll", "the O\ngood B-day\nday I-day\n\n");
    let error = workplace.fail(&["plan", "tasks.toml"], 2);
    assert!(error.contains("class.dev.conll:7:7: `I-day` follows `O`"), "dev too: {error}");
}

#[test]
fn a_tag_of_another_scheme_is_refused_where_valid_bio_is_asked_for() {
    for policy in ["repair", "refuse"] {
        let workplace = workplace(&format!("invalid_bio = \"{policy}\""));
        workplace.write("class.train.conll", "the O\ngood S-day\n\n");
        let error = workplace.fail(&["plan", "tasks.toml"], 2);
        assert!(error.contains("class.train.conll:2:6: `S-day` is no BIO tag"), "{error}");
    }
}

#[test]
fn tags_stay_as_they_are_by_default() {
    let workplace = workplace("metrics = [\"strict_span_f1\", \"weighted_f1\"]");
    let output = workplace.command(&["train", "tasks.toml", "--out", "run"]).output().unwrap();
    assert!(code(&output) == 0 && !stderr(&output).contains("is read as"), "{}", stderr(&output));
    assert!(workplace.read("run/config.toml").contains("invalid_bio = \"keep\""));
    let scores = &workplace.read_json("run/metrics.json")["tasks"]["class"];
    let names: Vec<_> = scores.as_object().expect("scores by name").keys().collect();
    assert_eq!(names, ["loss", "span_f1", "strict_span_f1", "weighted_f1"]);
}

#[test]
fn a_word_that_nobody_labelled_is_passed_over() {
    let workplace = workplace("invalid_bio = \"refuse\"\nmissing = \"_\"");
    let passed = "the O\ngood B-day\nbad _\nday I-day\n\n";
    workplace.write("class.train.conll", passed);
    workplace.write("class.dev.conll", passed);
    workplace.succeed(&["plan", "tasks.toml"]);
    workplace.write("class.dev.conll", "the O\nbad _\nday I-day\n\n");
    let error = workplace.fail(&["plan", "tasks.toml"], 2);
    assert!(
        error.contains("class.dev.conll:3:5: `I-day` follows `O`, but must follow `B-day` or `I-day`"),
        "{error}"
    );
}

#[test]
fn a_repaired_tag_must_stand_in_train_too() {
    let workplace = workplace("invalid_bio = \"repair\"");
    workplace.write("class.dev.conll", "the O\nnight I-night\n\n");
    let error = workplace.fail(&["plan", "tasks.toml"], 2);
    assert!(
        error.contains("class.dev.conll:2:7: label \"B-night\" does not stand in the train set"),
        "{error}"
    );
}

#[test]
fn repairs_of_a_test_set_are_named_by_a_comparison() {
    let workplace = workplace("invalid_bio = \"repair\"");
    workplace.change_config("steps = 2", "steps = 8");
    workplace.write("class.test.conll", "the O\nday I-day\n\nnight I-day\nends O\n\n");
    workplace
        .change_config("dev = \"class.dev.conll\"", "dev = \"class.dev.conll\"\ntest = \"class.test.conll\"");
    let output =
        workplace.command(&["compare", "tasks.toml", "--out", "both", "--seeds", "1"]).output().unwrap();
    let said = stderr(&output);
    assert_eq!(code(&output), 0, "{said}");
    let test = "class.test.conll:2:5: `I-day` follows neither `B-day` nor `I-day` and is read as `B-day`; the file has 2 such tags\n";
    assert_eq!(said.matches(test).count(), 1, "{said}");
}
