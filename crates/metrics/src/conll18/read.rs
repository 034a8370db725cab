//! Reading CoNLL-U: ten columns a word, an empty line after each sentence.
//!
//! The columns are ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS and MISC; the last two are not scored.
//! A token is a word, or a range of words (`3-4`) that stand on the lines after it. Empty nodes (`8.1`) are left out, and
//! comments before a sentence. Universal features and relations alone are kept.

use std::borrow::Cow;
use std::iter::Enumerate;
use std::str::Lines;

use super::error::Conll18Error;
use super::treebank::{Span, Treebank, Word};
use super::universal::{universal_features, universal_relation};
use crate::tree::check_tree;

/// Reads and checks a whole file, as [`Treebank::read`] says.
pub(super) fn read(text: &str) -> Result<Treebank<'_>, Conll18Error> {
    let mut reader = Reader::new(text);
    while let Some((line, text)) = reader.next_line() {
        reader.take(line, text)?;
    }
    reader.finish()
}

/// A treebank in the making.
struct Reader<'a> {
    lines: Enumerate<Lines<'a>>,
    treebank: Treebank<'a>,
    /// Where the sentence being read starts; `None` between sentences.
    open: Option<Start>,
    /// HEAD of each word of the sentence being read.
    heads: Vec<usize>,
    /// The line read last, from 1.
    line: usize,
}

/// Where a sentence starts.
#[derive(Clone, Copy)]
struct Start {
    line: usize,
    text: usize,
    word: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let empty = Treebank { text: String::new(), tokens: vec![], sentences: vec![], words: vec![] };
        Reader { lines: text.lines().enumerate(), treebank: empty, open: None, heads: vec![], line: 0 }
    }

    fn next_line(&mut self) -> Option<(usize, &'a str)> {
        let (index, text) = self.lines.next()?;
        self.line = index + 1;
        Some((self.line, text))
    }

    /// The number of the sentence being read, from 1.
    fn sentence(&self) -> usize {
        self.treebank.sentences.len() + 1
    }

    /// The id that the next word must have.
    fn next_id(&self) -> usize {
        self.heads.len() + 1
    }

    fn take(&mut self, line: usize, text: &'a str) -> Result<(), Conll18Error> {
        if text.is_empty() {
            return self.close(line);
        }
        if self.open.is_none() {
            if text.starts_with('#') {
                return Ok(());
            }
            let (text, word) = (self.treebank.text.len(), self.treebank.words.len());
            self.open = Some(Start { line, text, word });
        }
        self.token(line, columns(line, text)?)
    }

    fn token(&mut self, line: usize, columns: [&'a str; 10]) -> Result<(), Conll18Error> {
        let [id, form, ..] = columns;
        if id.contains('.') {
            return Ok(());
        }
        let form = without_spaces(form);
        if form.is_empty() {
            return Err(Conll18Error::EmptyForm { line });
        }
        let start = self.treebank.text.len();
        self.treebank.text.push_str(&form);
        let span = Span { start, end: self.treebank.text.len(), line };
        self.treebank.tokens.push(span);
        match id.split_once('-') {
            Some((first, last)) => self.multiword(span, id, first, last),
            None => self.word(line, columns, form, span, false),
        }
    }

    /// Reads the words of a token from the lines that follow it.
    fn multiword(&mut self, span: Span, id: &str, first: &str, last: &str) -> Result<(), Conll18Error> {
        let (line, next) = (span.line, self.next_id());
        let last = match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first == next && last >= first => last,
            _ => return Err(Conll18Error::TokenId { line, id: id.to_owned(), expected: next }),
        };
        while self.next_id() <= last {
            let Some((line, text)) = self.next_line().filter(|(_, text)| !text.is_empty()) else {
                let (found, expected) = (self.next_id() - next, last - next + 1);
                return Err(Conll18Error::UnfinishedToken { line, id: id.to_owned(), found, expected });
            };
            let columns = columns(line, text)?;
            if !columns[0].contains('.') {
                self.word(line, columns, Cow::Borrowed(columns[1]), span, true)?;
            }
        }
        Ok(())
    }

    fn word(
        &mut self,
        line: usize,
        columns: [&'a str; 10],
        form: Cow<'a, str>,
        span: Span,
        multiword: bool,
    ) -> Result<(), Conll18Error> {
        let [id, _, lemma, upos, xpos, features, head, relation, _, _] = columns;
        let expected = self.next_id();
        if id.parse() != Ok(expected) {
            return Err(Conll18Error::WordId { line, id: id.to_owned(), expected });
        }
        let head = head.parse().map_err(|_| Conll18Error::Head { line, head: head.to_owned() })?;
        self.heads.push(head);
        let (features, relation) = (universal_features(features), universal_relation(relation));
        let word = Word { line, form, lemma, upos, xpos, features, relation, head: None, multiword, span };
        self.treebank.words.push(word);
        Ok(())
    }

    /// Ends the sentence being read at an empty line.
    fn close(&mut self, line: usize) -> Result<(), Conll18Error> {
        let sentence = self.sentence();
        let empty = Conll18Error::EmptySentence { line, sentence };
        let Some(start) = self.open.take().filter(|_| !self.heads.is_empty()) else { return Err(empty) };
        let words = &mut self.treebank.words[start.word..];
        check_tree(&self.heads).map_err(|error| {
            let line = words[error.word() - 1].line;
            Conll18Error::Tree { line, sentence, error }
        })?;
        for (word, head) in words.iter_mut().zip(self.heads.drain(..)) {
            word.head = head.checked_sub(1).map(|head| start.word + head);
        }
        let span = Span { start: start.text, end: self.treebank.text.len(), line: start.line };
        self.treebank.sentences.push(span);
        Ok(())
    }

    fn finish(self) -> Result<Treebank<'a>, Conll18Error> {
        if self.open.is_some() {
            return Err(Conll18Error::UnfinishedFile { line: self.line, sentence: self.sentence() });
        }
        match self.treebank.sentences.len() {
            0 => Err(Conll18Error::NoSentences),
            _ => Ok(self.treebank),
        }
    }
}

