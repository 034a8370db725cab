//! Reads bytes as the saved state of a run.

use mtl_train::checkpoint::CheckpointFolder;

/// 1 if the state is taken, 0 if it is refused.
pub fn run(bytes: &[u8]) -> usize {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("state.json"), bytes).expect("a file in it");
    usize::from(CheckpointFolder::new(folder.path().to_owned()).read().is_ok_and(|state| state.is_some()))
}
