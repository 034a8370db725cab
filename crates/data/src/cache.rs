//! Tokenized text on disk, keyed by everything that it follows from.
//!
//! A file holds `MTLT`, the format version, the key, the number of texts, each text as counts and 32-bit numbers
//! (little-endian), and the SHA-256 of all before it. It is written beside its final name and renamed, so that no
//! reader ever sees half of it; a file that is short, damaged or of another key counts as absent.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use mtl_base::{hex, whole};
use sha2::{Digest, Sha256};

use crate::error::DataError;
use crate::example::Example;
use crate::location::Location;
use crate::read::Source;
use crate::tokenize::{Encoded, Tokenizer};

const MAGIC: &[u8; 4] = b"MTLT";
/// Raised whenever the files, the readers or the tokenization change what the same key would hold.
const VERSION: u32 = 1;
/// Stands for a word without a token.
const NONE: u32 = u32::MAX;
const HASH: usize = 32;

/// A folder of tokenized texts.
#[derive(Debug, Clone)]
pub struct TokenCache {
    folder: PathBuf,
}

/// Tokens, and what kept them from being stored.
#[derive(Debug)]
pub struct Cached {
    /// The tokens of each text, in order.
    pub encoded: Vec<Encoded>,
    /// Why they are not in the cache; `None` if they are.
    pub not_stored: Option<DataError>,
}

/// What a tokenized file follows from: its content, how it is read, the tokenizer, the limit, the cache's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheKey([u8; HASH]);

impl TokenCache {
    /// A cache in `folder`, which is made when something is first written to it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The tokens of `examples`, which were read from `source`: from the cache if it has them, else by `tokenizer`,
    /// and then written to the cache. A cache that cannot be written costs time, not the tokens.
    ///
    /// Errors if the file cannot be read or a text cannot be tokenized.
    pub fn encode(
        &self,
        source: &Source,
        examples: &[Example],
        tokenizer: &Tokenizer,
    ) -> Result<Cached, DataError> {
        let key = CacheKey::of(source, tokenizer)?;
        if let Some(encoded) = self.get(&key).filter(|encoded| encoded.len() == examples.len()) {
            return Ok(Cached { encoded, not_stored: None });
        }
        let encoded = tokenizer.encode_all(examples)?;
        let not_stored = self.put(&key, &encoded).err();
        Ok(Cached { encoded, not_stored })
    }

    /// What the cache holds under `key`; `None` if that is nothing whole.
    pub fn get(&self, key: &CacheKey) -> Option<Vec<Encoded>> {
        let bytes = fs::read(self.path(key)).ok()?;
        let (content, hash) = bytes.split_last_chunk::<HASH>()?;
        if Sha256::digest(content).as_slice() != hash {
            return None;
        }
        parse(content.strip_prefix(&header(key)[..])?)
    }

    /// Writes `encoded` under `key`, whole or not at all. Errors if the system refuses.
    pub fn put(&self, key: &CacheKey, encoded: &[Encoded]) -> Result<(), DataError> {
        let path = self.path(key);
        self.write(&path, key, encoded).map_err(|source| DataError::CacheWrite { path, source })
    }

    /// The file that holds, or would hold, what is under `key`.
    pub fn path(&self, key: &CacheKey) -> PathBuf {
        self.folder.join(format!("{}.tokens", hex(key.0)))
    }

    fn write(&self, path: &Path, key: &CacheKey, encoded: &[Encoded]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        whole::write_with(path, |file| write_texts(file, key, encoded))
    }
}

impl CacheKey {
    /// The key of the texts that `source` gives to `tokenizer`. Errors if the file cannot be read.
    ///
    /// Columns and format count, the path, the label and its kind do not, except that it decides what is a word.
    pub fn of(source: &Source, tokenizer: &Tokenizer) -> Result<Self, DataError> {
        let source = &*source.resolved()?;
        let mut hash = Sha256::new();
        hash_file(&source.path, &mut hash)?;
        let words = source.kind == crate::LabelKind::Tags;
        let separator = source.separator.as_ref().filter(|_| words);
        let parts =
            (source.resolved_format()?, source.has_header(), &source.columns, &source.text, words, separator);
        let reading = serde_json::to_vec(&parts).expect("names and numbers are valid json");
        for part in [&reading[..], tokenizer.fingerprint().as_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update((tokenizer.max_tokens() as u64).to_le_bytes());
        hash.update(VERSION.to_le_bytes());
        Ok(Self(hash.finalize().into()))
    }
}

/// Adds the content of a file, and its length.
fn hash_file(path: &Path, hash: &mut Sha256) -> Result<(), DataError> {
    let failed = |source| DataError::Read { at: Location::start(path), source };
    let mut file = File::open(path).map_err(failed)?;
    let (mut buffer, mut length) = (vec![0; 1 << 16], 0u64);
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            hash.update(length.to_le_bytes());
            return Ok(());
        }
        hash.update(&buffer[..read]);
        length += read as u64;
    }
}

/// The first bytes of a file: magic, version, key.
fn header(key: &CacheKey) -> Vec<u8> {
    [&MAGIC[..], &VERSION.to_le_bytes(), &key.0].concat()
}

/// A writer that hashes what it writes.
struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn write_texts(file: &mut File, key: &CacheKey, encoded: &[Encoded]) -> io::Result<()> {
    let mut out = Hashing { out: BufWriter::new(file), hash: Sha256::new() };
    out.write_all(&header(key))?;
    out.write_all(&(encoded.len() as u64).to_le_bytes())?;
    for text in encoded {
        write_text(&mut out, text)?;
    }
    out.out.write_all(&out.hash.finalize())?;
    out.out.flush()
}

