//! A sample of a penalty: the copies of the first parameter, and no others, are drawn to 0.
//!
//! ```text
//! strength/2  sum over t of |w_t|²        w_t: the first parameter of the copy of task t
//! ```

use mtl_base::registry::{Default, Range};
use mtl_base::{Key, Method, Settings};
use mtl_core_tensor::element::Real;
use mtl_core_tensor::{Copies, Device, Gradient, Gradients, Penalty, TensorError};

use super::PenaltyBuild;

/// A penalty of the first parameter.
pub const METHOD: Method = Method::new(
    "penalty",
    "sample-first",
    "a penalty of the first parameter",
    "",
    "crates/sharing/src/penalty/sample_first.rs",
)
.with(&[Key {
    name: "strength",
    default: Default::Number(0.1),
    range: Range::AtLeastZero,
    meaning: "how strongly the copies of the first parameter are drawn to 0",
}]);

/// How it is built.
pub fn builder<M: Real, D: Device>() -> PenaltyBuild<M, D> {
    |settings: &Settings, _n_tasks| Ok(Box::new(First { strength: settings.number("strength") }))
}

/// Half the square of the first parameter of each copy, times a strength.
#[derive(Debug, Clone, Copy)]
struct First {
    strength: f64,
}

impl<M: Real, D: Device> Penalty<M, D> for First {
    fn add(&mut self, copies: &Copies<M, D>, gradients: &mut Gradients<M, D>) -> Result<f64, TensorError> {
        let device = &copies.device;
        let mut value = 0.0;
        for (id, values) in copies.parameters.iter().take(1).flatten() {
            value += 0.5 * self.strength * device.dot(values, values);
            let mut gradient = device.duplicate(&**values);
            device.scale(&mut gradient, self.strength);
            gradients.add(device, *id, Gradient::Dense(gradient));
        }
        Ok(value)
    }
}
