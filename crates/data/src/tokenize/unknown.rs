//! Which token stands for what a vocabulary cannot express.

use serde::Deserialize;

/// The part of a `tokenizer.json` that says it: by text, or by id in a unigram model.
#[derive(Deserialize)]
struct Json {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    unk_token: Option<String>,
    unk_id: Option<u32>,
}

/// The id of the unknown token; `None` if there is none.
pub(super) fn unknown_id(tokenizer: &tokenizers::Tokenizer, json: &str) -> Option<u32> {
    let Json { model } = serde_json::from_str(json).expect("a tokenizer in memory is valid json");
    model.unk_id.or_else(|| tokenizer.token_to_id(&model.unk_token?))
}
