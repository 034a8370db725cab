//! Text to token ids, segments and the place of each word, by Hugging Face `tokenizers`.
//!
//! The ids are those of transformers' fast tokenizers with `truncation=True`: special tokens are counted, pairs lose
//! tokens at the end of their longer text first, words go in as `is_split_into_words=True`.

mod bert;
mod byte_level;
mod unknown;

use std::path::Path;

use mtl_base::hex;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tokenizers::utils::truncation::truncate_encodings;
use tokenizers::{Encoding, PostProcessor, TruncationParams};

use crate::error::DataError;
use crate::example::{Example, Text};
use crate::location::Location;
use crate::nearest::nearest_file;

/// One tokenized text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoded {
    /// The token ids, special tokens included. `(tokens,)`
    pub ids: Vec<u32>,
    /// The segment of each token: 1 in the second text of a pair, else 0. `(tokens,)`
    pub segments: Vec<u32>,
    /// For a text of words, the index of the first token of each word: `None` if truncation cut the word off or it
    /// has no token. Empty for other texts. `(words,)`
    pub first_subword: Vec<Option<u32>>,
}

/// A tokenizer with a limit on the tokens of one text.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// The tokenizer for words, where that is another.
    of_words: Option<Box<tokenizers::Tokenizer>>,
    max_tokens: usize,
    fingerprint: String,
}

impl Tokenizer {
    /// The tokenizer of a model folder: its `tokenizer.json`, with the padding and truncation stored there switched
    /// off, else RoBERTa's byte-pair encoding over its `vocab.json` and `merges.txt`, else BERT's WordPiece over its
    /// `vocab.txt`, lower-casing as its `tokenizer_config.json` says.
    ///
    /// Errors if the folder has none of them, if they cannot be used, or if `max_tokens` leaves no room for text.
    pub fn from_folder(folder: &Path, max_tokens: usize) -> Result<Self, DataError> {
        let json = folder.join("tokenizer.json");
        if json.exists() {
            return Self::from_file(&json, max_tokens);
        }
        let pairs = [byte_level::VOCABULARY, byte_level::MERGES].map(|file| folder.join(file));
        if pairs.iter().all(|file| file.exists()) {
            return Self::from_file(&pairs[0], max_tokens);
        }
        if !folder.join("vocab.txt").exists() {
            return Err(DataError::NoTokenizer { folder: folder.to_owned() });
        }
        Self::from_file(&folder.join("vocab.txt"), max_tokens)
    }

    /// The tokenizer of one file: `vocab.json` is read with the `merges.txt` beside it, any other `.json` as
    /// `tokenizer.json`, any other file as `vocab.txt`; both vocabularies with the `tokenizer_config.json` beside them.
    ///
    /// Errors if the file cannot be used, or if `max_tokens` leaves no room for text.
    pub fn from_file(file: &Path, max_tokens: usize) -> Result<Self, DataError> {
        let json = file.extension().is_some_and(|extension| extension == "json");
        let inner = match (json, file.file_name().is_some_and(|name| name == byte_level::VOCABULARY)) {
            (_, true) => byte_level::from_vocabulary(file)?,
            (true, _) => read_json(file)?,
            (false, _) => bert::from_vocabulary(file)?,
        };
        Self::new(inner, max_tokens)
    }

    /// The tokenizer of a path that may be a model folder or a file.
    ///
    /// Errors if there is nothing at the path, or as [`from_folder`](Self::from_folder) and
    /// [`from_file`](Self::from_file) do.
    pub fn open(path: &Path, max_tokens: usize) -> Result<Self, DataError> {
        if !path.exists() {
            return Err(DataError::NotFound { at: Location::start(path), nearest: nearest_file(path) });
        }
        if path.is_dir() { Self::from_folder(path, max_tokens) } else { Self::from_file(path, max_tokens) }
    }

