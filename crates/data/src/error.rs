//! What can be wrong with the data that a user brings.

use std::io;
use std::path::PathBuf;

use crate::benchmark::BenchmarkError;
use crate::location::Location;
use crate::nearest::hint;

/// What can be wrong with data. An error about a file begins with `path:line:column: `.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no file at the path.
    #[error("{at}: no such file{}", hint(.nearest))]
    NotFound {
        /// The first character of the missing file.
        at: Location,
        /// The file name in the same folder that is most like it.
        nearest: Option<String>,
    },
    /// The file could not be opened or read.
    #[error("{at}: failed to read: {source}")]
    Read {
        /// How far reading came.
        at: Location,
        /// What the system reports.
        source: io::Error,
    },
    /// A compressed stream ends before its end.
    #[error("{at}: the {compression} stream is cut short")]
    Truncated {
        /// How far reading came, in the uncompressed text.
        at: Location,
        /// `gzip` or `zstd`.
        compression: &'static str,
    },
    /// A compressed stream is damaged.
    #[error("{at}: the {compression} stream is damaged: {source}")]
    Damaged {
        /// How far reading came, in the uncompressed text.
        at: Location,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// What the decoder reports.
        source: io::Error,
    },
    /// A file named `.gz` or `.zst` does not hold such a stream.
    #[error("{at}: the name says {compression}, but the file does not begin as one")]
    NotCompressed {
        /// The first character of the file.
        at: Location,
        /// `gzip` or `zstd`.
        compression: &'static str,
    },
    /// A byte that no UTF-8 text holds at this place.
    #[error("{at}: byte 0x{byte:02x} at offset {offset} is not valid utf-8")]
    InvalidUtf8 {
        /// The place of the byte.
        at: Location,
        /// The byte.
        byte: u8,
        /// Its offset in the (uncompressed) file, from 0.
        offset: u64,
    },
    /// The file holds no example.
    #[error("{at}: the file holds no examples")]
    Empty {
        /// The first character of the file.
        at: Location,
    },
    /// A marked span that its text does not hold.
    #[error("{at}: no word of the text begins with the span {span:?} (said to be word {word}, from 0)")]
    NoSpan {
        /// The word's number.
        at: Location,
        /// The span.
        span: String,
        /// The number.
        word: usize,
    },
    /// A line that is no parse tree of the sentiment treebank.
    #[error("{at}: not a parse tree with a label from 0 to 4, such as `(3 (2 It) (4 works))`")]
    Tree {
        /// The line.
        at: Location,
    },
    /// A file is not what a benchmark publishes or asks for.
    #[error(transparent)]
    Benchmark(Box<BenchmarkError>),
    /// The format was not named and does not follow from the file name.
    #[error("{at}: no format follows from the file name; formats: {}", .formats.join(", "))]
    UnknownFormat {
        /// The first character of the file.
        at: Location,
        /// The formats there are.
        formats: Vec<&'static str>,
    },
    /// An empty line between rows that must not be passed over.
    #[error("{at}: the line is empty, and rows follow it; rows are answered line by line, so remove it")]
    EmptyLine {
        /// The line.
        at: Location,
    },
    /// A column that the file does not have.
    #[error("{at}: no column {name:?}; columns: {}{}", .columns.join(", "), hint(.nearest))]
    UnknownColumn {
        /// The line that names the columns, or the first line.
        at: Location,
        /// The column that was asked for.
        name: String,
        /// The columns there are.
        columns: Vec<String>,
        /// The most similar of them.
        nearest: Option<String>,
    },
    /// Two columns with the name that was asked for.
    #[error("{at}: column {name:?} stands twice; refer to it by its number, from 1")]
    AmbiguousColumn {
        /// The second of the two.
        at: Location,
        /// The name.
        name: String,
    },
    /// No text column was named where the format has no natural one, or more than two were.
    #[error("{at}: expected one or two text columns, got {got}")]
    TextColumns {
        /// The first character of the file.
        at: Location,
        /// How many were named.
        got: usize,
    },
    /// A kind of label that the format cannot hold.
    #[error("{at}: {format} files hold one label per word, not {kind}")]
    UnsupportedLabel {
        /// The first character of the file.
        at: Location,
        /// The format.
        format: &'static str,
        /// The kind of label asked for.
        kind: &'static str,
    },
    /// A line with fewer columns than the file has.
    #[error("{at}: expected {expected} columns, got {got}")]
    TooFewColumns {
        /// The end of the line.
        at: Location,
        /// The columns expected.
        expected: usize,
        /// The columns found.
        got: usize,
    },
    /// A CSV record or CoNLL line with more columns than were named.
    #[error("{at}: expected {expected} columns, got {got}; the first one too many stands here")]
    TooManyColumns {
        /// The first column too many.
        at: Location,
        /// The columns expected.
        expected: usize,
        /// The columns found.
        got: usize,
    },
    /// A quoted CSV field without its closing quote.
    #[error("{at}: the quote that opens here is never closed")]
    OpenQuote {
        /// The opening quote.
        at: Location,
    },
    /// A line that is not JSON.
    #[error("{at}: not one json object per line: {reason}")]
    Json {
        /// Where reading stopped.
        at: Location,
        /// What the JSON parser reports.
        reason: String,
    },
    /// A file that is not the JSON document that it should be.
    #[error("{at}: not the json document that is expected here: {reason}")]
    JsonDocument {
        /// Where reading stopped.
        at: Location,
        /// What the JSON parser reports.
        reason: String,
    },
    /// A JSON value of the wrong type.
    #[error("{at}: {key:?} must be {expected}, got {got}")]
    JsonType {
        /// The value.
        at: Location,
        /// The path of the key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        got: &'static str,
    },
    /// A word line of a CoNLL-U file whose first column is no word number.
    #[error("{at}: {id:?} is no word number, range or empty node")]
    WordNumber {
        /// The first column.
        at: Location,
        /// What stands there.
        id: String,
    },
    /// A label that must be a number and is not.
    #[error("{at}: {value:?} is not a number")]
    NotANumber {
        /// The label.
        at: Location,
        /// What stands there.
        value: String,
    },
    /// A number outside the scale of the task.
    #[error("{at}: {value} is outside the scale {low} to {high}")]
    OutOfScale {
        /// The label.
        at: Location,
        /// The number.
        value: f64,
        /// The lowest number allowed.
        low: f64,
        /// The highest number allowed.
        high: f64,
    },
    /// A label that is empty although no marker for missing labels was named.
    #[error("{at}: the label is empty; if it is missing on purpose, name the marker for missing labels")]
    EmptyLabel {
        /// Where the label should be.
        at: Location,
    },
    /// As many tags as words were expected.
    #[error("{at}: expected one tag for each of {words} words, got {tags}")]
    TagCount {
        /// The tags.
        at: Location,
        /// The number of words.
        words: usize,
        /// The number of tags.
        tags: usize,
    },
    /// A label that the train set does not have.
    #[error("{at}: label {label:?} does not stand in the train set{}", hint(.nearest))]
    UnknownLabel {
        /// The label.
        at: Location,
        /// What it is.
        label: String,
        /// The most similar label of the train set.
        nearest: Option<String>,
    },
    /// A file of the tokenizer that cannot be used.
    #[error("{at}: not a usable tokenizer: {reason}")]
    Tokenizer {
        /// The file.
        at: Location,
        /// What the tokenizer library reports.
        reason: String,
    },
    /// A folder without a tokenizer.
    #[error(
        "{at}: the folder holds neither tokenizer.json nor vocab.txt nor vocab.json with merges.txt",
        at = Location::from(.folder.clone())
    )]
    NoTokenizer {
        /// The folder.
        folder: PathBuf,
    },
    /// A vocabulary without a token that the model needs.
    #[error("{at}: the vocabulary has no token {token:?}")]
    MissingToken {
        /// The vocabulary.
        at: Location,
        /// The token.
        token: &'static str,
    },
    /// A tokenizer with more tokens than the encoder has embeddings.
    #[error(
        "the tokenizer does not fit the encoder: its largest token id is {largest} ({token:?}), \
         but the encoder has {vocab_size} token embeddings"
    )]
    VocabularyTooSmall {
        /// The largest token id.
        largest: u32,
        /// Its token.
        token: String,
        /// The rows of the encoder's token embedding.
        vocab_size: usize,
    },
    /// A limit on tokens that leaves no room for text.
    #[error("max_tokens must exceed the {special} special tokens of the tokenizer, got {max_tokens}")]
    MaxTokens {
        /// The limit.
        max_tokens: usize,
        /// The special tokens around one example.
        special: usize,
    },
    /// Text that the tokenizer refuses.
    #[error("failed to tokenize the example of line {line}: {reason}")]
    Tokenize {
        /// The line of the example; 0 if it was generated.
        line: usize,
        /// What the tokenizer library reports.
        reason: String,
    },
    /// The cache could not be written.
    #[error("{}: failed to write the cache: {source}", .path.display())]
    CacheWrite {
        /// The file or folder.
        path: PathBuf,
        /// What the system reports.
        source: io::Error,
    },
    /// A share outside the open interval from 0 to 1.
    #[error("the share of a split must lie between 0 and 1, got {share}")]
    Share {
        /// The share.
        share: f64,
    },
    /// As many keys as examples were expected.
    #[error("a split by a key needs a key for each of {examples} examples, got {keys}")]
    KeyCount {
        /// The number of examples.
        examples: usize,
        /// The number of keys.
        keys: usize,
    },
    /// An example without a value in the column that a split goes by.
    #[error("{at}: column {column:?}, by which examples are split, has no value here")]
    EmptyKey {
        /// The value's place, or the example's.
        at: Location,
        /// The column.
        column: String,
    },
    /// The words of one text have different values in the column that a split goes by.
    #[error(
        "{at}: column {column:?}, by which examples are split, has {second:?} here but {first:?} before in the \
         text"
    )]
    SeveralKeys {
        /// The second value's place.
        at: Location,
        /// The column.
        column: String,
        /// The value of the first word.
        first: String,
        /// The first other value.
        second: String,
    },
    /// A split that leaves one side without examples.
    #[error("a share of {share} of {examples} examples leaves one side of the split empty")]
    EmptySplit {
        /// The share.
        share: f64,
        /// The number of examples (or of keys).
        examples: usize,
    },
}
