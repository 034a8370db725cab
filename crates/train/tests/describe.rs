//! What the data of a configuration say.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, config, corpus};
use mtl_train::describe::{Category, PairDescription};
use mtl_train::{Config, Description, Options, Silent, describe, plan};

fn described(config: &Config, folder: &Path) -> Description {
    describe(config, &Options::new(folder.join("unused")), &mut Silent).unwrap()
}

fn pair<'a>(description: &'a Description, first: &str, second: &str) -> &'a PairDescription {
    let found = description.pairs.iter().find(|pair| pair.first == first && pair.second == second);
    found.expect("each pair is described, the earlier task first")
}

#[test]
fn tasks_are_described_as_the_plan_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "", "", TASKS);
    let description = described(&config, folder.path());
    let plan = plan(&config, &Options::new(folder.path().join("unused")), &mut Silent).unwrap();
    for (task, planned) in description.tasks.iter().zip(&plan.tasks) {
        assert_eq!((&task.name, task.train_examples), (&planned.name, planned.train_examples));
        assert_eq!(task.dev_examples, planned.dev_examples);
        assert_eq!(task.texts.tokens.total, planned.train_tokens, "nothing is cut at 40 tokens");
        assert_eq!(task.texts.unknown, Some(0.0), "the vocabulary is the corpus's own");
        let counted: u64 = task.labels.counts.iter().map(|label| label.count).sum();
        let labels =
            if task.name == "word_class" { task.texts.words.total } else { task.train_examples as u64 };
        assert_eq!(counted, labels);
        assert!(task.baselines.majority.is_some() && task.baselines.random.is_some());
    }
    assert_eq!(description.pairs.len(), 3);
    assert_eq!(description.tasks[2].labels.counts.len(), 10, "a regression's scale has ten parts");
}

#[test]
fn lengths_are_those_before_truncation() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let mut short = config(folder.path(), "", "", TASKS);
    let whole = described(&short, folder.path());
    short.encoder.max_tokens = 5;
    let cut = described(&short, folder.path());
    for (whole, cut) in whole.tasks.iter().zip(&cut.tasks) {
        assert_eq!((whole.texts.cut, whole.texts.tokens), (0, cut.texts.tokens));
        assert!(cut.texts.cut > 0);
    }
}

/// One task over `a.jsonl`, judged on `b.jsonl`; one over the same examples; one the other way round.
const LEAKING: &str = r#"
[tasks.tone]
kind = "classification"
text = "text"
label = "tone"
train = "a.jsonl"
dev = "b.jsonl"
domain = "letters"

[tasks.mark]
kind = "regression"
label = "mark"
same_examples_as = "tone"

[tasks.other]
kind = "classification"
text = "text"
label = "tone"
train = "b.jsonl"
dev = "a.jsonl"
domain = "notes"
"#;

fn leaking(folder: &Path) -> Config {
    corpus(folder);
    let line =
        |text: &str, tone: &str| format!("{{\"text\": \"{text}\", \"tone\": \"{tone}\", \"mark\": 1.5}}\n");
    let a = [
        line("anna the a old one", "up"),
        line("Anna, the a old one!", "up"),
        line("a", "down"),
        line("a", "up"),
    ];
    fs::write(folder.join("a.jsonl"), a.concat()).unwrap();
    fs::write(folder.join("b.jsonl"), [line("anna the a old one", "up"), line("a", "down")].concat())
        .unwrap();
    config(folder, "", "", LEAKING)
}

#[test]
fn what_stands_twice_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let description = described(&leaking(folder.path()), folder.path());
    let tone = &description.tasks[0].duplicated;
    assert_eq!((tone.in_train, tone.contradicting, tone.dev_in_train), (1, 1, 2));
    let both = pair(&description, "tone", "other");
    // Two spellings are one text; "a" is too short to tell.
    assert_eq!((both.shared_texts, both.dev_of_second_in_train_of_first), (1, 1));
    assert!(description.warnings.iter().any(|warning| warning.contains("have the text of an earlier one")));
    assert!(description.warnings.iter().any(|warning| warning.contains("of task `other`")));
}

#[test]
fn the_table_has_a_class_for_each_pair() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = leaking(folder.path());
    let description = described(&config, folder.path());
    let category = |first: &str, second: &str| pair(&description, first, second).category;
    assert_eq!(category("tone", "other"), Some(Category::DomainRegularization));
    // The domain of `tone` is that of the task over the same examples.
    assert_eq!(category("tone", "mark"), Some(Category::InductiveBias));
    assert_eq!(category("mark", "other"), Some(Category::FeatureLearning));
    config.tasks[2].domain = Some("letters".into());
    let description = described(&config, folder.path());
    assert_eq!(pair(&description, "tone", "other").category, Some(Category::StandardLearning));
    config.tasks[2].domain = None;
    let description = described(&config, folder.path());
    let unknown = &pair(&description, "tone", "other");
    assert_eq!((unknown.domain.same, unknown.category), (None, None), "too few words, and no name to go by");
}

#[test]
fn a_domain_changes_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let with = leaking(folder.path());
    let without = config(folder.path(), "", "", &LEAKING.replace("domain", "#"));
    assert_eq!(
        (with.tasks[1].domain.as_deref(), without.tasks[1].domain.as_deref()),
        (Some("letters"), None)
    );
    assert!(with.differences(&without).is_empty());
    let again = Config::parse(&with.to_toml(), &folder.path().join("mtl.toml"), None).unwrap();
    assert_eq!(again.tasks, with.tasks);
}

#[test]
fn the_plan_warns_of_dev_texts_that_another_task_is_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let turned = "\n[tasks.mood]\nkind = \"classification\"\ntext = \"text\"\nlabel = \"label\"\n\
                  train = \"sentiment.dev.jsonl\"\ndev = \"sentiment.train.jsonl\"\n";
    let config = config(folder.path(), "steps = 1", "", &format!("{TASKS}{turned}"));
    let plan = plan(&config, &Options::new(folder.path().join("unused")), &mut Silent).unwrap();
    let of = |start: &str, other: &str| {
        let about = |warning: &&String| warning.starts_with(start) && warning.contains(other);
        plan.warnings.iter().filter(about).count()
    };
    assert_eq!(
        of("task `sentiment`: 12 texts of dev", "stand in train of `mood`: "),
        1,
        "{:?}",
        plan.warnings
    );
    assert_eq!(
        of("task `mood`: 24 texts of dev", "stand in train of `sentiment`: "),
        1,
        "{:?}",
        plan.warnings
    );
    assert_eq!(of("task `", "in train of `similarity`"), 0, "{:?}", plan.warnings);
}
