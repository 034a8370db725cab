//! Tags as small numbers: a text is read once, and words are then compared by integers.

use crate::conlleval::Tag;
use std::collections::HashMap;

/// What the schemes that `conlleval` knows write before the hyphen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Begin,
    Inside,
    End,
    /// `O`.
    Outside,
    /// `.`, outside in another scheme.
    Dot,
    /// `[` or `]`, a chunk of one word.
    Single,
    /// Any other text.
    Unknown,
}

impl Mark {
    fn read(text: &str) -> Mark {
        match text {
            "B" => Mark::Begin,
            "I" => Mark::Inside,
            "E" => Mark::End,
            "O" => Mark::Outside,
            "." => Mark::Dot,
            "[" | "]" => Mark::Single,
            _ => Mark::Unknown,
        }
    }
}

/// A tag of a [`Tagset`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code {
    pub(crate) mark: Mark,
    /// Index into [`Tagset::kinds`].
    pub(crate) kind: u32,
    /// Equal for equal tags.
    pub(crate) tag: u32,
}

impl Code {
    /// `O` in every set.
    pub(crate) const OUTSIDE: Code = Code { mark: Mark::Outside, kind: 0, tag: 0 };
}

/// The tags that were read so far.
#[derive(Debug)]
pub(crate) struct Tagset<'a> {
    /// The types; the first is that of `O`, without a name.
    pub(crate) kinds: Vec<&'a str>,
    codes: HashMap<Tag<'a>, Code>,
}

impl<'a> Tagset<'a> {
    pub(crate) fn new() -> Self {
        Tagset { kinds: vec![Tag::OUTSIDE.kind], codes: HashMap::from([(Tag::OUTSIDE, Code::OUTSIDE)]) }
    }

    /// The code of a tag's text.
    pub(crate) fn read(&mut self, text: &'a str) -> Code {
        let tag = Tag::read(text);
        if let Some(code) = self.codes.get(&tag) {
            return *code;
        }
        let known = self.kinds.iter().position(|kind| *kind == tag.kind);
        let kind = known.unwrap_or_else(|| {
            self.kinds.push(tag.kind);
            self.kinds.len() - 1
        });
        let code = Code { mark: Mark::read(tag.mark), kind: kind as u32, tag: self.codes.len() as u32 };
        self.codes.insert(tag, code);
        code
    }

    /// The codes of sentences of (gold tag, predicted tag).
    pub(crate) fn read_pairs<S: AsRef<str>>(
        &mut self,
        sentences: &'a [Vec<(S, S)>],
    ) -> Vec<Vec<(Code, Code)>> {
        let pair = |(gold, predicted): &'a (S, S)| (self.read(gold.as_ref()), self.read(predicted.as_ref()));
        let mut pair = pair;
        sentences.iter().map(|sentence| sentence.iter().map(&mut pair).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tags_have_equal_codes_and_types_are_shared() {
        let mut set = Tagset::new();
        let [b, i, again, outside, other] = ["B-X", "I-X", "B-X", "O", "S-Y"].map(|text| set.read(text));
        assert_eq!((b.tag, b.kind), (again.tag, i.kind));
        assert!(b.tag != i.tag && other.kind != b.kind);
        assert_eq!((outside.tag, other.mark), (Code::OUTSIDE.tag, Mark::Unknown));
        assert_eq!(set.kinds, ["", "X", "Y"]);
    }
}
