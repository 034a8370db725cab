//! Penalties: terms of the step's loss that read parameters instead of text.

use crate::device::Device;
use crate::element::Real;
use crate::error::TensorError;
use crate::param::{Module, ParamId};
use crate::tape::Gradients;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

/// The parameters that a penalty reads: those that correspond to each other in the tasks' copies of an encoder.
#[derive(Debug)]
pub struct Copies<M: Real, D: Device> {
    /// Where they live.
    pub device: D,
    /// For each parameter its values in each task's copy, in the order of the tasks.
    pub parameters: Vec<Vec<(ParamId, Arc<D::Buffer<M>>)>>,
}

impl<M: Real, D: Device> Copies<M, D> {
    /// The values of these parameters of a module as they are now. A parameter that the module lacks is left out.
    pub fn of(device: &D, module: &dyn Module<M, D>, keys: &[Vec<ParamId>]) -> Self {
        let mut values: BTreeMap<ParamId, Arc<D::Buffer<M>>> = BTreeMap::new();
        module.visit_once(&mut |_, view| {
            values.insert(view.id, view.buffer());
        });
        let group =
            |ids: &Vec<ParamId>| ids.iter().filter_map(|id| Some((*id, values.get(id)?.clone()))).collect();
        Copies { device: device.clone(), parameters: keys.iter().map(group).collect() }
    }
}

/// A term of the step's loss over parameters, with its gradient or its proximal step.
pub trait Penalty<M: Real, D: Device>: Debug + Send + Sync {
    /// Adds the gradient of the penalty to those of the step, and returns the penalty's value.
    ///
    /// It is asked once a step, after gradients were weighted and combined and before they are clipped.
    fn add(&mut self, copies: &Copies<M, D>, gradients: &mut Gradients<M, D>) -> Result<f64, TensorError>;

    /// Changes parameters after the update at a learning rate: the proximal step of a penalty without a gradient.
    fn after_update(&mut self, _module: &dyn Module<M, D>, _learning_rate: f64) -> Result<(), TensorError> {
        Ok(())
    }

    /// What it has learned, to be saved.
    fn state(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Continues from a saved state of a penalty with the same settings.
    ///
    /// Errors if the state is of another length.
    fn restore(&mut self, state: &[f64]) -> Result<(), TensorError> {
        crate::error::check(
            "restore",
            "numbers of the penalty's state",
            &[self.state().len()],
            &[state.len()],
        )
    }
}
