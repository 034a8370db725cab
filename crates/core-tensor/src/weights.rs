//! Named tensors in safetensors files.
//!
//! Files are written beside their place, synced and renamed, so that a crash leaves the old file whole.

use crate::device::Device;
use crate::element::{Element, Real, bf16};
use crate::error::{FileAction, FileProblem, TensorError};
use crate::param::Module;
use half::f16;
use mtl_base::whole;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// One tensor on its way to a file.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// The name in the file.
    pub name: String,
    /// The sizes of its shape.
    pub sizes: Vec<usize>,
    /// How an element is stored.
    pub dtype: crate::DType,
    /// The elements, little-endian.
    pub bytes: Vec<u8>,
}

impl NamedTensor {
    /// A tensor from host values.
    pub fn new<E: Element>(name: impl Into<String>, sizes: Vec<usize>, values: &[E]) -> NamedTensor {
        NamedTensor {
            name: name.into(),
            sizes,
            dtype: E::DTYPE,
            bytes: bytemuck::cast_slice(values).to_vec(),
        }
    }
}

/// The parameters of a module, ready for a file.
pub fn tensors_of<M: Real, D: Device>(module: &dyn Module<M, D>) -> Vec<NamedTensor> {
    let mut tensors = Vec::new();
    module.visit_once(&mut |name, view| {
        tensors.push(NamedTensor::new(name, view.sizes.clone(), &view.to_vec()))
    });
    tensors
}

/// Sets every parameter of a module from a file of the same names.
///
/// Errors if one is missing or has another shape or no floats; then the module is as it was.
pub fn load_into<M: Real, D: Device>(
    module: &dyn Module<M, D>,
    file: &WeightFile,
) -> Result<(), TensorError> {
    load_prefixed(module, file, "")
}

/// As [`load_into`], from tensors whose names have `prefix` before them.
pub fn load_prefixed<M: Real, D: Device>(
    module: &dyn Module<M, D>,
    file: &WeightFile,
    prefix: &str,
) -> Result<(), TensorError> {
    let mut outcome = Ok(());
    module.visit_once(&mut |name, view| {
        if outcome.is_ok() {
            outcome = file.find(&format!("{prefix}{name}"), &view.sizes).map(|_| ());
        }
    });
    outcome?;
    module.visit_once(&mut |name, view| {
        let values = file.get(&format!("{prefix}{name}"), &view.sizes).expect("every tensor was just found");
        view.set(&values).expect("a tensor of the parameter's shape has as many values");
    });
    Ok(())
}

/// Writes tensors and metadata as one safetensors file, whole or not at all.
pub fn save(path: &Path, tensors: &[NamedTensor], metadata: &[(&str, String)]) -> Result<(), TensorError> {
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|t| {
            TensorView::new(dtype_in_file(t.dtype), t.sizes.clone(), &t.bytes).map(|view| (&t.name, view))
        })
        .collect();
    let metadata: HashMap<String, String> =
        metadata.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
    let bytes = views.and_then(|views| safetensors::serialize(views, Some(metadata)));
    let bytes = bytes.map_err(|e| TensorError::File { path: path.into(), problem: e.into() })?;
    write_whole(path, &bytes)
}

/// Writes a file beside its place, syncs it and renames it: after a crash the old file or the new one is there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TensorError> {
    let failed = |source| TensorError::File {
        path: path.into(),
        problem: FileProblem::Io { action: FileAction::Write, source },
    };
    whole::write(path, bytes).map_err(failed)
}

/// A weight file, read whole.
#[derive(Debug)]
pub struct WeightFile {
    path: PathBuf,
    bytes: Vec<u8>,
    index: BTreeMap<String, (Dtype, Vec<usize>, std::ops::Range<usize>)>,
    metadata: HashMap<String, String>,
}

