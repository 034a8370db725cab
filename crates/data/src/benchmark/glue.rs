//! GLUE (Wang et al. 2018, "GLUE: A Multi-Task Benchmark and Analysis Platform for Natural Language Understanding").
//!
//! Files are tab-separated without quoting, as <https://gluebenchmark.com/tasks> hands them out. CoLA's labelled
//! files name no columns; MRPC is also read as Microsoft publishes it; a few rows of QQP are cut by line breaks inside
//! a question and are left out, as everybody does; a JSON-lines form with the keys of jiant is read too.

use super::layout::Layout;
use super::{Asks, Benchmark, BenchmarkTask, Reading};

const TRAIN: &[&str] = &["train.tsv", "train.jsonl"];
const DEV: &[&str] = &["dev.tsv", "val.jsonl"];
const TEST: &[&str] = &["test.tsv", "test.jsonl"];
const TRUTH: &[&str] = &["0", "1"];
const ENTAILMENT: &[&str] = &["entailment", "not_entailment"];
const INFERENCE: &[&str] = &["contradiction", "entailment", "neutral"];
const SENTENCES: &[&str] = &["sentence1", "sentence2"];
const PREMISE: Layout = Layout::jsonl(&["premise", "hypothesis"], "label");
const PAIR: &[Layout] = &[Layout::tsv(SENTENCES, "label"), PREMISE];
const MULTINLI: &[Layout] = &[Layout::tsv(SENTENCES, "gold_label"), PREMISE];
const TEXT: Layout = Layout::jsonl(&["text"], "label");

/// A pair of two sentences under the usual names.
const fn pair(
    name: &'static str,
    title: &'static str,
    folders: &'static [&'static str],
    labels: &'static [&'static str],
) -> BenchmarkTask {
    BenchmarkTask {
        benchmark: Benchmark::Glue,
        name,
        title,
        asks: Asks::Class,
        labels,
        metrics: &["accuracy"],
        submission: folders[0],
        folders,
        train: TRAIN,
        dev: DEV,
        test: TEST,
        layouts: PAIR,
        reading: Reading::Examples,
    }
}

/// The tasks.
pub(super) const TASKS: &[BenchmarkTask] = &[
    BenchmarkTask {
        metrics: &["matthews"],
        train: &["train.tsv", "train.jsonl", "in_domain_train.tsv"],
        dev: &["dev.tsv", "val.jsonl", "in_domain_dev.tsv"],
        layouts: &[
            Layout::tsv(&["sentence"], "label"),
            Layout::headless(&["source", "label", "mark", "sentence"], &["sentence"], "label"),
            TEXT,
        ],
        ..pair("cola", "Corpus of Linguistic Acceptability", &["CoLA"], TRUTH)
    },
    BenchmarkTask {
        layouts: &[Layout::tsv(&["sentence"], "label"), TEXT],
        ..pair("sst-2", "Stanford Sentiment Treebank", &["SST-2"], TRUTH)
    },
    BenchmarkTask {
        metrics: &["f1", "accuracy"],
        train: &["train.tsv", "train.jsonl", "msr_paraphrase_train.txt", "train"],
        test: &["test.tsv", "test.jsonl", "msr_paraphrase_test.txt", "test"],
        layouts: &[
            Layout::tsv(STRINGS, "Quality"),
            // A byte-order mark that somebody wrote out.
            Layout::tsv(STRINGS, "BOMQuality"),
            Layout::jsonl(&["text_a", "text_b"], "label"),
        ],
        ..pair("mrpc", "Microsoft Research Paraphrase Corpus", &["MRPC"], TRUTH)
    },
    BenchmarkTask {
        asks: Asks::Value,
        metrics: &["pearson", "spearman"],
        layouts: &[Layout::tsv(SENTENCES, "score"), Layout::jsonl(&["text_a", "text_b"], "label")],
        ..pair("sts-b", "Semantic Textual Similarity Benchmark", &["STS-B"], &[])
    },
    BenchmarkTask {
        metrics: &["f1", "accuracy"],
        layouts: &[
            Layout { skip_short_rows: true, ..Layout::tsv(QUESTIONS, "is_duplicate") },
            Layout::headless(&["is_duplicate", "question1", "question2", "id"], QUESTIONS, "is_duplicate"),
            Layout::jsonl(&["text_a", "text_b"], "label"),
        ],
        ..pair("qqp", "Quora Question Pairs", &["QQP"], TRUTH)
    },
    BenchmarkTask {
        submission: "MNLI-m",
        dev: &["dev_matched.tsv", "val.jsonl", "mnli_val.jsonl"],
        ..mnli("mnli", "MultiNLI, matched", &["test_matched.tsv", "test.jsonl", "mnli_test.jsonl"])
    },
    BenchmarkTask {
        submission: "MNLI-mm",
        dev: &["dev_mismatched.tsv", "val_mismatched.jsonl"],
        ..mnli("mnli-mismatched", "MultiNLI, mismatched", &["test_mismatched.tsv", "test_mismatched.jsonl"])
    },
    BenchmarkTask {
        layouts: &[Layout::tsv(&["question", "sentence"], "label"), PREMISE],
        ..pair("qnli", "Question NLI", &["QNLI"], ENTAILMENT)
    },
    pair("rte", "Recognizing Textual Entailment", &["RTE"], ENTAILMENT),
    pair("wnli", "Winograd NLI", &["WNLI"], TRUTH),
    BenchmarkTask {
        metrics: &["matthews"],
        train: &[],
        dev: &["diagnostic-full.tsv"],
        test: &["AX.tsv", "ax.tsv", "diagnostic.tsv"],
        layouts: &[Layout::tsv(SENTENCES, "label"), Layout::tsv(&["Premise", "Hypothesis"], "Label")],
        ..pair("ax", "Diagnostics", &["AX", "diagnostic"], INFERENCE)
    },
];

const STRINGS: &[&str] = &["#1 String", "#2 String"];
const QUESTIONS: &[&str] = &["question1", "question2"];

const fn mnli(name: &'static str, title: &'static str, test: &'static [&'static str]) -> BenchmarkTask {
    BenchmarkTask {
        train: &["train.tsv", "train.jsonl", "mnli_train.jsonl"],
        test,
        layouts: MULTINLI,
        ..pair(name, title, &["MNLI"], INFERENCE)
    }
}
