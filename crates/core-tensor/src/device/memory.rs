//! Memory of a device, and copies to and from it.

use crate::element::{Element, Float};
use std::fmt::Debug;

/// Memory: runs of elements, copied to and from the host. The host reads them no other way.
pub trait Memory: Sized {
    /// A run of elements in the device's memory.
    type Buffer<E: Element>: Debug + Send + Sync;
    /// How many elements a buffer holds.
    fn len<E: Element>(buffer: &Self::Buffer<E>) -> usize;
    /// A buffer of zeros.
    fn zeros<E: Element>(&self, len: usize) -> Self::Buffer<E>;
    /// A buffer with the host's values.
    fn upload<E: Element>(&self, host: &[E]) -> Self::Buffer<E>;
    /// The values, copied to the host.
    fn download<E: Element>(&self, buffer: &Self::Buffer<E>) -> Vec<E>;
    /// A copy in the device's memory.
    fn duplicate<E: Element>(&self, buffer: &Self::Buffer<E>) -> Self::Buffer<E>;
    /// The values in another type of float.
    fn cast<A: Float, B: Float>(&self, a: &Self::Buffer<A>) -> Self::Buffer<B>;
}
