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

use crate::device::Device;
use crate::element::Real;
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
        module: &mut dyn Module<M, D>,
        gradients: &Gradients<M, D>,
        learning_rate: f64,
        gradient_scale: f64,
    );

    /// The state as named tensors; with [`Optimizer::load`] it continues to the same bits.
    fn state(&self, module: &mut dyn Module<M, D>) -> Vec<StateTensor<M>>;

    /// Takes a saved state. Entries whose parameter the module does not have are left out.
    fn load(&mut self, module: &mut dyn Module<M, D>, state: Vec<StateTensor<M>>);
}
