//! A BERT from a Hugging Face folder and back.

use super::build::Values;
use super::{Bert, BertConfig};
use crate::error::EncoderError;
use crate::pretrained::Folder;
use mtl_core_tensor::element::Real;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Device, Module, NamedTensor, weights};
use std::path::Path;

/// What stands for `query`, `key` and `value` in the name of the parameter that holds all three.
const FUSED: &str = ".query_key_value.";
const PARTS: [&str; 3] = [".query.", ".key.", ".value."];

impl<M: Real> Values<M> for Folder {
    fn values(&self, name: &str, sizes: &[usize]) -> Result<Vec<M>, EncoderError> {
        self.get(name, sizes)
    }
}

impl<H: Dim, F: Dim, M: Real, D: Device> Bert<H, F, M, D> {
    /// Loads a folder as it is found: names with and without `bert.`, `gamma` and `beta` as well as `weight` and
    /// `bias`, one file or several, f16, bf16, f32 or f64. Heads and buffers in it are ignored; a pooler is loaded
    /// if it is there.
    ///
    /// Errors if a file is missing, cut short or wrong, a tensor is missing or has another shape, the weights are
    /// only a Python pickle, or the configuration is not a BERT's of this type's widths.
    pub fn from_folder(folder: &Path, device: &D) -> Result<Self, EncoderError> {
        Bert::from_folder_as(folder, device, "encoder.")
    }

    /// As [`from_folder`](Bert::from_folder), as the part of a model with this dotted name, which keys its draws: copies
    /// in one model have different ones.
    pub fn from_folder_as(folder: &Path, device: &D, model: &str) -> Result<Self, EncoderError> {
        let config = BertConfig::from_file(&Folder::config_path(folder)?)?;
        let weights = Folder::open(folder)?;
        Bert::build(device, &config, &weights, weights.has("pooler.dense.weight"), model)
    }

    /// Writes `config.json` and `model.safetensors` (f32) that `transformers.AutoModel` and
    /// [`Bert::from_folder`] load. Each file is there whole or not at all; the weights come last.
    ///
    /// Errors if the folder cannot be made or written.
    pub fn save_folder(&self, folder: &Path) -> Result<(), EncoderError> {
        std::fs::create_dir_all(folder).map_err(|source| EncoderError::Io {
            path: folder.into(),
            action: "create the folder",
            source,
        })?;
        weights::write_whole(&folder.join("config.json"), self.config.to_json().as_bytes())?;
        let metadata = [("format", "pt".to_string())];
        Ok(weights::save(&folder.join("model.safetensors"), &self.folder_tensors(), &metadata)?)
    }

    /// The parameters as folders name and shape them, in f32.
    pub(super) fn folder_tensors(&self) -> Vec<NamedTensor> {
        let mut tensors = Vec::new();
        self.visit(&mut |name, view| {
            let values: Vec<f32> = view.to_vec().iter().map(|x| x.as_f64() as f32).collect();
            if !name.contains(FUSED) {
                return tensors.push(NamedTensor::new(name, view.sizes.clone(), &values));
            }
            for (part, values) in PARTS.iter().zip(values.chunks_exact(values.len() / PARTS.len())) {
                tensors.push(NamedTensor::new(name.replace(FUSED, part), view.sizes[1..].to_vec(), values));
            }
        });
        tensors
    }
}
