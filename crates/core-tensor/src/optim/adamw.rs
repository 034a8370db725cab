//! AdamW (Loshchilov and Hutter 2019): Adam with decoupled weight decay.
//!
//! m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
//! w = w - lr (m / (1 - beta1^k) / (sqrt(v / (1 - beta2^k)) + epsilon) + decay w), with k this tensor's count.
//!
//! Dense in meaning: rows of an embedding table without gradient still decay, and their moments fade. A tensor
//! that has no gradient in a step is untouched, and its count stays.

use super::{Groups, Optimizer, SavedState, StateTensor};
use crate::device::{AdamWStep, Device};
use crate::element::Real;
use crate::error::TensorError;
use crate::param::{Module, ParamId, ParamView};
use crate::tape::{Gradient, Gradients};
use std::collections::BTreeMap;

/// AdamW's settings.
///
/// | name | default | range |
/// |---|---|---|
/// | `beta1` | 0.9 | [0, 1) |
/// | `beta2` | 0.999 | [0, 1) |
/// | `epsilon` | 1e-8 | positive |
#[derive(Debug, Clone, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decay and learning rate by group.
    pub groups: Groups,
}

impl AdamWConfig {
    /// The defaults, with this weight decay.
    pub fn new(weight_decay: f64) -> Self {
        AdamWConfig { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, groups: Groups::new(weight_decay) }
    }
}

/// AdamW with its moments.
#[derive(Debug)]
pub struct AdamW<M: Real, D: Device> {
    config: AdamWConfig,
    moments: BTreeMap<ParamId, Moments<M, D>>,
}

#[derive(Debug)]
struct Moments<M: Real, D: Device> {
    first: D::Buffer<M>,
    second: D::Buffer<M>,
    /// Which rows of a table may have moments that are not zero; empty if unknown.
    live: Vec<bool>,
    count: u64,
}

impl<M: Real, D: Device> AdamW<M, D> {
    /// AdamW that has made no step. Errors if a setting is out of range.
    pub fn new(config: AdamWConfig) -> Result<Self, TensorError> {
        for (name, got) in [("beta1", config.beta1), ("beta2", config.beta2)] {
            if !(0.0..1.0).contains(&got) {
                return Err(TensorError::Range { name, rule: "in [0, 1)", got });
            }
        }
        if !(config.epsilon > 0.0) {
            return Err(TensorError::Range { name: "epsilon", rule: "positive", got: config.epsilon });
        }
        Ok(AdamW { config, moments: BTreeMap::new() })
    }

    fn update(
        &mut self,
        name: &str,
        view: ParamView<'_, M, D>,
        gradient: &Gradient<M, D>,
        rate: f64,
        scale: f64,
    ) {
        let device = view.device.clone();
        let (rate_scale, weight_decay) = self.config.groups.of(name, view.role);
        let zeros = || device.zeros(view.len());
        let fresh = || Moments { first: zeros(), second: zeros(), live: Vec::new(), count: 0 };
        let moments = self.moments.entry(view.id).or_insert_with(fresh);
        moments.count += 1;
        let step = AdamWStep {
            learning_rate: rate * rate_scale,
            beta1: self.config.beta1,
            beta2: self.config.beta2,
            eps: self.config.epsilon,
            weight_decay,
            step: moments.count,
            gradient_scale: scale,
        };
        let Moments { first, second, live, .. } = moments;
        match gradient {
            Gradient::Dense(values) => {
                // Every row has moments from now on: which are live is found anew when a step brings rows again.
                live.clear();
                view.update(|w| device.adamw(w, values, first, second, step));
            }
            Gradient::Rows { rows, width, values } => {
                view.update(|w| device.adamw_rows(w, (rows, values, *width), first, second, live, step));
            }
        }
    }
}

impl<M: Real, D: Device> Optimizer<M, D> for AdamW<M, D> {
    fn step(
        &mut self,
        module: &dyn Module<M, D>,
        gradients: &Gradients<M, D>,
        learning_rate: f64,
        gradient_scale: f64,
    ) {
        module.visit_once(&mut |name, view| {
            if let Some(gradient) = gradients.get(view.id) {
                self.update(name, view, gradient, learning_rate, gradient_scale);
            }
        });
    }

    fn state(&self, module: &dyn Module<M, D>) -> Vec<StateTensor<M>> {
        let mut state = Vec::new();
        module.visit_once(&mut |name, view| {
            let Some(moments) = self.moments.get(&view.id) else { return };
            let device = &view.device;
            state.push((format!("first/{name}"), view.sizes.clone(), device.download(&moments.first)));
            state.push((format!("second/{name}"), view.sizes.clone(), device.download(&moments.second)));
            // A count below 2^24 is exact in f32.
            state.push((format!("count/{name}"), vec![1], vec![M::from_f64(moments.count as f64)]));
        });
        state
    }

    fn load(&mut self, module: &dyn Module<M, D>, state: Vec<StateTensor<M>>) -> Result<(), TensorError> {
        let saved = SavedState::new(state);
        let (mut moments, mut outcome) = (BTreeMap::new(), Ok(()));
        module.visit_once(&mut |name, view| match saved_moments(&saved, name, &view) {
            Ok(Some(of_parameter)) => {
                moments.insert(view.id, of_parameter);
            }
            Ok(None) => {}
            Err(error) if outcome.is_ok() => outcome = Err(error),
            Err(_) => {}
        });
        outcome?;
        self.moments = moments;
        Ok(())
    }
}

/// The moments of one parameter; `None` if it was never updated.
fn saved_moments<M: Real, D: Device>(
    saved: &SavedState<M>,
    name: &str,
    view: &ParamView<'_, M, D>,
) -> Result<Option<Moments<M, D>>, TensorError> {
    let len = view.len();
    let entries =
        [saved.get("first", name, len)?, saved.get("second", name, len)?, saved.get("count", name, 1)?];
    let [Some(first), Some(second), Some(count)] = entries else {
        let missing = |place: usize| entries[place].is_none();
        return match ["first", "second", "count"].into_iter().zip(0..).find(|(_, place)| missing(*place)) {
            Some((kind, _)) if entries.iter().any(Option::is_some) => {
                Err(TensorError::SavedEntry { name: format!("{kind}/{name}") })
            }
            _ => Ok(None),
        };
    };
    let count = count[0].as_f64();
    if !(count >= 0.0 && count.fract() == 0.0) {
        return Err(TensorError::Range {
            name: "a saved count of updates",
            rule: "a whole number of at least 0",
            got: count,
        });
    }
    let (first, second) = (view.device.upload(first), view.device.upload(second));
    Ok(Some(Moments { first, second, live: Vec::new(), count: count as u64 }))
}
