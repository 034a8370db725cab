//! Optimizers, clipping and learning-rate schedules.

mod adamw;
mod clip;
mod groups;
mod schedule;
mod sgd;

pub use adamw::{AdamW, AdamWConfig};
pub use clip::global_norm;
pub use groups::{Group, Groups};
pub use schedule::{Schedule, ScheduleShape};
pub use sgd::{Sgd, SgdConfig};

use std::collections::BTreeMap;

use crate::device::Device;
use crate::element::Real;
use crate::error::TensorError;
use crate::param::Module;
use crate::tape::Gradients;

/// One saved tensor of an optimizer's state: name, sizes, values.
pub type StateTensor<M> = (String, Vec<usize>, Vec<M>);

/// What changes parameters by gradients.
pub trait Optimizer<M: Real, D: Device> {
    /// One update at a learning rate; every gradient is first multiplied by `gradient_scale`.
    ///
    /// A parameter without a gradient is untouched, and its count of updates stays.
    fn step(
        &mut self,
        module: &dyn Module<M, D>,
        gradients: &Gradients<M, D>,
        learning_rate: f64,
        gradient_scale: f64,
    );

    /// The state as named tensors; with [`Optimizer::load`] it continues to the same bits.
    fn state(&self, module: &dyn Module<M, D>) -> Vec<StateTensor<M>>;

    /// Takes a saved state. Entries whose parameter the module does not have are left out.
    ///
    /// Errors if an entry has another number of values than its parameter, if a count is no whole number of at
    /// least 0, or if a parameter has some of its entries only. The optimizer then stays as it was.
    fn load(&mut self, module: &dyn Module<M, D>, state: Vec<StateTensor<M>>) -> Result<(), TensorError>;
}

/// A saved state by name.
struct SavedState<M>(BTreeMap<String, Vec<M>>);

impl<M> SavedState<M> {
    fn new(state: Vec<StateTensor<M>>) -> Self {
        SavedState(state.into_iter().map(|(name, _, values)| (name, values)).collect())
    }

    /// The entry `kind/name` of a parameter; `None` if there is none.
    ///
    /// Errors unless it has `len` values.
    fn get(&self, kind: &str, name: &str, len: usize) -> Result<Option<&[M]>, TensorError> {
        let full = format!("{kind}/{name}");
        match self.0.get(&full) {
            Some(values) if values.len() != len => {
                Err(TensorError::SavedLength { name: full, expected: len, got: values.len() })
            }
            values => Ok(values.map(Vec::as_slice)),
        }
    }
}