fn columns(line: usize, text: &str) -> Result<[&str; 10], Conll18Error> {
    let mut columns = [""; 10];
    let mut found = 0;
    for column in text.split('\t') {
        if let Some(place) = columns.get_mut(found) {
            *place = column;
        }
        found += 1;
    }
    match found {
        10 => Ok(columns),
        _ => Err(Conll18Error::Columns { line, found }),
    }
}

fn without_spaces(form: &str) -> Cow<'_, str> {
    match form.contains(is_space) {
        true => Cow::Owned(form.chars().filter(|&character| !is_space(character)).collect()),
        false => Cow::Borrowed(form),
    }
}

/// Whether a character is of the Unicode category Zs.
fn is_space(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAMOS: &str = "# text = vámonos al mar\n\
        1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_\n\
        1\tvamos\tir\tVERB\tV\tMood=Imp|Foo=1\t0\troot\t_\t_\n\
        2\tnos\tnosotros\tPRON\tP\tCase=Acc\t1\tobj:x\t_\t_\n\
        2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n\
        3\ta l\ta\tADP\tS\t_\t4\tcase\t_\t_\n\
        4\tmar\tmar\tNOUN\tN\tNumber=Sing\t1\tobl\t_\t_\n\n";

    fn message(text: &str) -> String {
        Treebank::read(text).unwrap_err().to_string()
    }

    /// A file of (id, head) lines.
    fn lines(words: &[(&str, &str)]) -> String {
        words.iter().map(|(id, head)| format!("{id}\tx\t_\t_\t_\t_\t{head}\tdep\t_\t_\n")).collect()
    }

    #[test]
    fn a_sentence_with_a_multi_word_token() {
        let treebank = Treebank::read(VAMOS).unwrap();
        assert_eq!((treebank.n_sentences(), treebank.n_tokens(), treebank.words().len()), (1, 3, 4));
        assert_eq!(treebank.text, "vámonosalmar");
        let [vamos, nos, al, _] = treebank.words() else { panic!("four words") };
        assert_eq!((vamos.head, nos.head, al.head), (None, Some(0), Some(3)));
        assert_eq!((nos.relation, &*al.form, al.multiword), ("obj", "al", false));
        assert_eq!((vamos.features.as_slice(), vamos.multiword), (&["Mood=Imp"][..], true));
    }

    #[test]
    fn windows_line_ends_read_alike() {
        let text = VAMOS.replace('\n', "\r\n");
        assert_eq!(Treebank::read(&text).unwrap().words().len(), 4);
    }

    #[test]
    fn broken_lines_are_named() {
        assert_eq!(message("1\tx\n\n"), "line 1: 2 columns separated by tabs, expected 10");
        assert_eq!(message("1\t \t_\t_\t_\t_\t0\troot\t_\t_\n\n"), "line 1: the form is empty");
        assert_eq!(message(&lines(&[("1", "0"), ("3", "1")])), "line 2: word id \"3\", expected 2");
        assert_eq!(message(&lines(&[("one", "0")])), "line 1: word id \"one\", expected 1");
        assert_eq!(message(&lines(&[("1", "-1")])), "line 1: head \"-1\" is not a number from 0");
        let error = message(&lines(&[("2-3", "_")]));
        assert_eq!(error, "line 1: multi-word token id \"2-3\", expected 1- and the number of its last word");
        let error = message(&(lines(&[("1-3", "_"), ("1", "0"), ("2", "1")]) + "\n"));
        assert_eq!(error, "line 1: multi-word token 1-3 has 2 of its 3 words");
    }

    #[test]
    fn broken_trees_are_named_with_line_and_sentence() {
        let good = lines(&[("1", "0"), ("2", "1")]) + "\n";
        let second = |words: &[(&str, &str)]| message(&format!("{good}# second\n{}\n", lines(words)));
        assert_eq!(
            second(&[("1", "0"), ("2", "3"), ("3", "2")]),
            "line 6, sentence 2: a cycle of heads: 2 -> 3 -> 2"
        );
        assert_eq!(
            second(&[("1", "0"), ("2", "0")]),
            "line 6, sentence 2: words 1 and 2 are both roots: their head is 0"
        );
        assert_eq!(
            second(&[("1", "2"), ("2", "1")]),
            "line 5, sentence 2: no word is the root: none of 2 heads is 0"
        );
        assert_eq!(
            second(&[("1", "0"), ("2", "9")]),
            "line 6, sentence 2: word 2 has head 9, but there are 2 words"
        );
    }

    #[test]
    fn unknown_tags_are_named_when_asked_for() {
        assert_eq!(Treebank::read(VAMOS).unwrap().check_tags(), Ok(()));
        let message = |from, to| {
            let text = VAMOS.replace(from, to);
            Treebank::read(&text).unwrap().check_tags().unwrap_err().to_string()
        };
        assert_eq!(message("NOUN", "NN"), "line 7: UPOS \"NN\" is not universal");
        assert_eq!(message("obj:x", "ojb:x"), "line 4: DEPREL \"ojb\" is not universal");
    }

    #[test]
    fn files_that_end_early_or_hold_nothing_are_refused() {
        let error = message(&lines(&[("1", "0")]));
        assert_eq!(error, "line 1: the file ends inside sentence 1, without an empty line");
        assert_eq!(message(""), "no sentences");
        assert_eq!(message("# only a comment\n"), "no sentences");
        let error = message(&(lines(&[("1", "0")]) + "\n\n"));
        assert_eq!(error, "line 3: sentence 2 has no words (two empty lines in a row, or comments alone)");
    }
}
