//! What can be wrong with a CoNLL-U file, or with a pair of them.

use crate::tree::TreeError;

/// The rule that a file breaks, with its line (from 1) and, where there is one, its sentence (from 1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conll18Error {
    /// A line has more or fewer than ten columns.
    #[error("line {line}: {found} columns separated by tabs, expected 10")]
    Columns {
        /// The line.
        line: usize,
        /// How many columns it has.
        found: usize,
    },
    /// A word has no form, or one of spaces only.
    #[error("line {line}: the form is empty")]
    EmptyForm {
        /// The line.
        line: usize,
    },
    /// A word's id is not the next number.
    #[error("line {line}: word id \"{id}\", expected {expected}")]
    WordId {
        /// The line.
        line: usize,
        /// The id found there.
        id: String,
        /// The number that comes next.
        expected: usize,
    },
    /// The id of a multi-word token is not a range that starts at the next word.
    #[error(
        "line {line}: multi-word token id \"{id}\", expected {expected}- and the number of its last word"
    )]
    TokenId {
        /// The line.
        line: usize,
        /// The id found there.
        id: String,
        /// The number of the next word.
        expected: usize,
    },
    /// A sentence or the file ends before the last word of a multi-word token.
    #[error("line {line}: multi-word token {id} has {found} of its {expected} words")]
    UnfinishedToken {
        /// The token's line.
        line: usize,
        /// The token's id.
        id: String,
        /// How many words follow it.
        found: usize,
        /// How many its id promises.
        expected: usize,
    },
    /// A head is not a number.
    #[error("line {line}: head \"{head}\" is not a number from 0")]
    Head {
        /// The line.
        line: usize,
        /// The head found there.
        head: String,
    },
    /// A tag is none of Universal Dependencies.
    #[error("line {line}: {column} \"{tag}\" is not universal")]
    UnknownTag {
        /// The line.
        line: usize,
        /// The column's name.
        column: &'static str,
        /// The tag found there, without a subtype.
        tag: String,
    },
    /// The heads of a sentence are not a tree.
    #[error("line {line}, sentence {sentence}: {error}")]
    Tree {
        /// The line of the word that the error is about.
        line: usize,
        /// The sentence.
        sentence: usize,
        /// What is wrong with the tree.
        error: TreeError,
    },
    /// There is an empty line where a sentence should start.
    #[error("line {line}: sentence {sentence} has no words (two empty lines in a row, or comments alone)")]
    EmptySentence {
        /// The empty line.
        line: usize,
        /// The sentence.
        sentence: usize,
    },
    /// No empty line follows the last sentence: the file may have been cut.
    #[error("line {line}: the file ends inside sentence {sentence}, without an empty line")]
    UnfinishedFile {
        /// The last line.
        line: usize,
        /// The sentence.
        sentence: usize,
    },
    /// A file has no sentence.
    #[error("no sentences")]
    NoSentences,
    /// The tokens of both files, spaces left out, are not the same text.
    #[error(
        "the texts differ from gold line {gold_line} and predicted line {predicted_line} on: \
         \"{gold}\" against \"{predicted}\""
    )]
    TextMismatch {
        /// The line of the gold token in which the first differing character lies.
        gold_line: usize,
        /// Up to 20 characters of gold from there on.
        gold: String,
        /// The line of the predicted token in which it lies.
        predicted_line: usize,
        /// Up to 20 predicted characters.
        predicted: String,
    },
}
