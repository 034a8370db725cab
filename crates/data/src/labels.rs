//! The labels of one task, numbered.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::DataError;
use crate::example::{Example, Label};
use crate::location::Location;
use mtl_base::nearest;

/// The names of the labels of one task, in sorted order (by code point), each with its index.
///
/// Cloning is cheap: the names are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSet {
    names: Arc<[String]>,
}

/// A label that does not stand in a [`LabelSet`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("label {label:?} does not stand in the train set{}", crate::nearest::hint(.nearest))]
pub struct UnknownLabel {
    /// The label.
    pub label: String,
    /// The most similar label of the set.
    pub nearest: Option<String>,
}

impl UnknownLabel {
    /// The same error about a place in a file.
    pub fn at(self, at: Location) -> DataError {
        DataError::UnknownLabel { at, label: self.label, nearest: self.nearest }
    }
}

impl LabelSet {
    /// The labels of `examples`. Numbers and missing labels add nothing.
    pub fn of<'a>(examples: impl IntoIterator<Item = &'a Example>) -> Self {
        let mut names = BTreeSet::new();
        for example in examples {
            match &example.label {
                Label::Class(name) => drop(names.insert(name.as_str())),
                Label::Classes(all) | Label::Tags(all) => names.extend(all.iter().map(String::as_str)),
                Label::Value(_) | Label::Missing => {}
            }
        }
        Self { names: names.into_iter().map(String::from).collect() }
    }

    /// The set of these names: sorted, each once.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<String> = names.into_iter().collect();
        Self { names: names.into_iter().collect() }
    }

    /// The set without `marker`, the tag of words that nobody labelled.
    pub fn without(&self, marker: &str) -> Self {
        Self { names: self.names.iter().filter(|name| *name != marker).cloned().collect() }
    }

    /// The names, sorted; the place of a name is its index.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The index of a label. Errors if it is not in the set, naming the most similar one.
    pub fn index(&self, label: &str) -> Result<u32, UnknownLabel> {
        self.find(label).ok_or_else(|| UnknownLabel {
            label: label.to_owned(),
            nearest: nearest(label, self.names.iter().map(String::as_str)).map(String::from),
        })
    }

    /// The index of each of several labels. Errors if one is not in the set.
    pub fn indices(&self, labels: &[String]) -> Result<Vec<u32>, UnknownLabel> {
        labels.iter().map(|label| self.index(label)).collect()
    }

    /// The index of each tag of a sentence; `None` for a tag that the train set does not have.
    ///
    /// No model can predict such a tag, so its word is wrong whatever is predicted: score it as missed.
    /// (Reading with [`Source::read_known`](crate::Source::read_known) makes it an error instead.)
    pub fn tags(&self, tags: &[String]) -> Vec<Option<u32>> {
        tags.iter().map(|tag| self.find(tag)).collect()
    }

    fn find(&self, label: &str) -> Option<u32> {
        let found = self.names.binary_search_by(|name| name.as_str().cmp(label)).ok()?;
        Some(u32::try_from(found).expect("a label set has fewer than 2^32 names"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::Text;

    fn example(label: Label) -> Example {
        Example { text: Text::Single("a".into()), label, line: 1 }
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn labels_are_numbered_in_sorted_order() {
        let examples = [
            example(Label::Class("neutral".into())),
            example(Label::Missing),
            example(Label::Class("entailment".into())),
            example(Label::Class("neutral".into())),
        ];
        let labels = LabelSet::of(&examples);
        assert_eq!(labels.names(), ["entailment", "neutral"]);
        assert_eq!((labels.index("entailment"), labels.index("neutral")), (Ok(0), Ok(1)));
    }

    #[test]
    fn an_unknown_label_names_its_nearest() {
        let labels = LabelSet::new(owned(&["entailment", "neutral"]));
        let error = labels.index("entailmnt").unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("entailment"));
        let message = error.at(Location::new(std::path::PathBuf::from("d.tsv"), 4, 9)).to_string();
        assert_eq!(
            message,
            "d.tsv:4:9: label \"entailmnt\" does not stand in the train set; did you mean \"entailment\"?"
        );
    }

    #[test]
    fn a_tag_unseen_in_train_has_no_index() {
        let train = [example(Label::Tags(owned(&["O", "B-person"]))), example(Label::Value(1.0))];
        let labels = LabelSet::of(&train);
        assert_eq!(labels.tags(&owned(&["O", "B-group", "B-person"])), [Some(1), None, Some(0)]);
        assert_eq!(labels.without("O").names(), ["B-person"]);
    }

    #[test]
    fn several_labels_are_found_together() {
        let labels =
            LabelSet::of(&[example(Label::Classes(owned(&["b", "a"]))), example(Label::Classes(vec![]))]);
        assert_eq!(labels.indices(&owned(&["b", "a"])), Ok(vec![1, 0]));
        assert!(labels.indices(&owned(&["b", "c"])).is_err());
        assert!((labels.len(), labels.is_empty()) == (2, false));
    }
}
