//! What can be wrong with a file of predictions beside its gold file.

use mtl_data::Location;
use mtl_metrics::conll18::Conll18Error;

/// Why predictions cannot be scored, with the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// A file of trees breaks a rule of the shared task.
    #[error("{at}: {}", without_line(problem))]
    Trees {
        /// The line.
        at: Location,
        /// The rule.
        problem: Conll18Error,
    },
    /// Two files of trees are not of one text.
    #[error("{at}: the texts differ from here on: {predicted:?}, but {gold:?} at {gold_at}")]
    Texts {
        /// Where the predictions begin to differ.
        at: Location,
        /// What stands there.
        predicted: String,
        /// The same place of the gold file.
        gold_at: Location,
        /// What stands there.
        gold: String,
    },
    /// A tag that conlleval does not know.
    #[error("{at}: `{tag}` is no tag of chunks: expected O, or B, I or E with a type, as B-person")]
    ChunkTag {
        /// The tag.
        at: Location,
        /// What it is.
        tag: String,
    },
    /// A sentence with more or fewer words than in gold.
    #[error("{at}: the sentence has not as many words as at {gold_at}: {predicted}, not {gold}")]
    Words {
        /// The predicted sentence.
        at: Location,
        /// Its words.
        predicted: usize,
        /// The gold sentence.
        gold_at: Location,
        /// Its words.
        gold: usize,
    },
    /// More or fewer sentences than in gold.
    #[error("{at}: this sentence has no counterpart in {other}, which ends after {fewer}")]
    Sentences {
        /// The first sentence too many, in either file.
        at: Location,
        /// The file that has fewer.
        other: String,
        /// How many it has.
        fewer: usize,
    },
}

/// The message without the line that it begins with, which the place says.
fn without_line(problem: &Conll18Error) -> String {
    let message = problem.to_string();
    let rest =
        message.strip_prefix("line ").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.and_then(|rest| rest.strip_prefix(": ").or(rest.strip_prefix(", "))).unwrap_or(&message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_said_once() {
        let at = || Location::new(std::path::PathBuf::from("a.conllu"), 3, 1);
        let said = |problem| ScoreError::Trees { at: at(), problem }.to_string();
        let columns = Conll18Error::Columns { line: 3, found: 2 };
        assert_eq!(said(columns), "a.conllu:3:1: 2 columns separated by tabs, expected 10");
        assert_eq!(said(Conll18Error::NoSentences), "a.conllu:3:1: no sentences");
    }
}
