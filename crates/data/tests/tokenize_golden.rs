//! Tokens against those of transformers (`golden/make_tokens.py`; versions in `golden/tokens.json`).

use std::path::{Path, PathBuf};

use mtl_data::{Text, Tokenizer};
use serde_json::Value;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// A string is a text, an array of two texts after `pair` a pair, any other array words; pairs and words are told
/// apart by the golden file, which gives words their first tokens.
fn text(case: &Value) -> Text {
    let (value, first) = (&case["text"], case["first_subword"].as_array().unwrap());
    match value.as_str() {
        Some(text) => Text::Single(text.to_owned()),
        None => match (&strings(value)[..], first.is_empty()) {
            ([first, second], true) => Text::Pair(first.clone(), second.clone()),
            (words, _) => Text::Words(words.to_vec()),
        },
    }
}

fn check(name: &str, folder: &str) {
    let golden_text = std::fs::read_to_string(golden().join("tokens.json")).unwrap();
    let cases: Value = serde_json::from_str(&golden_text).unwrap();
    let cases = cases[name].as_array().unwrap();
    assert!(cases.len() > 200);
    for case in cases {
        let limit = case["limit"].as_u64().unwrap() as usize;
        let tokenizer = Tokenizer::from_folder(&golden().join(folder), limit).unwrap();
        let encoded = tokenizer.encode(&text(case)).unwrap();
        assert_eq!(serde_json::json!(encoded.ids), case["ids"], "ids of {case}");
        assert_eq!(serde_json::json!(encoded.segments), case["segments"], "segments of {case}");
        assert_eq!(
            serde_json::json!(encoded.first_subword),
            case["first_subword"],
            "first subwords of {case}"
        );
    }
}

#[test]
fn a_lower_casing_vocabulary_gives_the_tokens_of_transformers() {
    check("uncased", "tokenizer_uncased");
}

#[test]
fn a_cased_vocabulary_gives_the_tokens_of_transformers() {
    check("cased", "tokenizer_cased");
}

#[test]
fn padding_and_truncation_stored_in_a_tokenizer_file_are_switched_off() {
    check("uncased", "tokenizer_json");
}

#[test]
fn a_tokenizer_written_as_json_reads_back_the_same() {
    let tokenizer = Tokenizer::from_folder(&golden().join("tokenizer_cased"), 16).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_json()).unwrap();
    let again = Tokenizer::from_folder(folder.path(), 16).unwrap();
    assert_eq!(again.fingerprint(), tokenizer.fingerprint());
    let text = Text::Single("The unbelievable cat, CAFÉ".into());
    assert_eq!(again.encode(&text).unwrap(), tokenizer.encode(&text).unwrap());
}

#[test]
fn a_folder_without_a_usable_tokenizer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let complaint = || {
        let message = Tokenizer::from_folder(folder.path(), 16).unwrap_err().to_string();
        message.replace(folder.path().to_str().unwrap(), "folder")
    };
    let none =
        "folder:1:1: the folder holds neither tokenizer.json nor vocab.txt nor vocab.json with merges.txt";
    assert_eq!(complaint(), none);
    std::fs::write(folder.path().join("vocab.txt"), b"[UNK]\n[CLS]\nabc\n").unwrap();
    assert_eq!(complaint(), "folder/vocab.txt:1:1: the vocabulary has no token \"[SEP]\"");
    std::fs::write(folder.path().join("vocab.txt"), b"[UNK]\nab\xffc\n").unwrap();
    assert_eq!(complaint(), "folder/vocab.txt:2:3: byte 0xff at offset 8 is not valid utf-8");
    std::fs::write(folder.path().join("vocab.txt"), b"").unwrap();
    assert_eq!(complaint(), "folder/vocab.txt:1:1: the vocabulary has no token \"[UNK]\"");
    std::fs::write(folder.path().join("tokenizer.json"), b"{\"version\": 1").unwrap();
    assert!(complaint().starts_with("folder/tokenizer.json:1:13: not a usable tokenizer: EOF"));
}
