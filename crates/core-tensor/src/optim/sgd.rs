//! Stochastic gradient descent with momentum, in PyTorch's form: v = momentum v + g + decay w; w = w - lr v.

use super::{Groups, Optimizer, SavedState, StateTensor};
use crate::device::{Device, SgdStep};
use crate::element::Real;
use crate::error::TensorError;
use crate::param::{Module, ParamId};
use crate::tape::Gradients;
use std::collections::BTreeMap;

/// SGD's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct SgdConfig {
    /// Decay of the velocity, in [0, 1).
    pub momentum: f64,
    /// Looks ahead by the momentum before it steps (Nesterov).
    pub nesterov: bool,
    /// Decay (here an L2 penalty, as in PyTorch) and learning rate by group.
    pub groups: Groups,
}

/// SGD with its velocities.
#[derive(Debug)]
pub struct Sgd<M: Real, D: Device> {
    config: SgdConfig,
    velocities: BTreeMap<ParamId, D::Buffer<M>>,
}

impl<M: Real, D: Device> Sgd<M, D> {
    /// SGD that has made no step. Errors if the momentum is out of range.
    pub fn new(config: SgdConfig) -> Result<Self, TensorError> {
        if !(0.0..1.0).contains(&config.momentum) {
            return Err(TensorError::Range { name: "momentum", rule: "in [0, 1)", got: config.momentum });
        }
        Ok(Sgd { config, velocities: BTreeMap::new() })
    }
}

impl<M: Real, D: Device> Optimizer<M, D> for Sgd<M, D> {
    fn step(
        &mut self,
        module: &dyn Module<M, D>,
        gradients: &Gradients<M, D>,
        learning_rate: f64,
        gradient_scale: f64,
    ) {
        module.visit_once(&mut |name, view| {
            let Some(gradient) = gradients.get(view.id) else { return };
            let device = view.device.clone();
            let (rate_scale, weight_decay) = self.config.groups.of(name, view.role);
            let len = view.len();
            let velocity = self.velocities.entry(view.id).or_insert_with(|| device.zeros(len));
            let learning_rate = learning_rate * rate_scale;
            let step = SgdStep {
                learning_rate,
                momentum: self.config.momentum,
                weight_decay,
                nesterov: self.config.nesterov,
                gradient_scale,
            };
            let dense = device.upload(&gradient.to_dense(&device, len));
            view.update(|w| device.sgd(w, &dense, velocity, step));
        });
    }

    fn state(&self, module: &dyn Module<M, D>) -> Vec<StateTensor<M>> {
        let mut state = Vec::new();
        module.visit_once(&mut |name, view| {
            if let Some(velocity) = self.velocities.get(&view.id) {
                state.push((format!("velocity/{name}"), view.sizes.clone(), view.device.download(velocity)));
            }
        });
        state
    }

    fn load(&mut self, module: &dyn Module<M, D>, state: Vec<StateTensor<M>>) -> Result<(), TensorError> {
        let saved = SavedState::new(state);
        let (mut velocities, mut outcome) = (BTreeMap::new(), Ok(()));
        module.visit_once(&mut |name, view| match saved.get("velocity", name, view.len()) {
            Ok(Some(values)) => {
                velocities.insert(view.id, view.device.upload(values));
            }
            Ok(None) => {}
            Err(error) if outcome.is_ok() => outcome = Err(error),
            Err(_) => {}
        });
        outcome?;
        self.velocities = velocities;
        Ok(())
    }
}
