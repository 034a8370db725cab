//! Laws of the synthetic corpus, as seen from outside.

use std::collections::HashSet;

use mtl_data::synthetic::{Corpus, SyntheticConfig, SyntheticTask, generate, vocabulary};
use mtl_data::{Example, Label, LabelKind, Text};
use proptest::prelude::*;

/// A corpus of a few examples per task.
fn small(seed: u64) -> Corpus {
    sized(seed, 20)
}

fn sized(seed: u64, n: usize) -> Corpus {
    generate(&SyntheticConfig {
        seed,
        word_class: n,
        phrases: n,
        sentiment: n,
        attitude: n,
        entailment: n,
        similarity: n,
        letters: n,
        dev: n,
    })
}

fn task<'a>(corpus: &'a Corpus, name: &str) -> &'a SyntheticTask {
    corpus.tasks.iter().find(|task| task.name == name).expect("the corpus has the task")
}

/// The one or two sentences of an example.
fn sentences(example: &Example) -> Vec<String> {
    match &example.text {
        Text::Single(text) => vec![text.clone()],
        Text::Pair(first, second) => vec![first.clone(), second.clone()],
        Text::Words(words) => vec![words.join(" ")],
    }
}

fn all(corpus: &Corpus) -> impl Iterator<Item = (&SyntheticTask, &Example)> {
    corpus
        .tasks
        .iter()
        .flat_map(|task| task.train.iter().chain(&task.dev).map(move |example| (task, example)))
}

