//! Parameters: tensors that are learned, with a name, an identity and whether they decay.

use crate::device::Device;
use crate::element::Real;
use crate::error::TensorError;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The identity of a parameter, the key of its gradient. Unique in a process; names are for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(u64);

impl ParamId {
    fn fresh() -> ParamId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ParamId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Which kind of parameter this is: it decides about weight decay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A weight matrix or embedding table: decays.
    Weight,
    /// A bias or a gain or offset of a normalisation: never decays.
    BiasOrNorm,
}

/// A learned tensor of the master type.
///
/// A clone is another handle to the same parameter: same identity, shared storage. A layer can so be cloned into a
/// checkpointed part; [`Param::fork`] makes a parameter of its own.
#[derive(Debug, Clone)]
pub struct Param<S: Shape, M: Real, D: Device> {
    id: ParamId,
    role: Role,
    value: Tensor<S, M, D>,
}

impl<S: Shape, M: Real, D: Device> Param<S, M, D> {
    /// A parameter with these first values.
    pub fn new(role: Role, value: Tensor<S, M, D>) -> Self {
        Param { id: ParamId::fresh(), role, value: value.detach() }
    }

    /// Another parameter with the same values for now.
    pub fn fork(&self) -> Self {
        Param { id: ParamId::fresh(), ..self.clone() }
    }

    /// The key of its gradient.
    pub fn id(&self) -> ParamId {
        self.id
    }

    /// The values.
    pub fn value(&self) -> &Tensor<S, M, D> {
        &self.value
    }

    /// The values, to be replaced.
    pub fn value_mut(&mut self) -> &mut Tensor<S, M, D> {
        &mut self.value
    }

    /// This parameter without its shape's type.
    pub fn view(&mut self) -> ParamView<'_, M, D> {
        ParamView {
            id: self.id,
            role: self.role,
            sizes: self.value.sizes(),
            device: self.value.device().clone(),
            buffer: self.value.buffer_mut(),
        }
    }
}

/// A parameter whose shape is known at run time: what optimizers, files and checks see.
#[derive(Debug)]
pub struct ParamView<'a, M: Real, D: Device> {
    /// The key of its gradient.
    pub id: ParamId,
    /// Whether it decays.
    pub role: Role,
    /// The sizes of its shape.
    pub sizes: Vec<usize>,
    /// Where it lives.
    pub device: D,
    /// Its values, row-major.
    pub buffer: &'a mut D::Buffer<M>,
}

impl<M: Real, D: Device> ParamView<'_, M, D> {
    /// Replaces the values by host values. Errors if their number differs.
    pub fn set(&mut self, values: &[M]) -> Result<(), TensorError> {
        crate::error::check("set", "number of values", &[D::len(self.buffer)], &[values.len()])?;
        *self.buffer = self.device.upload(values);
        Ok(())
    }

    /// The values, copied to the host.
    pub fn to_vec(&self) -> Vec<M> {
        self.device.download(self.buffer)
    }
}

/// Something with named parameters: a layer, an encoder, a head, a model.
pub trait Module<M: Real, D: Device> {
    /// Shows each parameter with its name, always in the same order. Names are dotted paths.
    fn visit(&mut self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>));

    /// Every parameter's name and key.
    fn names(&mut self) -> BTreeMap<ParamId, String> {
        let mut names = BTreeMap::new();
        self.visit(&mut |name, view| {
            names.insert(view.id, name.to_string());
        });
        names
    }

    /// How many numbers are learned.
    fn parameter_count(&mut self) -> usize {
        let mut count = 0;
        self.visit(&mut |_, view| count += D::len(view.buffer));
        count
    }
}