    /// A new lower-casing WordPiece tokenizer of BERT's special tokens (`[PAD]` is 0) followed by `words`.
    ///
    /// A word that is not among them becomes `[UNK]`, unless pieces (`##ing`) make it up.
    /// Errors if `max_tokens` leaves no room for text.
    pub fn from_words<'a>(
        words: impl IntoIterator<Item = &'a str>,
        max_tokens: usize,
    ) -> Result<Self, DataError> {
        Self::new(bert::from_words(words), max_tokens)
    }

    fn new(mut inner: tokenizers::Tokenizer, max_tokens: usize) -> Result<Self, DataError> {
        inner.with_padding(None);
        inner.with_truncation(None).expect("switching truncation off cannot fail");
        let fingerprint = hex(Sha256::digest(json_of(&inner)));
        let special = special_tokens(&inner, true);
        if max_tokens <= special {
            return Err(DataError::MaxTokens { max_tokens, special });
        }
        let of_words = byte_level::for_words(&inner).map(Box::new);
        Ok(Self { inner, of_words, max_tokens, fingerprint })
    }

    /// The most tokens that a text may have, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The rows that an embedding needs for the vocabulary, added tokens included: one more than the largest id, which
    /// is more than there are tokens if ids are left out.
    pub fn vocabulary_size(&self) -> usize {
        self.last_token().map_or(0, |(_, largest)| largest as usize + 1)
    }

    /// The content of a `tokenizer.json` that makes this tokenizer, without truncation and padding.
    pub fn to_json(&self) -> String {
        json_of(&self.inner)
    }

    /// The SHA-256 of [`to_json`](Self::to_json), in hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The id of the token that stands for what the vocabulary cannot express; `None` if the tokenizer has none, as
    /// one over bytes.
    pub fn unknown_id(&self) -> Option<u32> {
        unknown::unknown_id(&self.inner, &self.to_json())
    }

    /// The number of special tokens around one text, or around a pair.
    pub fn special_tokens(&self, pair: bool) -> usize {
        special_tokens(&self.inner, pair)
    }

    /// The token with the largest id.
    fn last_token(&self) -> Option<(String, u32)> {
        self.inner.get_vocab(true).into_iter().max_by_key(|(_, id)| *id)
    }

    /// Errors if a token has no row in an embedding of `vocab_size` rows, naming the largest id.
    pub fn check_vocabulary(&self, vocab_size: usize) -> Result<(), DataError> {
        match self.last_token() {
            Some((token, largest)) if largest as usize >= vocab_size => {
                Err(DataError::VocabularyTooSmall { largest, token, vocab_size })
            }
            _ => Ok(()),
        }
    }

    /// The tokens of one text, at most [`max_tokens`](Self::max_tokens).
    ///
    /// Errors if the tokenizer cannot express the text, for example without a token for unknown words.
    pub fn encode(&self, text: &Text) -> Result<Encoded, DataError> {
        self.encode_line(text, 0)
    }

    /// The tokens of each example, in order, computed by all threads.
    ///
    /// Errors as [`encode`](Self::encode) does, with the line of the first example at fault.
    pub fn encode_all(&self, examples: &[Example]) -> Result<Vec<Encoded>, DataError> {
        let encoded: Vec<_> =
            examples.par_iter().map(|example| self.encode_line(&example.text, example.line)).collect();
        encoded.into_iter().collect()
    }

    fn encode_line(&self, text: &Text, line: usize) -> Result<Encoded, DataError> {
        let encoding = self.encode_text(text);
        let encoding = encoding.map_err(|error| DataError::Tokenize { line, reason: error.to_string() })?;
        Ok(Encoded {
            first_subword: match text {
                Text::Words(words) => first_subwords(&encoding, words.len()),
                _ => Vec::new(),
            },
            ids: encoding.get_ids().to_vec(),
            segments: encoding.get_type_ids().to_vec(),
        })
    }

    /// Tokenizes whole texts, cuts them, and puts the special tokens around them.
    ///
    /// The truncation built into the tokenizer stops reading a text at the limit, and so forgets which text of a
    /// pair was the longer one; that decides which of them keeps one token more when the room is odd.
    fn encode_text(&self, text: &Text) -> tokenizers::Result<Encoding> {
        let (first, second) = match text {
            Text::Single(text) => (self.inner.encode_fast(text.as_str(), false)?, None),
            Text::Pair(first, second) => {
                let second = self.inner.encode_fast(second.as_str(), false)?;
                (self.inner.encode_fast(first.as_str(), false)?, Some(second))
            }
            // The fast path leaves out which word a token belongs to.
            Text::Words(words) => {
                let tokenizer = self.of_words.as_deref().unwrap_or(&self.inner);
                (tokenizer.encode(&words[..], false)?, None)
            }
        };
        let special = special_tokens(&self.inner, second.is_some());
        let room = TruncationParams { max_length: self.max_tokens - special, ..TruncationParams::default() };
        let (first, second) = truncate_encodings(first, second, &room)?;
        self.inner.post_process(first, second, true)
    }
}

/// The number of special tokens around one text, or around a pair.
fn special_tokens(tokenizer: &tokenizers::Tokenizer, pair: bool) -> usize {
    tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(pair))
}

/// The index of the first token of each of `words` words.
fn first_subwords(encoding: &Encoding, words: usize) -> Vec<Option<u32>> {
    let mut first = vec![None; words];
    for (token, word) in (0u32..).zip(encoding.get_word_ids()) {
        if let Some(word) = word {
            first[*word as usize].get_or_insert(token);
        }
    }
    first
}