/// The share of the most frequent class.
fn majority(examples: &[Example]) -> f64 {
    let classes: Vec<&Label> = examples.iter().map(|example| &example.label).collect();
    let most = classes.iter().map(|class| classes.iter().filter(|other| other == &class).count()).max();
    most.unwrap_or(0) as f64 / examples.len() as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn same_seed_same_corpus(seed: u64) {
        prop_assert_eq!(small(seed), small(seed));
    }

    #[test]
    fn another_seed_another_corpus(seed: u64) {
        prop_assert_ne!(small(seed), small(seed.wrapping_add(1)));
    }

    #[test]
    fn train_and_dev_share_no_text(seed: u64, other: u64) {
        let (first, second) = (small(seed), small(other));
        let train: HashSet<String> = first.tasks.iter().flat_map(|task| &task.train).flat_map(sentences).collect();
        let mut dev = first.tasks.iter().chain(&second.tasks).flat_map(|task| &task.dev).flat_map(sentences);
        prop_assert!(dev.all(|sentence| !train.contains(&sentence)));
    }

    #[test]
    fn no_example_comes_twice(seed: u64) {
        for task in small(seed).tasks {
            let texts: HashSet<Vec<String>> = task.train.iter().chain(&task.dev).map(sentences).collect();
            prop_assert_eq!(texts.len(), task.train.len() + task.dev.len());
        }
    }

    #[test]
    fn a_smaller_split_begins_a_larger_one(seed: u64) {
        for (few, many) in sized(seed, 5).tasks.iter().zip(sized(seed, 12).tasks) {
            prop_assert_eq!(few.train.as_slice(), &many.train[..5]);
            prop_assert_eq!(few.dev.as_slice(), &many.dev[..5]);
        }
    }

    #[test]
    fn sentences_have_5_to_14_words_of_the_vocabulary(seed: u64) {
        let known: HashSet<String> = vocabulary().into_iter().collect();
        for (_, example) in all(&small(seed)) {
            for sentence in sentences(example) {
                let words: Vec<&str> = sentence.split(' ').collect();
                prop_assert!((5..=14).contains(&words.len()), "{}", sentence);
                prop_assert!(words.iter().all(|word| known.contains(*word)), "{}", sentence);
            }
        }
    }

    #[test]
    fn tags_align_with_words(seed: u64) {
        for (_, example) in all(&small(seed)) {
            if let (Text::Words(words), Label::Tags(tags)) = (&example.text, &example.label) {
                prop_assert_eq!(words.len(), tags.len());
            }
        }
    }

    #[test]
    fn phrases_are_well_formed_and_have_an_agent_an_action_and_a_patient(seed: u64) {
        for example in &task(&small(seed), "phrases").train {
            let Label::Tags(tags) = &example.label else { panic!("phrases are tags") };
            let mut before = "O";
            for tag in tags {
                if let Some(phrase) = tag.strip_prefix("I-") {
                    prop_assert!(before.ends_with(phrase) && before != "O", "{} after {}", tag, before);
                }
                before = tag;
            }
            for opened in ["B-AGENT", "B-ACTION", "B-PATIENT"] {
                prop_assert_eq!(tags.iter().filter(|tag| *tag == opened).count(), 1);
            }
        }
    }

    #[test]
    fn labels_are_of_the_task_kind_and_in_its_scale(seed: u64) {
        for (task, example) in all(&small(seed)) {
            prop_assert_eq!(example.line, 0);
            match (&example.label, task.kind, task.scale) {
                (Label::Class(_), LabelKind::Class, None) | (Label::Tags(_), LabelKind::Tags, None) => {}
                (Label::Value(value), LabelKind::Value, Some((low, high))) => {
                    prop_assert!((low..=high).contains(value));
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

#[test]
fn no_class_has_more_than_half_of_the_dev_examples() {
    let corpus = sized(1, 400);
    for name in ["sentiment", "attitude", "entailment", "letters"] {
        let share = majority(&task(&corpus, name).dev);
        let fair = if name == "letters" { 0.5 } else { 1.0 / 3.0 };
        assert!((fair..fair + 0.08).contains(&share), "{name}: {share}");
    }
}

#[test]
fn the_first_sentences_of_seed_1_never_change() {
    let corpus = small(1);
    let first: Vec<String> = corpus.tasks.iter().map(|task| sentences(&task.train[0]).join(" | ")).collect();
    assert_eq!(
        first,
        [
            "this dancer observed the tool today",
            "the little baker was painted by the miller yesterday",
            "behind the market that official never mocked the square pie",
            "a dull animal did not reject the red mother inside the cold",
            "a very kind guide will be slowly seen by the light crow | the light crow will never slowly notice the guide",
            "the singer will never be attacked by emma | emma will never threaten that singer",
            "next month a hated judge will applaud that dancer in the cold",
        ]
    );
    let labels: Vec<&Label> = corpus.tasks.iter().map(|task| &task.train[0].label).collect();
    assert_eq!(labels[2], &Label::Class("positive".into()));
    assert_eq!(labels[4], &Label::Class("contradiction".into()));
    assert_eq!(labels[5], &Label::Value(5.0));
}

#[test]
fn written_files_hold_every_example_and_the_vocabulary() {
    let corpus = small(3);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inner = folder.path().join("made/on/demand");
    corpus.write(&inner).expect("the folder can be written");
    let read = |name: &str| std::fs::read_to_string(inner.join(name)).expect(name);
    for task in &corpus.tasks {
        for (split, examples) in [("train", &task.train), ("dev", &task.dev)] {
            let text = read(&task.file_name(split));
            let found = match task.kind {
                LabelKind::Tags => text.split_terminator("\n\n").count(),
                _ => text.lines().count(),
            };
            assert_eq!(found, examples.len(), "{}", task.file_name(split));
        }
    }
    let first = &task(&corpus, "sentiment").dev[0];
    let row: serde_json::Value =
        serde_json::from_str(read("sentiment.dev.jsonl").lines().next().expect("a row")).expect("JSON");
    assert_eq!(row["text"], sentences(first)[0]);
    let vocab = read("vocab.txt");
    let tokens: Vec<&str> = vocab.lines().collect();
    assert_eq!(&tokens[..5], ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
    assert_eq!(tokens[5..], vocabulary());
    let files = std::fs::read_dir(&inner).expect("the folder is there").count();
    assert_eq!(files, 15, "fourteen splits and the vocabulary, no temporary file");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "taken").expect("a file");
    let failed = small(1).write(&file).expect_err("a file is in the way");
    assert!(failed.to_string().contains(&file.display().to_string()), "{failed}");
}
