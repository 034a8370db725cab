//! decaNLP (McCann et al. 2018, "The Natural Language Decathlon: Multitask Learning as Question Answering").
//!
//! Ten tasks, each of them questions about contexts. Files are read as their publishers hand them out, and as the
//! benchmark's own code writes them again (JSON lines with `context`, `question`, `answer`). MNLI and SST are read into
//! examples too; the others are [`Question`](super::Question)s, whose wording is the benchmark's.

use super::layout::Layout;
use super::{Asks, Benchmark, BenchmarkTask, Reading};
use crate::read::Format;

const fn of_text(
    name: &'static str,
    title: &'static str,
    submission: &'static str,
    folders: &'static [&'static str],
    metrics: &'static [&'static str],
    reading: Reading,
) -> BenchmarkTask {
    BenchmarkTask {
        benchmark: Benchmark::DecaNlp,
        name,
        title,
        asks: Asks::Sequence,
        labels: &[],
        metrics,
        submission,
        folders,
        train: &["train.jsonl"],
        dev: &["validation.jsonl", "dev.jsonl"],
        test: &["test.jsonl"],
        layouts: &[],
        reading,
    }
}

/// The tasks.
pub(super) const TASKS: &[BenchmarkTask] = &[
    BenchmarkTask {
        asks: Asks::Span,
        train: &["train-v1.1.json", "train-v2.0.json"],
        dev: &["dev-v1.1.json", "dev-v2.0.json"],
        test: &["test-v1.1.json", "test-v2.0.json"],
        ..of_text("squad", "SQuAD", "squad", &["squad"], &["token_f1", "exact_match"], Reading::Squad)
    },
    BenchmarkTask {
        train: &["train.en-de.en", "train.tags.en-de.en"],
        dev: &["IWSLT16.TED.tst2013.en-de.en", "IWSLT16.TED.tst2013.en-de.en.xml"],
        test: &["IWSLT16.TED.tst2014.en-de.en", "IWSLT16.TED.tst2014.en-de.en.xml"],
        ..of_text(
            "iwslt",
            "IWSLT 2016, English to German",
            "iwslt.en.de",
            &["iwslt/en-de", "en-de", "iwslt"],
            &["bleu"],
            Reading::Parallel,
        )
    },
    BenchmarkTask {
        train: &["training.jsonl", "train.jsonl"],
        ..of_text(
            "cnn-dailymail",
            "CNN and Daily Mail summaries",
            "cnn_dailymail",
            &["cnn_dailymail", "cnn", "dailymail"],
            &["rouge"],
            Reading::Written,
        )
    },
    BenchmarkTask {
        asks: Asks::Class,
        labels: &["contradiction", "entailment", "neutral"],
        train: &["multinli_1.0_train.jsonl", "multinli_1.0_train.txt"],
        dev: &["multinli_1.0_dev_matched.jsonl", "multinli_1.0_dev_matched.txt"],
        test: &[],
        layouts: &[
            Layout { missing: &["-"], ..Layout::jsonl(&["sentence1", "sentence2"], "gold_label") },
            Layout {
                missing: &["-"],
                skip_short_rows: true,
                ..Layout::tsv(&["sentence1", "sentence2"], "gold_label")
            },
        ],
        ..of_text(
            "mnli",
            "MultiNLI",
            "multinli.in.out",
            &["multinli/multinli_1.0", "multinli_1.0", "multinli"],
            &["accuracy"],
            Reading::MultiNli,
        )
    },
    BenchmarkTask {
        asks: Asks::Class,
        labels: &["0", "1"],
        train: &["train_binary_sent.csv", "train.txt"],
        dev: &["dev_binary_sent.csv", "dev.txt"],
        test: &["test_binary_sent.csv", "test.txt"],
        layouts: &[
            Layout::of(Format::Csv, &["sentence"], "label"),
            Layout::of(Format::Trees, &["sentence"], "label"),
        ],
        ..of_text("sst", "Stanford Sentiment Treebank", "sst", &["sst", "trees"], &["accuracy"], Reading::Sst)
    },
    BenchmarkTask {
        asks: Asks::Span,
        train: &["wiki1.train.qa", "train.jsonl"],
        dev: &["wiki1.dev.qa", "dev.jsonl"],
        test: &["wiki1.test.qa", "test.jsonl"],
        ..of_text("qa-srl", "QA-SRL", "srl", &["srl"], &["token_f1"], Reading::QaSrl)
    },
    BenchmarkTask {
        asks: Asks::Span,
        train: &["train.0", "train.jsonl"],
        dev: &["dev.0", "dev.jsonl"],
        test: &["test.0", "test.jsonl"],
        ..of_text(
            "qa-zre",
            "QA-ZRE",
            "zre",
            &["zre/relation_splits", "relation_splits", "zre"],
            &["corpus_f1"],
            Reading::QaZre,
        )
    },
    BenchmarkTask {
        train: &["woz_train_en.json", "train.jsonl"],
        dev: &["woz_validate_en.json", "validate.jsonl"],
        test: &["woz_test_en.json", "test.jsonl"],
        ..of_text("woz", "WOZ 2.0", "woz.en", &["woz"], &["joint_goal"], Reading::Woz)
    },
    BenchmarkTask {
        train: &["train.jsonl"],
        dev: &["dev.jsonl"],
        test: &["test.jsonl"],
        ..of_text(
            "wikisql",
            "WikiSQL",
            "wikisql",
            &["wikisql/data", "data", "wikisql"],
            &["logical_form"],
            Reading::WikiSql,
        )
    },
    BenchmarkTask {
        asks: Asks::Choice,
        train: &["train.jsonl", "schema.txt"],
        dev: &["validation.jsonl", "schema.txt"],
        test: &["test.jsonl", "schema.txt"],
        ..of_text(
            "mwsc",
            "Modified Winograd Schema Challenge",
            "schema",
            &["schema"],
            &["exact_match"],
            Reading::Schema,
        )
    },
];
