//! Reads bytes as a tokenizer, of both kinds of file, and tokenizes a text.

use mtl_data::{Text, Tokenizer};

/// How many of the two kinds of file the bytes are.
pub fn run(bytes: &[u8]) -> usize {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let as_file = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file in it");
        let Ok(tokenizer) = Tokenizer::from_file(&path, 16) else { return false };
        let texts = [Text::Single("The cat sleeps.".into()), Text::Words(vec!["a".into(), "\u{301}".into()])];
        texts.iter().all(|text| tokenizer.encode(text).is_ok_and(|encoded| encoded.ids.len() <= 16))
    };
    usize::from(as_file("vocab.txt")) + usize::from(as_file("tokenizer.json"))
}
