//! Whether two tasks are the same task: of one kind, over as many texts, with the same label set or scale.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::config::{TaskConfig, TaskKind};
use crate::spec::TaskSpec;

/// Labels that a reason lists before it only counts them.
const LISTED: usize = 4;

/// Whether two tasks are the same task, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SameTask {
    /// Whether they are.
    pub same: bool,
    /// False if that is a guess: all labels are numbers, which may mean one thing here and another there.
    pub certain: bool,
    /// Why.
    pub because: String,
}

impl SameTask {
    pub(super) fn of(configs: [&TaskConfig; 2], specs: [&TaskSpec; 2]) -> SameTask {
        let different = |because: String| SameTask { same: false, certain: true, because };
        let [first, second] = specs;
        if first.kind != second.kind {
            return different(format!("{} and {}", first.kind, second.kind));
        }
        let texts = configs.map(|config| config.text_count());
        if texts[0] != texts[1] {
            return different("pairs of texts and single texts".to_owned());
        }
        if first.kind == TaskKind::Regression {
            let [a, b] = specs.map(|spec| spec.scale.unwrap_or_default());
            let words = |scale: [f64; 2]| format!("[{}, {}]", scale[0], scale[1]);
            return match a == b {
                true => {
                    SameTask { same: true, certain: true, because: format!("both on the scale {}", words(a)) }
                }
                false => different(format!("scales {} and {}", words(a), words(b))),
            };
        }
        same_labels(&first.labels, &second.labels)
    }
}

fn same_labels(first: &[String], second: &[String]) -> SameTask {
    if first == second {
        let certain = !first.iter().all(|label| label.parse::<f64>().is_ok());
        let doubt = if certain { "" } else { ", which are only numbers" };
        let because = match first.len() {
            0..=LISTED => format!("both with labels {}{doubt}", first.join(", ")),
            n => format!("both with the same {n} labels{doubt}"),
        };
        return SameTask { same: true, certain, because };
    }
    let (a, b): (BTreeSet<&String>, BTreeSet<&String>) = (first.iter().collect(), second.iter().collect());
    let (both, either) = (a.intersection(&b).count(), a.union(&b).count());
    SameTask { same: false, certain: true, because: format!("{both} of {either} labels in common") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| label.to_string()).collect()
    }

    #[test]
    fn label_sets_are_compared() {
        let same = same_labels(&labels(&["neg", "pos"]), &labels(&["neg", "pos"]));
        assert_eq!(
            (same.same, same.certain, same.because.as_str()),
            (true, true, "both with labels neg, pos")
        );
        let guess = same_labels(&labels(&["0", "1"]), &labels(&["0", "1"]));
        assert_eq!((guess.same, guess.certain), (true, false));
        assert_eq!(guess.because, "both with labels 0, 1, which are only numbers");
        let other = same_labels(&labels(&["neg", "pos"]), &labels(&["neg", "neutral", "pos"]));
        assert_eq!((other.same, other.because.as_str()), (false, "2 of 3 labels in common"));
    }
}
