//! Folders of pretrained weights as Hugging Face keeps them: `config.json` beside `model.safetensors`, or beside
//! `model.safetensors.index.json` and the parts that it lists.

use crate::error::{EncoderError, read_text};
use crate::table::{Kind, Table, Values};
use mtl_core_tensor::WeightFile;
use mtl_core_tensor::element::Real;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const PICKLES: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/// The weights of a folder, under names that do not depend on who wrote it.
#[derive(Debug)]
pub struct Folder {
    files: Vec<WeightFile>,
    prefix: String,
}

impl Folder {
    /// The path of a folder's `config.json`. Errors if there is none.
    pub fn config_path(folder: &Path) -> Result<PathBuf, EncoderError> {
        let path = folder.join("config.json");
        if path.is_file() {
            return Ok(path);
        }
        Err(EncoderError::NoFile { folder: folder.into(), file: "config.json" })
    }

    /// Opens the weights of a folder. Names have no prefix yet.
    ///
    /// Errors if there are none, only a Python pickle, or files that are cut short or wrong.
    pub fn open(folder: &Path) -> Result<Folder, EncoderError> {
        let files = if folder.join(WEIGHTS).is_file() {
            vec![WeightFile::open(&folder.join(WEIGHTS))?]
        } else if folder.join(INDEX).is_file() {
            open_parts(folder)?
        } else if let Some(file) = PICKLES.into_iter().find(|file| folder.join(file).is_file()) {
            return Err(EncoderError::OnlyPickle { folder: folder.into(), file });
        } else {
            return Err(EncoderError::NoFile { folder: folder.into(), file: WEIGHTS });
        };
        Ok(Folder { files, prefix: String::new() })
    }

    /// The same weights, named as the family of this table names them: what stands before the table's landmark stands
    /// before every name.
    pub fn of_family(self, table: &Table) -> Folder {
        let prefix = self.prefix_before(table.landmark()).unwrap_or_default().to_string();
        Folder { prefix, ..self }
    }

    /// What stands before the first name that ends so.
    pub(crate) fn prefix_before(&self, landmark: &str) -> Option<&str> {
        self.files.iter().flat_map(WeightFile::names).find_map(|name| name.strip_suffix(landmark))
    }

    /// What stands before every name, such as `bert.`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The names of the tensors without the prefix, of those that have it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(WeightFile::names).filter_map(|name| name.strip_prefix(&self.prefix))
    }

    /// Whether the folder holds a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The values of a tensor of this shape, converted from f16, bf16, f32 or f64.
    ///
    /// `name` is the newer one, without a prefix such as `bert.`; where the file says `gamma` and `beta`, these are
    /// a layer norm's `weight` and `bias`. Errors if the tensor is missing, has another shape or holds no floats.
    pub fn get<M: Real>(&self, name: &str, sizes: &[usize]) -> Result<Vec<M>, EncoderError> {
        let missing = || (&self.files[0], format!("{}{name}", self.prefix));
        let (file, name) = self.find(name).unwrap_or_else(missing);
        Ok(file.get(&name, sizes)?)
    }

    /// The file that holds a tensor, and its name there.
    fn find(&self, name: &str) -> Option<(&WeightFile, String)> {
        let older = older_name(name).map(|older| format!("{}{older}", self.prefix));
        let names = [Some(format!("{}{name}", self.prefix)), older];
        names.into_iter().flatten().find_map(|name| {
            let file = self.files.iter().find(|file| file.sizes(&name).is_some())?;
            Some((file, name))
        })
    }
}

impl<M: Real> Values<M> for Folder {
    fn values(&self, name: &str, sizes: &[usize], _: Kind) -> Result<Vec<M>, EncoderError> {
        self.get(name, sizes)
    }

    fn has(&self, name: &str) -> bool {
        Folder::has(self, name)
    }
}

/// What older files call the gain and the offset of a layer norm.
fn older_name(name: &str) -> Option<String> {
    let rename = |new: &str, old: &str| name.strip_suffix(new).map(|head| format!("{head}{old}"));
    rename("LayerNorm.weight", "LayerNorm.gamma").or_else(|| rename("LayerNorm.bias", "LayerNorm.beta"))
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

fn open_parts(folder: &Path) -> Result<Vec<WeightFile>, EncoderError> {
    let path = folder.join(INDEX);
    let text = read_text(&path)?;
    let index: Index =
        serde_json::from_str(&text).map_err(|error| EncoderError::Json { path: path.clone(), error })?;
    let parts: BTreeSet<String> = index.weight_map.into_values().collect();
    if parts.is_empty() {
        return Err(EncoderError::NoFile { folder: folder.into(), file: WEIGHTS });
    }
    let open = |part: String| {
        // A part elsewhere on the disk is a mistake or worse.
        if Path::new(&part).file_name() != Some(part.as_ref()) {
            return Err(EncoderError::Part { path: path.clone(), part });
        }
        Ok(WeightFile::open(&folder.join(part))?)
    };
    parts.into_iter().map(open).collect()
}