fn read_json(path: &Path) -> Result<tokenizers::Tokenizer, DataError> {
    let at = || Location::start(path);
    let bytes = std::fs::read(path).map_err(|source| DataError::Read { at: at(), source })?;
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
        return Err(not_json(path, &error));
    }
    tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| unusable(at(), &error))
}

fn unusable(at: Location, error: &impl std::fmt::Display) -> DataError {
    DataError::Tokenizer { at, reason: error.to_string() }
}

/// The error that a file is no JSON, at the place that the parser names.
fn not_json(path: &Path, error: &serde_json::Error) -> DataError {
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
    // A file that ends too early is said to end in column 0 of its last line.
    DataError::Tokenizer { at: Location::new(path, error.line().max(1), error.column().max(1)), reason }
}

fn json_of(tokenizer: &tokenizers::Tokenizer) -> String {
    tokenizer.to_string(false).expect("a tokenizer in memory is valid json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer(max_tokens: usize) -> Tokenizer {
        Tokenizer::from_words(["the", "cat", "sleep", "##s", "the"], max_tokens).unwrap()
    }

    fn words(words: &[&str]) -> Text {
        Text::Words(words.iter().map(|word| word.to_string()).collect())
    }

    #[test]
    fn a_vocabulary_in_memory_begins_with_the_special_tokens() {
        let tokenizer = tokenizer(16);
        assert_eq!(tokenizer.vocabulary_size(), 9);
        let encoded = tokenizer.encode(&Text::Single("The cat sleeps dog".into())).unwrap();
        assert_eq!(encoded.ids, [2, 5, 6, 7, 8, 1, 3]);
        assert_eq!((encoded.segments, encoded.first_subword), (vec![0; 7], vec![]));
    }

    #[test]
    fn a_vocabulary_with_a_line_twice_needs_a_row_for_its_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\nthe\nsleeps\n";
        std::fs::write(folder.path().join("vocab.txt"), lines).unwrap();
        let tokenizer = Tokenizer::from_folder(folder.path(), 16).unwrap();
        assert_eq!(tokenizer.vocabulary_size(), 9);
        tokenizer.check_vocabulary(9).unwrap();
    }

    #[test]
    fn a_pair_loses_tokens_of_its_longer_text_first() {
        let pair = Text::Pair("the cat the cat".into(), "sleep the".into());
        let encoded = tokenizer(7).encode(&pair).unwrap();
        assert_eq!(encoded.ids, [2, 5, 6, 3, 7, 5, 3]);
        assert_eq!(encoded.segments, [0, 0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn words_know_their_first_token_unless_cut_or_empty() {
        let encoded = tokenizer(6).encode(&words(&["the", "\u{200b}", "sleeps", "", "cat", "the"])).unwrap();
        assert_eq!(encoded.ids, [2, 5, 7, 8, 6, 3]);
        assert_eq!(encoded.first_subword, [Some(1), None, Some(2), None, Some(4), None]);
        assert_eq!(tokenizer(6).encode(&words(&[])).unwrap().ids, [2, 3]);
    }

    #[test]
    fn unknown_and_special_tokens_are_told() {
        let tokenizer = tokenizer(16);
        assert_eq!(tokenizer.unknown_id(), Some(1));
        assert_eq!((tokenizer.special_tokens(false), tokenizer.special_tokens(true)), (2, 3));
    }

    #[test]
    fn a_vocabulary_larger_than_the_embedding_is_an_error() {
        assert!(tokenizer(8).check_vocabulary(9).is_ok());
        assert_eq!(
            tokenizer(8).check_vocabulary(8).unwrap_err().to_string(),
            "the tokenizer does not fit the encoder: its largest token id is 8 (\"##s\"), \
             but the encoder has 8 token embeddings"
        );
    }

    #[test]
    fn a_limit_without_room_for_text_is_an_error() {
        let error = Tokenizer::from_words(["a"], 3).unwrap_err().to_string();
        assert_eq!(error, "max_tokens must exceed the 3 special tokens of the tokenizer, got 3");
        assert!(Tokenizer::from_words(["a"], 4).is_ok());
    }

    #[test]
    fn the_fingerprint_tells_vocabularies_apart_and_not_limits() {
        assert_eq!(tokenizer(8).fingerprint(), tokenizer(9).fingerprint());
        let other = Tokenizer::from_words(["dog"], 8).unwrap();
        assert_ne!(tokenizer(8).fingerprint(), other.fingerprint());
    }
}
