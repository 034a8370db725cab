//! A user's mistake is one clear message, exit code 2, and nothing half-written.

mod common;

use common::{Workplace, code};

const TRAIN: &[&str] = &["train", "tasks.toml", "--out", "run"];

/// Trains with a piece of the configuration replaced, which must be refused.
fn refused(from: &str, to: &str) -> String {
    let workplace = Workplace::new(2, 2);
    workplace.change_config(from, to);
    let error = workplace.fail(TRAIN, 2);
    assert!(!workplace.exists("run/metrics.json"));
    assert!(!workplace.exists("run/model"));
    error
}

#[test]
fn a_missing_configuration() {
    let workplace = Workplace::new(2, 2);
    let error = workplace.fail(&["plan", "task.toml"], 2);
    assert!(error.starts_with("error: task.toml:1:1: "), "{error}");
    assert!(error.ends_with("; did you mean \"tasks.toml\"?\n"), "the nearest name: {error}");
    assert_eq!(error.lines().count(), 1, "the cause stands in the message: {error}");
    workplace.write("tasks.tsv", "");
    let error = workplace.fail(&["train", "task.tsv", "--out", "run"], 2);
    assert!(error.ends_with("; its folder holds \"tasks.toml\"\n"), "only what can be one: {error}");
    workplace.write("more.toml", "");
    let error = workplace.fail(&["plan", "unlike"], 2);
    assert!(error.ends_with("; its folder holds \"more.toml\", \"tasks.toml\"\n"), "{error}");
}

#[test]
fn an_unknown_key() {
    let error = refused("batch = 2", "bacth = 2");
    assert_eq!(error, "error: tasks.toml:10:1: unknown key `train.bacth`, did you mean `batch`?\n");
}

#[test]
fn a_missing_data_file() {
    let error = refused("mood.train.jsonl", "mod.train.jsonl");
    assert!(error.contains("mod.train.jsonl:1:1: no such file"), "{error}");
    assert!(error.contains("mood.train.jsonl"), "the nearest name: {error}");
}

#[test]
fn a_missing_tokenizer() {
    let error = refused("vocab.txt", "vocabulary.txt");
    assert!(error.contains("vocabulary.txt:1:1: no such file; did you mean \"vocab.txt\"?"), "{error}");
}

#[test]
fn the_tokenizer_that_is_named_is_the_one_that_is_used() {
    let workplace = Workplace::new(2, 2);
    workplace.succeed(TRAIN);
    workplace.write("larger.txt", &(workplace.read("vocab.txt") + "dusk\n"));
    workplace.change_config(
        "preset = \"bert-tiny\"\ntokenizer = \"vocab.txt\"",
        "from = \"run/model\"\ntokenizer = \"larger.txt\"",
    );
    let error = workplace.fail(&["train", "tasks.toml", "--out", "other"], 2);
    assert!(error.contains("its largest token id is 12 (\"dusk\"), but the encoder has 12"), "{error}");
    assert!(!workplace.exists("other"));
}

#[test]
fn a_split_that_leaves_nothing() {
    let workplace = Workplace::new(2, 2);
    workplace.write("mood.train.jsonl", "{\"text\": \"good\", \"label\": \"up\"}\n");
    workplace.change_config("\"mood.dev.jsonl\"", "0.5");
    let error = workplace.fail(TRAIN, 2);
    assert!(error.contains("mood.train.jsonl:1:1: failed to split the examples of task `mood`"), "{error}");
}

#[test]
fn an_output_that_cannot_be_one() {
    let workplace = Workplace::new(2, 2);
    workplace.write("file", "kept");
    for verb in ["train", "compare"] {
        let seeds: &[&str] = if verb == "compare" { &["--seeds", "1"] } else { &[] };
        let error = workplace.fail(&[&[verb, "tasks.toml", "--out", "file"], seeds].concat(), 2);
        assert_eq!(error, "error: file: cannot be the output: it is not a folder\n");
    }
    assert_eq!(workplace.fail(&["demo", "--json", "--out", "file"], 2).lines().count(), 1);
    workplace.succeed(TRAIN);
    for (output, reason) in [
        ("run", "it is a folder"),
        ("nowhere/out.jsonl", "its folder does not exist"),
        ("./mood.dev.jsonl", "it is the input"),
    ] {
        let arguments = ["predict", "run", "--task", "mood", "--input", "mood.dev.jsonl", "--output", output];
        assert!(workplace.fail(&arguments, 2).ends_with(&format!("cannot be the output: {reason}\n")));
    }
    assert_eq!(workplace.read("file"), "kept");
    assert!(workplace.read("mood.dev.jsonl").contains("label"));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let workplace = Workplace::new(2, 2);
    workplace.succeed(TRAIN);
    workplace.write("target.jsonl", "");
    let link = workplace.path("link.jsonl");
    std::os::unix::fs::symlink(workplace.path("target.jsonl"), &link).unwrap();
    workplace.succeed(&[
        "predict",
        "run",
        "--task",
        "mood",
        "--input",
        "mood.dev.jsonl",
        "--output",
        "link.jsonl",
    ]);
    assert!(link.is_symlink());
    assert_eq!(workplace.read("target.jsonl").lines().count(), 6);
}

