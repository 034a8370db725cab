//! Reads one file to its end and counts.

use std::path::Path;

use mtl_data::{DataError, Source, Text};

use super::Outcome;
use super::sets::Set;

/// Reads the file and compares its counts with the published ones.
pub(super) fn check(data: &Path, set: &Set) -> Outcome {
    let Some(path) = set.place.find(data) else { return Outcome::Skipped };
    match count(&source(&path, set)) {
        Ok(found) if found == expected(set, found) => Outcome::Passed(say(found)),
        Ok(found) => Outcome::Failed(format!("{}, expected {}", say(found), say(expected(set, found)))),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn source(path: &Path, set: &Set) -> Source {
    let mut source = Source::new(path, set.kind).text(set.text.iter().copied());
    source.format = Some(set.format);
    source.label = set.label.map(str::to_owned);
    source.skip_short_rows = set.short_rows;
    if !set.columns.is_empty() {
        source.columns = Some(set.columns.iter().map(|&name| name.to_owned()).collect());
    }
    source
}

/// Examples and, of texts that are divided into words, words.
#[derive(Clone, Copy, PartialEq)]
struct Count {
    examples: usize,
    words: usize,
}

fn count(source: &Source) -> Result<Count, DataError> {
    let mut count = Count { examples: 0, words: 0 };
    for example in source.read()? {
        count.examples += 1;
        if let Text::Words(words) = example?.text {
            count.words += words.len();
        }
    }
    Ok(count)
}

/// The published counts; where no number of words is published, the one found.
fn expected(set: &Set, found: Count) -> Count {
    Count { examples: set.examples, words: set.words.unwrap_or(found.words) }
}

fn say(count: Count) -> String {
    match count.words {
        0 => format!("{} examples", count.examples),
        words => format!("{} examples, {words} words", count.examples),
    }
}