impl WeightFile {
    /// Reads a file. Errors if it cannot be read, is cut short, or its header is too large or wrong.
    pub fn open(path: &Path) -> Result<WeightFile, TensorError> {
        let fail = |problem| TensorError::File { path: path.into(), problem };
        let bytes = std::fs::read(path)
            .map_err(|source| fail(FileProblem::Io { action: FileAction::Read, source }))?;
        let (header, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| fail(e.into()))?;
        let start = header + size_of::<u64>();
        let parsed = SafeTensors::deserialize(&bytes).map_err(|e| fail(e.into()))?;
        debug_assert_eq!(parsed.len(), metadata.tensors().len());
        let entry = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
            let (from, to) = info.data_offsets;
            (name, (info.dtype, info.shape.clone(), start + from..start + to))
        };
        let index = metadata.tensors().into_iter().map(entry).collect();
        let metadata = metadata.metadata().clone().unwrap_or_default();
        Ok(WeightFile { path: path.into(), bytes, index, metadata })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.index.keys().map(String::as_str)
    }

    /// The sizes of a tensor, if it is there.
    pub fn sizes(&self, name: &str) -> Option<&[usize]> {
        self.index.get(name).map(|(_, sizes, _)| sizes.as_slice())
    }

    /// One entry of the file's metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// The values of a tensor of this shape, converted from f16, bf16, f32 or f64.
    ///
    /// Errors if it is missing, has another shape or holds no floats.
    pub fn get<M: Real>(&self, name: &str, sizes: &[usize]) -> Result<Vec<M>, TensorError> {
        let (dtype, bytes) = self.find(name, sizes)?;
        Ok(match dtype {
            FloatInFile::F16 => convert::<f16, M>(bytes, f16::to_f64),
            FloatInFile::Bf16 => convert::<bf16, M>(bytes, bf16::to_f64),
            FloatInFile::F32 => convert::<f32, M>(bytes, f64::from),
            FloatInFile::F64 => convert::<f64, M>(bytes, |x| x),
        })
    }

    /// The bytes of a tensor of this shape that holds floats.
    fn find(&self, name: &str, sizes: &[usize]) -> Result<(FloatInFile, &[u8]), TensorError> {
        let fail = |problem| TensorError::File { path: self.path.clone(), problem };
        let (dtype, got, range) = self.index.get(name).ok_or_else(|| fail(self.missing(name)))?;
        let name = name.to_string();
        if got != sizes {
            let (expected, got) = (sizes.to_vec(), got.clone());
            return Err(fail(FileProblem::Shape { name, expected, got }));
        }
        let float = match dtype {
            Dtype::F16 => FloatInFile::F16,
            Dtype::BF16 => FloatInFile::Bf16,
            Dtype::F32 => FloatInFile::F32,
            Dtype::F64 => FloatInFile::F64,
            other => return Err(fail(FileProblem::Dtype { name, dtype: format!("{other:?}") })),
        };
        Ok((float, &self.bytes[range.clone()]))
    }

    fn missing(&self, name: &str) -> FileProblem {
        let similarity = |other: &&String| {
            let common_tail = other.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count();
            let common_head = other.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            common_head + common_tail
        };
        FileProblem::Missing {
            name: name.to_string(),
            nearest: self.index.keys().max_by_key(similarity).cloned(),
        }
    }
}

/// The floats that a file may hold.
#[derive(Debug, Clone, Copy)]
enum FloatInFile {
    F16,
    Bf16,
    F32,
    F64,
}

fn convert<T: bytemuck::Pod, M: Real>(bytes: &[u8], to_f64: impl Fn(T) -> f64) -> Vec<M> {
    bytes.chunks_exact(size_of::<T>()).map(|b| M::from_f64(to_f64(bytemuck::pod_read_unaligned(b)))).collect()
}

fn dtype_in_file(dtype: crate::DType) -> Dtype {
    match dtype {
        crate::DType::Bf16 => Dtype::BF16,
        crate::DType::F32 => Dtype::F32,
        crate::DType::F64 => Dtype::F64,
        crate::DType::U32 => Dtype::U32,
        crate::DType::I64 => Dtype::I64,
    }
}
