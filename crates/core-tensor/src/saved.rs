//! What a backward pass keeps of the values that it needs: the values, or what they are made of.
//!
//! The widest tensors of an encoder lie around an activation: its argument u and its value y, both of which the
//! backward pass needs. Where a tensor is stored as precisely as it is computed, y can be had from u again, to the bit,
//! and u is all that is kept.

use crate::device::{Activation, Device, Unary};
use crate::element::{Element, Float};
use std::sync::Arc;

/// Values that an activation made.
#[derive(Debug)]
pub(crate) struct Activated<E: Element, D: Device> {
    pub(crate) argument: Arc<D::Buffer<E>>,
    pub(crate) activation: Activation,
}

impl<E: Element, D: Device> Clone for Activated<E, D> {
    fn clone(&self) -> Self {
        Activated { argument: self.argument.clone(), activation: self.activation }
    }
}

impl<E: Float, D: Device> Activated<E, D> {
    /// The gradient of the argument, from that of the values.
    pub(crate) fn backward(&self, device: &D, dy: &D::Buffer<E>) -> D::Buffer<E> {
        // The slope of an activation is a function of the argument alone, which stands in for the values here.
        device.unary_backward(dy, &self.argument, &self.argument, Unary::Activation(self.activation))
    }
}

/// Values for the backward pass.
#[derive(Debug)]
pub(crate) enum Saved<E: Float, D: Device> {
    /// Kept.
    Values(Arc<D::Buffer<E>>),
    /// To be made again.
    Again(Activated<E, D>),
}

impl<E: Float, D: Device> Saved<E, D> {
    /// The values.
    pub(crate) fn values(&self, device: &D) -> Arc<D::Buffer<E>> {
        match self {
            Saved::Values(values) => values.clone(),
            Saved::Again(Activated { argument, activation }) => {
                Arc::new(device.unary(argument, Unary::Activation(*activation)))
            }
        }
    }
}
