//! SuperGLUE (Wang et al. 2019, "SuperGLUE: A Stickier Benchmark for General-Purpose Language Understanding Systems").
//!
//! Files are JSON lines, as <https://super.gluebenchmark.com/tasks> hands them out. Three tasks are about marked words
//! or nested questions; for classification of texts they become pairs:
//!
//! | task | first text | second text | as in the benchmark's baselines, but |
//! |---|---|---|---|
//! | WiC | `WORD: SENTENCE1` | `SENTENCE2` | there is no vector of the word in each sentence beside the pair's |
//! | WSC | the text, the pronoun between `*` | the noun phrase | the spans are text, not vectors of their words |
//! | MultiRC | paragraph, a space, question | one answer | nothing: one example an answer |
//!
//! COPA and ReCoRD are questions with choices; no head answers them yet.

use super::layout::Layout;
use super::{Asks, Benchmark, BenchmarkTask, Reading};
use crate::read::Format;

const TRUTH: &[&str] = &["false", "true"];
const ENTAILMENT: &[&str] = &["entailment", "not_entailment"];
const PREMISE: &[Layout] = &[Layout::jsonl(&["premise", "hypothesis"], "label")];

const fn of_classes(
    name: &'static str,
    title: &'static str,
    folders: &'static [&'static str],
    labels: &'static [&'static str],
    layouts: &'static [Layout],
) -> BenchmarkTask {
    BenchmarkTask {
        benchmark: Benchmark::SuperGlue,
        name,
        title,
        asks: Asks::Class,
        labels,
        metrics: &["accuracy"],
        submission: folders[0],
        folders,
        train: &["train.jsonl"],
        dev: &["val.jsonl", "dev.jsonl"],
        test: &["test.jsonl"],
        layouts,
        reading: Reading::Examples,
    }
}

/// The tasks.
pub(super) const TASKS: &[BenchmarkTask] = &[
    of_classes(
        "boolq",
        "Boolean Questions",
        &["BoolQ"],
        TRUTH,
        &[Layout::jsonl(&["question", "passage"], "label")],
    ),
    BenchmarkTask {
        metrics: &["macro_f1", "accuracy"],
        ..of_classes("cb", "CommitmentBank", &["CB"], &["contradiction", "entailment", "neutral"], PREMISE)
    },
    BenchmarkTask {
        asks: Asks::Choice,
        reading: Reading::Copa,
        ..of_classes("copa", "Choice of Plausible Alternatives", &["COPA"], &[], &[])
    },
    BenchmarkTask {
        metrics: &["f1", "accuracy"],
        reading: Reading::MultiRc,
        ..of_classes(
            "multirc",
            "Multi-Sentence Reading Comprehension",
            &["MultiRC"],
            &["0", "1"],
            &[Layout::of(Format::MultiRc, &["passage"], "label")],
        )
    },
    BenchmarkTask {
        asks: Asks::Choice,
        metrics: &["token_f1", "exact_match"],
        reading: Reading::Record,
        train: &["train.jsonl", "train.json"],
        dev: &["val.jsonl", "dev.jsonl", "dev.json"],
        ..of_classes("record", "Reading Comprehension with Commonsense Reasoning", &["ReCoRD"], &[], &[])
    },
    of_classes("rte", "Recognizing Textual Entailment", &["RTE"], ENTAILMENT, PREMISE),
    of_classes(
        "wic",
        "Words in Context",
        &["WiC"],
        TRUTH,
        &[Layout::of(Format::Wic, &["word", "sentence1", "sentence2"], "label")],
    ),
    of_classes(
        "wsc",
        "Winograd Schema Challenge",
        &["WSC"],
        TRUTH,
        &[Layout::of(Format::Wsc, &["text", "target"], "label")],
    ),
    BenchmarkTask {
        metrics: &["matthews"],
        train: &[],
        dev: &["AX-b.jsonl"],
        test: &["AX-b.jsonl"],
        ..of_classes(
            "ax-b",
            "Broadcoverage Diagnostics",
            &["AX-b"],
            ENTAILMENT,
            &[Layout::jsonl(&["sentence1", "sentence2"], "label")],
        )
    },
    BenchmarkTask {
        train: &[],
        dev: &["AX-g.jsonl"],
        test: &["AX-g.jsonl"],
        ..of_classes("ax-g", "Winogender Schema Diagnostics", &["AX-g"], ENTAILMENT, PREMISE)
    },
];