#[test]
fn a_wrong_column() {
    let error = refused("text = \"text\"", "text = \"txt\"");
    assert!(error.contains("mood.train.jsonl:1:"), "{error}");
    assert!(error.contains("text"), "the nearest name: {error}");
}

#[test]
fn no_run_and_no_such_task() {
    let workplace = Workplace::new(2, 2);
    let error = workplace.fail(&["eval", "run"], 2);
    assert!(error.starts_with("error: run: the folder holds no finished run"), "{error}");
    let predict = ["predict", "run", "--task", "mood", "--input", "mood.dev.jsonl", "--output", "out.jsonl"];
    assert!(workplace.fail(&predict, 2).contains("no finished run"));

    workplace.succeed(TRAIN);
    let error = workplace.fail(&["eval", "run", "--task", "moot"], 2);
    assert!(error.contains("`mood`"), "the nearest name: {error}");
    let error = workplace.fail(&["eval", "run", "--file", "mood.dev.jsonl"], 2);
    assert!(error.contains("hint: add --task NAME"), "{error}");
    workplace.write("new.jsonl", "{\"other\": \"good\"}\n");
    let predict = ["predict", "run", "--task", "mood", "--input", "new.jsonl", "--output", "out.jsonl"];
    assert!(workplace.fail(&predict, 2).contains("new.jsonl:1:"));
    assert!(!workplace.exists("out.jsonl"));
}

#[test]
fn more_tokens_than_the_encoder_has_positions() {
    let error = refused("max_tokens = 16", "max_tokens = 600");
    let wanted =
        "error: tasks.toml:6:14: `encoder.max_tokens` is 600, but the encoder has only 512 positions\n";
    assert_eq!(error, wanted);
}

#[test]
fn a_label_outside_the_scale_names_the_scale_too() {
    let workplace = Workplace::new(2, 2);
    workplace
        .write("mood.train.jsonl", "{\"text\": \"good\", \"label\": 1}\n{\"text\": \"bad\", \"label\": 7}\n");
    workplace.change_config("kind = \"classification\"", "scale = [0, 5]\nkind = \"regression\"");
    let error = workplace.fail(&["plan", "tasks.toml"], 2);
    let wanted =
        "mood.train.jsonl:2:26: 7 is outside the scale 0 to 5; the scale stands at tasks.toml:15:9\n";
    assert!(error.ends_with(wanted), "{error}");
}

#[test]
fn a_model_folder_without_a_configuration_that_can_be_read() {
    let workplace = Workplace::new(2, 2);
    std::fs::create_dir(workplace.path("model")).unwrap();
    workplace.write("model/model.safetensors", "");
    workplace.change_config("preset = \"bert-tiny\"", "from = \"model\"");
    for text in ["", "{\n"] {
        workplace.write("model/config.json", text);
        let error = workplace.fail(&["plan", "tasks.toml"], 2);
        let line = text.lines().count() + 1;
        assert!(error.contains(&format!("model/config.json:{line}:1: EOF")), "{error}");
    }
}

#[test]
fn a_comparison_of_one_task() {
    let workplace = Workplace::new(2, 2);
    let config = workplace.read("tasks.toml");
    let (first, _) = config.split_once("[tasks.class]").unwrap();
    workplace.write("tasks.toml", first);
    let error = workplace.fail(&["compare", "tasks.toml", "--out", "both", "--seeds", "1"], 2);
    let wanted =
        "error: tasks.toml:14:2: a comparison needs at least two tasks, and `mood` is the only one\n";
    assert_eq!(error, wanted);
    assert!(!workplace.exists("both"));
}

#[test]
fn a_comparison_in_the_folder_of_a_run() {
    let workplace = Workplace::new(2, 2);
    workplace.succeed(TRAIN);
    let error = workplace.fail(&["compare", "tasks.toml", "--out", "run", "--seeds", "1"], 2);
    assert!(error.starts_with("error: run: cannot be the output: it holds a run of `mtl train`"), "{error}");
    assert_eq!(error.lines().count(), 1);
    assert!(!workplace.exists("run/joint-5"));
}

