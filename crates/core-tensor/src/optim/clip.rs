//! Clipping by global norm (Pascanu et al. 2013).

use crate::device::Device;
use crate::element::Real;
use crate::tape::Gradients;

/// The Euclidean norm of all gradients together, in a fixed order.
pub fn global_norm<M: Real, D: Device>(device: &D, gradients: &Gradients<M, D>) -> f64 {
    let squares = gradients.iter().map(|(_, gradient)| device.dot(gradient.values(), gradient.values()));
    squares.sum::<f64>().sqrt()
}
