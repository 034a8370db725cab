//! RoBERTa's tokenizer (Liu et al. 2019) made from a vocabulary: byte-pair encoding over bytes (Radford et al. 2019), in
//! which a space is a part of the word that follows it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use tokenizers::decoders::byte_level::ByteLevel as Decoder;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, Model, Tokenizer};

use super::{not_json, unusable};
use crate::error::DataError;
use crate::location::Location;
use crate::read::Lines;

/// The vocabulary, from token to id.
pub(super) const VOCABULARY: &str = "vocab.json";
/// The pairs that are joined, most frequent first.
pub(super) const MERGES: &str = "merges.txt";
const BEGIN: &str = "<s>";
const END: &str = "</s>";
/// The special tokens of RoBERTa.
const SPECIAL: [&str; 5] = [BEGIN, "<pad>", END, "<unk>", "<mask>"];
/// Those without which RoBERTa cannot tokenize.
const REQUIRED: [&str; 2] = [BEGIN, END];

/// What `tokenizer_config.json` says about a tokenizer that is made from `vocab.json` and `merges.txt`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    add_prefix_space: bool,
}

/// The tokenizer of a `vocab.json`, with the `merges.txt` and the options of the `tokenizer_config.json` beside it.
///
/// Texts become `<s> text </s>`, pairs `<s> text </s></s> text </s>`, all of segment 0.
pub(super) fn from_vocabulary(vocabulary: &Path) -> Result<Tokenizer, DataError> {
    let options: Options = read(&vocabulary.with_file_name("tokenizer_config.json"))?.unwrap_or_default();
    let at = || Location::start(vocabulary);
    let merges = read_merges(&vocabulary.with_file_name(MERGES))?;
    let tokens: BTreeMap<String, u32> = read(vocabulary)?.unwrap_or_default();
    if let Some(token) = REQUIRED.into_iter().find(|token| !tokens.contains_key(*token)) {
        return Err(DataError::MissingToken { at: at(), token });
    }
    let builder = BPE::builder().vocab_and_merges(tokens.into_iter().collect::<Vocab>(), merges);
    let model = builder.build().map_err(|error| unusable(at(), &error))?;
    Ok(roberta(model, options.add_prefix_space))
}

/// RoBERTa's tokenizer of a model that knows the [`REQUIRED`] tokens.
fn roberta(model: BPE, add_prefix_space: bool) -> Tokenizer {
    let with_id =
        |token: &str| (token.to_owned(), model.token_to_id(token).expect("a required token is there"));
    let processor = RobertaProcessing::new(with_id(END), with_id(BEGIN)).add_prefix_space(add_prefix_space);
    let known = SPECIAL.into_iter().filter(|token| model.token_to_id(token).is_some());
    let special: Vec<AddedToken> = known.map(|token| AddedToken::from(token, true)).collect();
    let mut tokenizer = Tokenizer::new(model);
    tokenizer
        .with_pre_tokenizer(Some(ByteLevel::default().add_prefix_space(add_prefix_space)))
        .with_post_processor(Some(processor))
        .with_decoder(Some(Decoder::default()));
    tokenizer.add_special_tokens(special).expect("special tokens of the vocabulary can be added");
    tokenizer
}

/// The tokenizer for words of a tokenizer over bytes that puts no space before a text: each word has a space before it, as
/// inside a text. `None` for other tokenizers, which need no other one for words.
pub(super) fn for_words(tokenizer: &Tokenizer) -> Option<Tokenizer> {
    match tokenizer.get_pre_tokenizer() {
        Some(PreTokenizerWrapper::ByteLevel(bytes)) if !bytes.add_prefix_space => {
            let mut words = tokenizer.clone();
            words.with_pre_tokenizer(Some(bytes.add_prefix_space(true)));
            Some(words)
        }
        _ => None,
    }
}

/// The pairs of a `merges.txt`, two parts per line with a space between them, after an optional line `#version`.
fn read_merges(path: &Path) -> Result<Merges, DataError> {
    let mut lines = Lines::open(&Arc::from(path))?;
    let (mut merges, mut line) = (Vec::new(), 0);
    while lines.advance()? {
        line += 1;
        if lines.text().starts_with("#version") || lines.text().is_empty() {
            continue;
        }
        let parts: Vec<&str> = lines.text().split(' ').collect();
        let [left, right] = parts[..] else {
            let reason = format!("expected two parts with a space between them, got {:?}", lines.text());
            return Err(unusable(Location::new(path, line, 1), &reason));
        };
        merges.push((left.to_owned(), right.to_owned()));
    }
    Ok(merges)
}

/// The value of a JSON file, if there is one.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, DataError> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes =
        std::fs::read(path).map_err(|source| DataError::Read { at: Location::start(path), source })?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| not_json(path, &error))
}
