//! Texts on which one task is judged and another is trained: a joint model has seen them, a single one has not.

use std::fmt::Write;

use mtl_data::Duplicates;

use crate::dataset::{Dataset, ExampleSet};

/// Tokens of a text, those that stand for no text included, below which two tasks may have it by chance.
const LEAST_TOKENS: usize = 6;

/// What to say of the tasks whose dev texts stand in the train set of another task, as they are tokenized. Tasks that label
/// the same examples share their texts anyway.
pub(crate) fn between_tasks(dataset: &Dataset) -> Vec<String> {
    let mut warnings = Vec::new();
    for (judged, trained) in pairs(dataset) {
        let [judged, trained] = [judged, trained].map(|task_idx| &dataset.tasks[task_idx]);
        let found = Duplicates::by_key(keys(&trained.train), keys(&judged.dev));
        if found.count > 0 {
            warnings.push(warning(&judged.spec.name, &trained.spec.name, &found));
        }
    }
    warnings
}

/// Every task with every other one that labels other examples.
fn pairs(dataset: &Dataset) -> impl Iterator<Item = (usize, usize)> + '_ {
    let tasks = 0..dataset.tasks.len();
    let apart = |(a, b): &(usize, usize)| {
        a != b && !dataset.streams.iter().any(|stream| [a, b].iter().all(|task| stream.tasks.contains(task)))
    };
    tasks.clone().flat_map(move |a| tasks.clone().map(move |b| (a, b))).filter(apart)
}

/// The texts that are long enough to be the same by more than chance, with the lines where they stand.
fn keys(set: &ExampleSet) -> impl Iterator<Item = ((&[u32], &[u32]), usize)> {
    let texts = set.encoded.iter().map(|text| (text.ids.as_slice(), text.segments.as_slice()));
    texts.zip(set.lines.iter().copied()).filter(|((ids, _), _)| ids.len() >= LEAST_TOKENS)
}

fn warning(judged: &str, trained: &str, found: &Duplicates) -> String {
    let (texts, stand, them, their) = match found.count {
        1 => ("text", "stands", "it", "its"),
        _ => ("texts", "stand", "them", "their"),
    };
    let mut warning = format!(
        "task `{judged}`: {} {texts} of dev (of {LEAST_TOKENS} tokens or more) {stand} in train of `{trained}`: a joint \
         model reads {them}, though not {their} labels for `{judged}`",
        found.count
    );
    for (place, (train, dev)) in found.lines.iter().enumerate() {
        let before = if place == 0 { "; " } else { ", " };
        write!(warning, "{before}line {dev} (line {train} there)").expect("a string takes text");
    }
    if found.count > found.lines.len() {
        warning += ", ...";
    }
    warning
}
