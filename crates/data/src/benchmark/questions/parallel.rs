//! IWSLT: two files whose lines are translations of each other, `.en` and `.de`.
//!
//! Plain text, or as published with tags: of an `.xml` file the `<seg>` lines are sentences, of a `train.tags` file
//! those that begin with no tag. Pairs with an empty side are left out.

use std::path::{Path, PathBuf};

use super::super::Question;
use super::File;
use crate::error::DataError;
use crate::read::Lines;

const QUESTION: &str = "Translate from English to German";

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let source = sentences(&file.path)?;
    let target = sentences(&partner(&file.path))?;
    if source.len() != target.len() {
        let (line, _) =
            source.last().or(target.last()).map_or((1, ""), |(line, text)| (*line, text.as_str()));
        return Err(file.refused(line, "as many lines as its translation has"));
    }
    let pairs = source.into_iter().zip(target).filter(|((_, a), (_, b))| !a.is_empty() && !b.is_empty());
    let question = |(place, ((line, context), (_, answer))): (usize, ((usize, String), (usize, String)))| {
        let (id, question) = (place.to_string(), QUESTION.to_owned());
        Question { id, context, question, answers: vec![answer], line, ..Question::default() }
    };
    Ok(pairs.enumerate().map(question).collect())
}

/// The German file beside an English one: `x.en`, `x.en.xml`, either of them compressed.
fn partner(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (before, after) = name.rsplit_once(".en").unwrap_or((&name, ""));
    path.with_file_name(format!("{before}.de{after}"))
}

/// The sentences of one side, each with its line.
fn sentences(path: &Path) -> Result<Vec<(usize, String)>, DataError> {
    let (mut lines, mut sentences) = (Lines::open(&path.into())?, Vec::new());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (xml, tags) = (name.contains(".xml"), name.contains(".tags."));
    while lines.advance()? {
        let text = lines.text().trim();
        match text.strip_prefix("<seg").and_then(|rest| rest.split_once('>')) {
            Some((_, rest)) if xml => {
                sentences.push((lines.number(), unescape(rest.strip_suffix("</seg>").unwrap_or(rest))));
            }
            _ if xml || (tags && text.starts_with('<')) => {}
            _ => sentences.push((lines.number(), text.to_owned())),
        }
    }
    Ok(sentences)
}

fn unescape(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    named.iter().fold(text.trim().to_owned(), |text, (name, letter)| text.replace(name, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_beside_its_translation() {
        assert_eq!(partner(Path::new("a.en/train.en-de.en")), Path::new("a.en/train.en-de.de"));
        assert_eq!(partner(Path::new("tst.en-de.en.xml.gz")), Path::new("tst.en-de.de.xml.gz"));
    }
}
