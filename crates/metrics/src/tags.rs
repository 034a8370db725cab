//! Pairs of gold and predicted tags per word, where either may be absent.

use crate::check;
use crate::error::MetricError;
use crate::tagset::{Code, Tagset};

/// One label per word and sentence, `None` where there is none.
pub(crate) type Tags = [Vec<Option<usize>>];

/// Errors if sentences do not pair up, a label is not below `n_labels`, or no word has a gold label.
pub(crate) fn check(gold: &Tags, predicted: &Tags, n_labels: usize) -> Result<(), MetricError> {
    check::paired("sentences", gold.len(), predicted.len())?;
    for (sentence, (gold, predicted)) in gold.iter().zip(predicted).enumerate() {
        if gold.len() != predicted.len() {
            return Err(MetricError::SentenceLengthMismatch {
                sentence,
                gold: gold.len(),
                predicted: predicted.len(),
            });
        }
        for &label in gold.iter().chain(predicted).flatten() {
            check::in_range(sentence, label, n_labels)?;
        }
    }
    match labelled(gold, predicted).next() {
        Some(_) => Ok(()),
        None => Err(MetricError::Empty { what: "labelled words" }),
    }
}

/// The words that have a gold label: (gold, predicted).
pub(crate) fn labelled<'a>(
    gold: &'a Tags,
    predicted: &'a Tags,
) -> impl Iterator<Item = (usize, Option<usize>)> + 'a {
    let words = gold.iter().flatten().zip(predicted.iter().flatten());
    words.filter_map(|(&gold, &predicted)| gold.map(|gold| (gold, predicted)))
}

/// Runs of neighbouring words with a gold label, as (gold tag, predicted tag); a word cut by truncation is `O`. Beside
/// them the types of the tags.
///
/// No chunk reaches over a word without a gold label: nothing is known about it.
pub(crate) fn runs<'a, S: AsRef<str>>(
    gold: &Tags,
    predicted: &Tags,
    labels: &'a [S],
) -> (Vec<Vec<(Code, Code)>>, Vec<&'a str>) {
    let mut set = Tagset::new();
    let labels: Vec<Code> = labels.iter().map(|label| set.read(label.as_ref())).collect();
    let tag = |label: &Option<usize>| label.map_or(Code::OUTSIDE, |label| labels[label]);
    let mut runs = Vec::with_capacity(gold.len());
    for (gold, predicted) in gold.iter().zip(predicted) {
        let mut rest = &predicted[..];
        for run in gold.split(Option::is_none) {
            runs.push(run.iter().map(tag).zip(rest.iter().map(tag)).collect());
            // What separates runs is one word.
            rest = rest.get(run.len() + 1..).unwrap_or_default();
        }
    }
    (runs, set.kinds)
}
