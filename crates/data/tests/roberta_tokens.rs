//! RoBERTa's tokens against those of transformers (`golden/make_roberta_tokens.py`; versions in
//! `golden/roberta_tokens.json`).

use std::fs;
use std::path::{Path, PathBuf};

use mtl_data::{Text, Tokenizer};
use serde_json::{Value, json};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

fn text(case: &Value) -> Text {
    let text = &case["text"];
    match case["kind"].as_str().unwrap() {
        "single" => Text::Single(text.as_str().unwrap().to_owned()),
        "pair" => Text::Pair(strings(text)[0].clone(), strings(text)[1].clone()),
        _ => Text::Words(strings(text)),
    }
}

fn check(name: &str, folder: &Path) {
    let cases: Value =
        serde_json::from_str(&fs::read_to_string(golden("roberta_tokens.json")).unwrap()).unwrap();
    let cases = cases[name].as_array().unwrap();
    assert!(cases.len() > 350);
    for case in cases {
        let tokenizer = Tokenizer::from_folder(folder, case["limit"].as_u64().unwrap() as usize).unwrap();
        let encoded = tokenizer.encode(&text(case)).unwrap();
        assert_eq!(json!(encoded.ids), case["ids"], "ids of {case}");
        assert_eq!(json!(encoded.segments), case["segments"], "segments of {case}");
        assert_eq!(json!(encoded.first_subword), case["first_subword"], "first subwords of {case}");
    }
}

/// A copy of the folder with a vocabulary and merges.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["vocab.json", "merges.txt"] {
        fs::copy(golden("tokenizer_roberta").join(file), folder.path().join(file)).unwrap();
    }
    folder
}

#[test]
fn a_vocabulary_with_merges_gives_the_tokens_of_transformers() {
    check("plain", &golden("tokenizer_roberta"));
}

#[test]
fn a_space_before_the_text_gives_the_tokens_of_transformers() {
    let folder = copy();
    fs::write(folder.path().join("tokenizer_config.json"), r#"{"add_prefix_space": true}"#).unwrap();
    check("spaced", folder.path());
}

#[test]
fn a_tokenizer_file_gives_the_tokens_of_transformers() {
    check("plain", &golden("tokenizer_roberta_json"));
}

#[test]
fn a_tokenizer_written_as_json_reads_back_the_same() {
    let tokenizer = Tokenizer::from_folder(&golden("tokenizer_roberta"), 16).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tokenizer.json"), tokenizer.to_json()).unwrap();
    check("plain", folder.path());
    assert_eq!((tokenizer.special_tokens(false), tokenizer.special_tokens(true)), (2, 4));
    assert_eq!(tokenizer.unknown_id(), None);
}

#[test]
fn what_is_wrong_with_a_vocabulary_is_named() {
    let folder = copy();
    let complaint = || {
        let message = Tokenizer::from_folder(folder.path(), 16).unwrap_err().to_string();
        message.replace(folder.path().to_str().unwrap(), "folder")
    };
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write("merges.txt", "#version: 0.2\nt h e\n");
    assert!(complaint().starts_with("folder/merges.txt:2:1: "), "{}", complaint());
    write("merges.txt", "zzz qqq\n");
    assert!(complaint().starts_with("folder/vocab.json:1:1: "), "{}", complaint());
    write("vocab.json", r#"{"<s>": 0}"#);
    assert_eq!(complaint(), "folder/vocab.json:1:1: the vocabulary has no token \"</s>\"");
    write("vocab.json", "{");
    assert!(complaint().starts_with("folder/vocab.json:1:1: "), "{}", complaint());
    fs::remove_file(folder.path().join("merges.txt")).unwrap();
    assert!(complaint().contains("nor vocab.json with merges.txt"), "{}", complaint());
}
