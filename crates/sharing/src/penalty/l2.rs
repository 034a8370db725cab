//! Soft L2 sharing: the copies of a parameter are drawn to their mean.
//!
//! ```text
//! strength/2  sum over t of |w_t - m|²        m = 1/T  sum over t of w_t
//! ```
//!
//! Theodoros Evgeniou, Massimiliano Pontil: *Regularized Multi-Task Learning*, KDD 2004, section 2.2, where the distance
//! is that to the mean; Long Duong et al.: *Low Resource Dependency Parsing*, ACL 2015, equation (2), where it is that
//! to one other model. For two tasks the two differ by a factor: |w_1 - m|² + |w_2 - m|² = |w_1 - w_2|²/2.

use mtl_base::registry::{Default, Range};
use mtl_base::{Key, Method, Settings};
use mtl_core_tensor::element::Real;
use mtl_core_tensor::{Copies, Device, Gradient, Gradients, Penalty, TensorError};

use super::PenaltyBuild;

/// Soft L2 sharing.
pub const METHOD: Method =
    Method::new("penalty", "l2", "soft L2 sharing", "Duong et al. 2015", "crates/sharing/src/penalty/l2.rs")
        .with(&[Key {
            name: "strength",
            default: Default::Number(0.01),
            range: Range::AtLeastZero,
            meaning: "how strongly copies are drawn to their mean",
        }]);

/// How it is built.
pub fn builder<M: Real, D: Device>() -> PenaltyBuild<M, D> {
    |settings: &Settings, _n_tasks| Ok(Box::new(L2::new(settings.number("strength"))))
}

/// Half the squared distance of the copies to their mean, times a strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L2 {
    strength: f64,
}

impl L2 {
    /// The penalty of this strength, at least 0.
    pub fn new(strength: f64) -> Self {
        L2 { strength }
    }
}

impl<M: Real, D: Device> Penalty<M, D> for L2 {
    fn add(&mut self, copies: &Copies<M, D>, gradients: &mut Gradients<M, D>) -> Result<f64, TensorError> {
        if self.strength == 0.0 {
            return Ok(0.0);
        }
        let device = &copies.device;
        let mut value = 0.0;
        for copies in &copies.parameters {
            let mut values = copies.iter().map(|(_, values)| &**values);
            let Some(first) = values.next() else { continue };
            let mut mean = device.duplicate(first);
            values.for_each(|values| device.axpy(&mut mean, 1.0, values));
            device.scale(&mut mean, 1.0 / copies.len() as f64);
            for (id, values) in copies {
                // d/dw_t of the sum over s of |w_s - m|²/2 is (w_t - m) - 1/T sum over s of (w_s - m); the w_s - m sum to 0.
                let mut distance = device.duplicate(&**values);
                device.axpy(&mut distance, -1.0, &mean);
                value += 0.5 * self.strength * device.dot(&distance, &distance);
                device.scale(&mut distance, self.strength);
                gradients.add(device, *id, Gradient::Dense(distance));
            }
        }
        Ok(value)
    }
}
