//! A treebank as the evaluation sees it: tokens and sentences over one text, and words with their columns.

use std::borrow::Cow;

use super::error::Conll18Error;
use super::read::read;
use super::universal::{is_relation, is_upos};

/// A stretch of a treebank's text without spaces, in bytes, and the line that it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
}

impl Span {
    /// Whether both cover the same text; lines do not matter.
    pub(super) fn covers(self, other: Span) -> bool {
        (self.start, self.end) == (other.start, other.end)
    }
}

/// A syntactic word: what is scored of its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a> {
    /// Line in the file, from 1.
    pub line: usize,
    /// FORM; of a word that is a token, without spaces.
    pub form: Cow<'a, str>,
    /// LEMMA.
    pub lemma: &'a str,
    /// UPOS, the universal part of speech.
    pub upos: &'a str,
    /// XPOS, the language's own part of speech.
    pub xpos: &'a str,
    /// The universal features of FEATS, sorted.
    pub features: Vec<&'a str>,
    /// DEPREL without its subtype.
    pub relation: &'a str,
    /// The head's index among the treebank's words, from 0; `None` for the root of a sentence.
    pub head: Option<usize>,
    /// Whether it is one of several words of a token.
    pub multiword: bool,
    /// The text of its token.
    pub(super) span: Span,
}

/// A checked CoNLL-U file, ready to be scored. It borrows the text that it was read from.
#[derive(Debug, Clone)]
pub struct Treebank<'a> {
    /// All tokens end to end, spaces left out.
    pub(super) text: String,
    pub(super) tokens: Vec<Span>,
    pub(super) sentences: Vec<Span>,
    pub(super) words: Vec<Word<'a>>,
}

impl<'a> Treebank<'a> {
    /// Reads the text of a CoNLL-U file and checks that every sentence is a tree.
    ///
    /// Stricter than the published script in two points: the ids of the words in a multi-word token are checked, and a file
    /// without sentences is refused. An empty node within a multi-word token is left out, as elsewhere.
    ///
    /// # Errors
    /// Errors, with line and sentence, if a line has not ten columns, a form is empty, ids are not consecutive, a head is
    /// not a number or lies outside its sentence, a sentence has a cycle or not exactly one root, a sentence is empty, the
    /// file ends without an empty line, or there is no sentence.
    pub fn read(text: &'a str) -> Result<Self, Conll18Error> {
        read(text)
    }

    /// Checks that UPOS and DEPREL are universal ones, or `_`.
    ///
    /// The evaluation itself does not ask for it: an unknown tag simply differs, and an unknown relation is not one of
    /// content words. A misspelt one in gold would go unnoticed.
    ///
    /// # Errors
    /// Errors with the line of the first tag that is not among the 17 parts of speech or the 37 relations of Universal
    /// Dependencies, version 2.
    pub fn check_tags(&self) -> Result<(), Conll18Error> {
        for word in &self.words {
            let upos = ("UPOS", word.upos, is_upos(word.upos));
            let relation = ("DEPREL", word.relation, is_relation(word.relation));
            for (column, tag, known) in [upos, relation] {
                if !known && tag != "_" {
                    return Err(Conll18Error::UnknownTag { line: word.line, column, tag: tag.to_owned() });
                }
            }
        }
        Ok(())
    }

    /// The words of all sentences, in order.
    pub fn words(&self) -> &[Word<'a>] {
        &self.words
    }

    /// How many sentences there are.
    pub fn n_sentences(&self) -> usize {
        self.sentences.len()
    }

    /// How many tokens there are: a multi-word token counts once.
    pub fn n_tokens(&self) -> usize {
        self.tokens.len()
    }
}
