//! An encoder from a Hugging Face folder and back.

use super::{Transformer, Variant};
use crate::error::{ConfigTextError, EncoderError, read_text};
use crate::family::check_layers;
use crate::pretrained::Folder;
use crate::signature::Hints;
use mtl_core_tensor::element::Real;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Device, Pooling, weights};
use std::path::Path;

/// Reads a `config.json`.
pub(crate) fn read_file<C: Variant>(path: &Path) -> Result<C, EncoderError> {
    let text = read_text(path)?;
    C::from_json(&text).map_err(|error| error.in_file(path, &text))
}

impl<C: Variant, H: Dim, F: Dim, M: Real, D: Device> Transformer<C, H, F, M, D> {
    /// Loads a folder as it is found: names with and without a prefix such as `bert.`, `gamma` and `beta` as well as
    /// `weight` and `bias`, one file or several, f16, bf16, f32 or f64. Heads and buffers in it are ignored; a pooler is
    /// loaded if it is there.
    ///
    /// Errors if a file is missing, cut short or wrong, a tensor is missing or has another shape, the weights are
    /// only a Python pickle or have more layers than the configuration, or the configuration is not of this family and
    /// of this type's widths.
    pub fn from_folder(folder: &Path, device: &D) -> Result<Self, EncoderError> {
        Transformer::from_folder_as(folder, device, "encoder.")
    }

    /// As [`from_folder`](Transformer::from_folder), as the part of a model with this dotted name, which keys its draws:
    /// copies in one model have different ones.
    pub fn from_folder_as(folder: &Path, device: &D, model: &str) -> Result<Self, EncoderError> {
        let path = Folder::config_path(folder)?;
        let text = read_text(&path)?;
        let fail = |error: ConfigTextError| error.in_file(&path, &text);
        let config = C::from_json(&text).map_err(fail)?;
        let weights = Folder::open(folder)?.of_family(C::TABLE);
        let hints: Hints = serde_json::from_str(&text).map_err(|error| fail(error.into()))?;
        if !hints.name_a_family() {
            C::SIGNATURE.check_prefix(weights.prefix()).map_err(|problem| fail(problem.into()))?;
        }
        check_layers(&config.into(), C::TABLE, &weights).map_err(|problem| fail(problem.into()))?;
        Transformer::build(device, &config, &weights, Pooling::First, model)
    }

    /// Writes `config.json` and `model.safetensors` (f32) that `transformers.AutoModel` and
    /// [`from_folder`](Transformer::from_folder) load. Each file is there whole or not at all; the weights come last.
    ///
    /// Errors if the folder cannot be made or written.
    pub fn save_folder(&self, folder: &Path) -> Result<(), EncoderError> {
        std::fs::create_dir_all(folder).map_err(|source| EncoderError::Io {
            path: folder.into(),
            action: "create the folder",
            source,
        })?;
        weights::write_whole(&folder.join("config.json"), Variant::to_json(&self.config).as_bytes())?;
        let metadata = [("format", "pt".to_string())];
        Ok(weights::save(&folder.join("model.safetensors"), &C::TABLE.write(self), &metadata)?)
    }
}
