//! Tags that must be valid BIO, as a task's `invalid_bio` asks.

use std::fmt;

use mtl_data::{Example, Label, LabelSet, Location, Reader, Source};
use mtl_metrics::{InvalidBio, MetricError};

use crate::error::TrainError;

/// Tags of a file that were read as beginnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// How many.
    pub count: usize,
    /// Where the first of them stands.
    pub first: Location,
    /// What it was.
    pub tag: String,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repaired { count, first, tag } = self;
        let begin = format!("B{}", &tag[1..]);
        write!(
            f,
            "warning: {first}: `{tag}` follows neither `{begin}` nor `{tag}` and is read as `{begin}`"
        )?;
        match count {
            1 => write!(f, "; it is the only such tag of the file"),
            _ => write!(f, "; the file has {count} such tags"),
        }
    }
}

/// All examples of a file of tags, with the policy applied to each, and with known tags only where they are given.
pub(super) fn read(
    source: &Source,
    policy: InvalidBio,
    known: Option<&LabelSet>,
) -> Result<(Vec<Example>, Option<Repaired>), TrainError> {
    let mut reader = source.read()?.noting_tag_places();
    let (mut examples, mut repaired) = (Vec::new(), None);
    while let Some(example) = reader.next() {
        let mut example = example?;
        if let Label::Tags(tags) = &mut example.label {
            let words = Words { reader: &reader, line: example.line, source };
            words.settle(tags, policy, &mut repaired)?;
            words.check_known(tags, known)?;
        }
        examples.push(example);
    }
    Ok((examples, repaired))
}

/// The words of the example that was read last.
struct Words<'a> {
    reader: &'a Reader,
    line: usize,
    source: &'a Source,
}

impl Words<'_> {
    /// Applies the policy to the tags. Words that nobody labelled are passed over: they are not scored either.
    fn settle(
        &self,
        tags: &mut [String],
        policy: InvalidBio,
        repaired: &mut Option<Repaired>,
    ) -> Result<(), TrainError> {
        let labelled: Vec<usize> = (0..tags.len()).filter(|&word| self.is_labelled(&tags[word])).collect();
        let sentence: Vec<&str> = labelled.iter().map(|&word| tags[word].as_str()).collect();
        let valid = policy.apply(&[sentence]).map_err(|error| self.refused(error, &labelled))?;
        if let Some(first) = valid.first_repaired {
            let first = labelled[first.word];
            let of_file = repaired.get_or_insert_with(|| Repaired {
                count: 0,
                first: self.at(first),
                tag: tags[first].clone(),
            });
            of_file.count += valid.repaired;
        }
        for (word, tag) in labelled.into_iter().zip(valid.sentences.into_iter().flatten()) {
            tags[word] = tag;
        }
        Ok(())
    }

    fn check_known(&self, tags: &[String], known: Option<&LabelSet>) -> Result<(), TrainError> {
        let Some(known) = known else { return Ok(()) };
        for (word, tag) in tags.iter().enumerate().filter(|(_, tag)| self.is_labelled(tag)) {
            known.index(tag).map_err(|unknown| unknown.at(self.at(word)))?;
        }
        Ok(())
    }

    fn is_labelled(&self, tag: &str) -> bool {
        !self.source.missing.iter().any(|marker| marker == tag)
    }

    fn at(&self, word: usize) -> Location {
        let line = || Location::new(self.source.path.clone(), self.line, 1);
        self.reader.tag_place(word).unwrap_or_else(line)
    }

    /// What is wrong with a sentence, at the tag that it is about.
    fn refused(&self, error: MetricError, labelled: &[usize]) -> TrainError {
        match error {
            MetricError::InvalidBio { word, tag, before, .. } => {
                TrainError::InvalidBio { at: self.at(labelled[word]), tag, before }
            }
            MetricError::UnknownTag { word, tag, .. } => {
                TrainError::NoBio { at: self.at(labelled[word]), tag }
            }
            other => unreachable!("a policy refuses only tags, not: {other}"),
        }
    }
}