#[test]
fn a_run_in_the_folder_of_a_comparison() {
    let workplace = Workplace::new(2, 2);
    workplace.succeed(&["compare", "tasks.toml", "--out", "both", "--seeds", "1"]);
    let error = workplace.fail(&["train", "tasks.toml", "--out", "both"], 2);
    assert!(error.starts_with("error: both: cannot be the output: it holds a comparison"), "{error}");
    assert!(!workplace.exists("both/config.toml"));
}

#[test]
fn wrong_arguments() {
    let workplace = Workplace::new(2, 2);
    for arguments in [
        &["trian"][..],
        &["train", "tasks.toml"],
        &["train", "tasks.toml", "--out", "run", "--threads", "0"],
        &["train", "tasks.toml", "--out", "run", "--seed", "-1"],
        &["train", "tasks.toml", "--out", "run", "--seed", "9223372036854775808"],
        &["compare", "tasks.toml", "--out", "run", "--seeds", "0"],
        &["eval", "run", "--file", "a", "--split", "test"],
        &["score", "bleu", "--gold", "a", "--predictions", "b"],
        &["score", "squad", "--gold", "a", "--predictions", "b", "--threshold", "0.5"],
        &["score"],
        &[],
    ] {
        workplace.fail(arguments, 2);
    }
    assert!(!workplace.exists("run"));
}

#[test]
fn a_wrong_number_of_threads_in_the_environment() {
    let workplace = Workplace::new(2, 2);
    for wrong in ["two", "-1", "1.5", "4097"] {
        let output =
            workplace.command(&["plan", "tasks.toml"]).env("RAYON_NUM_THREADS", wrong).output().unwrap();
        assert_eq!(code(&output), 2, "{wrong}");
        let expected =
            format!("RAYON_NUM_THREADS must be a whole number from 0 (all cores) to 4096, got {wrong}");
        assert!(common::stderr(&output).contains(&expected), "{}", common::stderr(&output));
    }
    for right in ["", "0", "1"] {
        let output =
            workplace.command(&["plan", "tasks.toml"]).env("RAYON_NUM_THREADS", right).output().unwrap();
        assert_eq!(code(&output), 0, "{right}: {}", common::stderr(&output));
    }
}

#[test]
fn an_instruction_set_that_is_none_in_the_environment() {
    let workplace = Workplace::new(2, 2);
    let output = workplace.command(&["plan", "tasks.toml"]).env("MTL_ISA", "avx").output().unwrap();
    assert_eq!(code(&output), 2);
    let expected = "error: MTL_ISA must be one of portable, avx2, avx512, avx512bf16, got avx\n";
    assert_eq!(common::stderr(&output), expected);
    assert!(output.stdout.is_empty());
    for right in ["", "portable"] {
        let output = workplace.command(&["plan", "tasks.toml"]).env("MTL_ISA", right).output().unwrap();
        assert_eq!(code(&output), 0, "{right}: {}", common::stderr(&output));
    }
}

#[test]
fn bf16_without_its_instruction_is_said_once() {
    let workplace = Workplace::new(2, 2);
    let output = workplace
        .command(&["train", "tasks.toml", "--out", "run"])
        .env("MTL_ISA", "portable")
        .output()
        .unwrap();
    let said = common::stderr(&output);
    assert_eq!(code(&output), 0, "{said}");
    assert_eq!(said.matches("have none that multiplies bf16").count(), 1, "{said}");
}

#[test]
fn a_comparison_does_not_write_over_its_configuration() {
    let workplace = Workplace::new(2, 2);
    std::fs::rename(workplace.path("tasks.toml"), workplace.path("better.toml")).unwrap();
    let before = workplace.read("better.toml");
    let error = workplace.fail(&["compare", "better.toml", "--out", ".", "--seeds", "1"], 2);
    assert!(error.contains("better.toml: cannot be the output: it is the configuration"), "{error}");
    assert_eq!(workplace.read("better.toml"), before);
}

#[test]
fn every_verb_teaches() {
    let workplace = Workplace::new(2, 2);
    for verb in ["demo", "describe", "plan", "train", "eval", "predict", "compare"] {
        let help = workplace.succeed(&[verb, "--help"]);
        assert!(help.contains("Examples:\n  mtl "), "{help}");
    }
    assert_eq!(workplace.succeed(&["--version"]), concat!("mtl ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_a_failure() {
    let workplace = Workplace::new(2, 2);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = workplace.command(&["plan", "tasks.toml"]).stdout(full).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(common::stderr(&output).starts_with("error: failed to write to stdout\n  caused by: "));
}
