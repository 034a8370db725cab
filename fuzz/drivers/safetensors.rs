//! Reads bytes as a file of weights.

use mtl_core_tensor::WeightFile;

/// 1 if the file is taken, 0 if it is refused.
pub fn run(bytes: &[u8]) -> usize {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, bytes).expect("a file in it");
    usize::from(WeightFile::open(&path).is_ok())
}
