//! Texts on which one task is judged and another is trained: a joint model has seen them, a single one has not.

use std::collections::HashMap;
use std::fmt::Write;

use mtl_data::Duplicates;

use crate::dataset::{Dataset, ExampleSet};

/// Tokens of a text, those that stand for no text included, below which two tasks may have it by chance.
const LEAST_TOKENS: usize = 6;

/// What to say of the tasks whose dev texts stand in the train set of another task, as they are tokenized. Tasks that label
/// the same examples share their texts anyway.
pub(crate) fn between_tasks(dataset: &Dataset) -> Vec<String> {
    let mut warnings = Vec::new();
    for (trained_idx, trained) in dataset.tasks.iter().enumerate() {
        let mut seen = HashMap::new();
        for (text, line) in texts(&trained.train) {
            seen.entry(text).or_insert(line);
        }
        for (judged_idx, judged) in dataset.tasks.iter().enumerate() {
            if share_examples(dataset, judged_idx, trained_idx) {
                continue;
            }
            let both = |(text, line)| Some((*seen.get(&text)?, line));
            let found: Duplicates = texts(&judged.dev).filter_map(both).collect();
            if found.count > 0 {
                warnings.push(warning(&judged.spec.name, &trained.spec.name, &found));
            }
        }
    }
    warnings
}

fn share_examples(dataset: &Dataset, one: usize, other: usize) -> bool {
    dataset.streams.iter().any(|stream| [one, other].iter().all(|task_idx| stream.tasks.contains(task_idx)))
}

/// What a text is: its tokens and the segment of each.
type Tokens<'a> = (&'a [u32], &'a [u32]);

/// The texts that are long enough to be the same by more than chance, with the lines where they stand.
fn texts(set: &ExampleSet) -> impl Iterator<Item = (Tokens<'_>, usize)> {
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