fn write_text(out: &mut impl Write, text: &Encoded) -> io::Result<()> {
    let counts = [text.ids.len() as u32, text.first_subword.len() as u32];
    let first = text.first_subword.iter().map(|token| token.unwrap_or(NONE));
    let numbers = counts.into_iter().chain(text.ids.iter().copied()).chain(text.segments.iter().copied());
    numbers.chain(first).try_for_each(|number| out.write_all(&number.to_le_bytes()))
}

/// The texts after the header; `None` unless they fill the bytes exactly.
fn parse(mut bytes: &[u8]) -> Option<Vec<Encoded>> {
    let count = u64::from_le_bytes(*bytes.split_off(..8)?.as_array()?);
    let mut texts = Vec::new();
    for _ in 0..count {
        let (tokens, words) = (number(&mut bytes)? as usize, number(&mut bytes)? as usize);
        texts.push(Encoded {
            ids: numbers(&mut bytes, tokens)?,
            segments: numbers(&mut bytes, tokens)?,
            first_subword: numbers(&mut bytes, words)?
                .into_iter()
                .map(|n| (n != NONE).then_some(n))
                .collect(),
        });
    }
    bytes.is_empty().then_some(texts)
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    bytes.split_off(..4)?.as_array().map(|number| u32::from_le_bytes(*number))
}

fn numbers(bytes: &mut &[u8], count: usize) -> Option<Vec<u32>> {
    let (numbers, _) = bytes.split_off(..count.checked_mul(4)?)?.as_chunks::<4>();
    Some(numbers.iter().map(|number| u32::from_le_bytes(*number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LabelKind;

    fn setting() -> (tempfile::TempDir, Source, Vec<Example>, Tokenizer) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tsv");
        fs::write(&path, "text\tother\nthe cat\tx\nthe\ty\n").unwrap();
        let source = Source::new(path, LabelKind::Tags).text(["text"]);
        let examples = source.read().unwrap().collect::<Result<_, _>>().unwrap();
        (folder, source, examples, Tokenizer::from_words(["the", "cat"], 8).unwrap())
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (folder, source, examples, tokenizer) = setting();
        let cache = TokenCache::new(folder.path().join("cache"));
        let key = CacheKey::of(&source, &tokenizer).unwrap();
        assert_eq!(cache.get(&key), None);
        let Cached { encoded, not_stored } = cache.encode(&source, &examples, &tokenizer).unwrap();
        assert!(not_stored.is_none());
        assert_eq!(cache.get(&key).as_ref(), Some(&encoded));
        assert_eq!(cache.encode(&source, &examples, &tokenizer).unwrap().encoded, encoded);
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 1);
    }

    #[test]
    fn the_key_follows_content_columns_tokenizer_and_limit_but_not_the_path() {
        let (folder, source, _, tokenizer) = setting();
        let key = CacheKey::of(&source, &tokenizer).unwrap();
        let moved = folder.path().join("b.tsv");
        fs::copy(&source.path, &moved).unwrap();
        assert_eq!(CacheKey::of(&Source { path: moved.clone(), ..source.clone() }, &tokenizer).unwrap(), key);
        let mut others = vec![
            CacheKey::of(&source.clone().text(["other"]), &tokenizer).unwrap(),
            CacheKey::of(&Source { kind: LabelKind::Class, ..source.clone() }, &tokenizer).unwrap(),
            CacheKey::of(&source, &Tokenizer::from_words(["the", "cat"], 9).unwrap()).unwrap(),
            CacheKey::of(&source, &Tokenizer::from_words(["the", "dog"], 8).unwrap()).unwrap(),
        ];
        fs::write(&moved, "text\tother\nthe cat\tx\nThe\ty\n").unwrap();
        others.push(CacheKey::of(&Source { path: moved, ..source }, &tokenizer).unwrap());
        assert!(others.iter().all(|other| *other != key));
    }

    #[test]
    fn a_short_or_damaged_file_is_rewritten() {
        let (folder, source, examples, tokenizer) = setting();
        let cache = TokenCache::new(folder.path());
        let key = CacheKey::of(&source, &tokenizer).unwrap();
        let encoded = cache.encode(&source, &examples, &tokenizer).unwrap().encoded;
        let whole = fs::read(cache.path(&key)).unwrap();
        let mut damaged = whole.clone();
        damaged[50] ^= 1;
        for broken in [&damaged[..], &whole[..whole.len() - 1], &whole[..20], &[]] {
            fs::write(cache.path(&key), broken).unwrap();
            assert_eq!(cache.get(&key), None);
            assert_eq!(cache.encode(&source, &examples, &tokenizer).unwrap().encoded, encoded);
            assert_eq!(fs::read(cache.path(&key)).unwrap(), whole);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_costs_no_tokens() {
        let (_folder, source, examples, tokenizer) = setting();
        let cache = TokenCache::new(source.path.join("below a file"));
        let Cached { encoded, not_stored } = cache.encode(&source, &examples, &tokenizer).unwrap();
        assert_eq!(encoded, tokenizer.encode_all(&examples).unwrap());
        let said = not_stored.unwrap().to_string();
        assert!(said.contains("failed to write the cache"), "{said}");
    }
}
