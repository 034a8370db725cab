//! The seeds of the fuzz targets, without a fuzzer: nothing panics, good files are taken, bad ones refused.

#[path = "../../../fuzz/drivers/readers.rs"]
mod readers;
#[path = "../../../fuzz/drivers/tokenizer.rs"]
mod tokenizer;

/// Runs a driver over the seeds of its target; a file's name begins with what must become of it.
fn run(target: &str, driver: fn(&[u8]) -> usize) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/");
    let mut seen = [0, 0];
    for entry in std::fs::read_dir(format!("{folder}{target}")).expect("the seeds of the target") {
        let path = entry.expect("a seed").path();
        let is_good = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("good-"));
        let taken = driver(&std::fs::read(&path).expect("a seed is read"));
        assert_eq!(taken > 0, is_good, "{}: {taken} taken", path.display());
        seen[usize::from(is_good)] += 1;
    }
    assert!(seen.iter().all(|&files| files > 0), "{target}: {seen:?}");
}

#[test]
fn files_of_examples_are_taken_or_refused() {
    run("readers", readers::run);
}

#[test]
fn tokenizers_are_taken_or_refused() {
    run("tokenizer", tokenizer::run);
}
