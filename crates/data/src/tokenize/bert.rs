//! BERT's tokenizer made from a vocabulary: WordPiece (Wu et al. 2016, section 4.1) over words that are cleaned, divided
//! at punctuation and, if so wanted, lower-cased.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedToken, Tokenizer};

use super::not_json;
use crate::error::DataError;
use crate::location::Location;
use crate::read::Lines;

const UNKNOWN: &str = "[UNK]";
const CLASSIFY: &str = "[CLS]";
const SEPARATE: &str = "[SEP]";
/// The special tokens of BERT in the order in which a new vocabulary begins.
const SPECIAL: [&str; 5] = ["[PAD]", UNKNOWN, CLASSIFY, SEPARATE, "[MASK]"];
/// Those without which BERT cannot tokenize.
const REQUIRED: [&str; 3] = [UNKNOWN, CLASSIFY, SEPARATE];

/// What `tokenizer_config.json` says about a tokenizer that is made from `vocab.txt`.
#[derive(Debug, serde::Deserialize)]
#[serde(default)]
struct BertOptions {
    do_lower_case: bool,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: bool,
}

impl Default for BertOptions {
    fn default() -> Self {
        Self { do_lower_case: true, strip_accents: None, tokenize_chinese_chars: true }
    }
}

/// The tokenizer of a vocabulary, with the options of the `tokenizer_config.json` beside it.
pub(super) fn from_vocabulary(vocabulary: &Path) -> Result<Tokenizer, DataError> {
    let options = read_options(&vocabulary.with_file_name("tokenizer_config.json"))?;
    let tokens = read_vocabulary(vocabulary)?;
    if let Some(token) = REQUIRED.into_iter().find(|token| !tokens.iter().any(|other| other == token)) {
        return Err(DataError::MissingToken { at: Location::start(vocabulary), token });
    }
    Ok(word_piece(tokens, &options))
}

/// The lower-casing tokenizer of the special tokens and `words`, each once, in this order.
pub(super) fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Tokenizer {
    let mut seen = HashSet::new();
    let tokens = SPECIAL.into_iter().chain(words).filter(|word| seen.insert(word.to_string()));
    word_piece(tokens.map(String::from).collect(), &BertOptions::default())
}

fn read_options(path: &Path) -> Result<BertOptions, DataError> {
    if !path.exists() {
        return Ok(BertOptions::default());
    }
    let at = || Location::start(path);
    let bytes = std::fs::read(path).map_err(|source| DataError::Read { at: at(), source })?;
    serde_json::from_slice(&bytes).map_err(|error| not_json(path, &error))
}

/// The tokens of a `vocab.txt`, one per line; the line number less one is the id.
fn read_vocabulary(path: &Path) -> Result<Vec<String>, DataError> {
    let mut lines = Lines::open(&Arc::from(path))?;
    let mut tokens = Vec::new();
    while lines.advance()? {
        tokens.push(lines.text().to_owned());
    }
    Ok(tokens)
}

/// BERT's tokenizer over `tokens`, whose places are their ids; all [`REQUIRED`] ones are among them.
fn word_piece(tokens: Vec<String>, options: &BertOptions) -> Tokenizer {
    let id = |token: &str| {
        let found = tokens.iter().rposition(|other| other == token).expect("a required token is there");
        u32::try_from(found).expect("a vocabulary has fewer than 2^32 tokens")
    };
    let processor = BertProcessing::new((SEPARATE.into(), id(SEPARATE)), (CLASSIFY.into(), id(CLASSIFY)));
    let special: Vec<AddedToken> = SPECIAL
        .into_iter()
        .filter(|token| tokens.iter().any(|other| other == token))
        .map(|token| AddedToken::from(token, true))
        .collect();
    let mut vocabulary = WordPiece::read_bytes(b"").expect("an empty vocabulary can be read");
    vocabulary.extend(tokens.into_iter().zip(0..));
    let model = WordPiece::builder().vocab(vocabulary).unk_token(UNKNOWN.into()).build();
    let model = model.expect("a vocabulary in memory cannot fail to load");
    let normalizer = BertNormalizer::new(
        true,
        options.tokenize_chinese_chars,
        options.strip_accents,
        options.do_lower_case,
    );
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(normalizer)).expect("no token was added that must be normalised again");
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer)).with_post_processor(Some(processor));
    tokenizer.add_special_tokens(special).expect("special tokens of the vocabulary can be added");
    tokenizer
}
