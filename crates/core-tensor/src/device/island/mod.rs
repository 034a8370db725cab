//! A device for tests: its memory is private, and its kernels are slow and obvious.
//!
//! The host reads an [`IslandBuffer`] only through [`Memory::download`](super::Memory::download). Every operation
//! widens to `f64`, calls the reference beside the kernel that [`Cpu`](super::Cpu) runs, and rounds once at the end.

mod attention;
mod elementwise;
mod embedding;
mod linear;
mod loss;
mod memory;
mod norm;
mod optimizer;
mod reduction;
mod rows;

use super::Device;
use crate::element::{DType, Float};
use crate::error::TensorError;
use crate::kernels::peak;

/// The test device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Island;

/// Memory of the test device, which the host cannot reach.
#[derive(Debug)]
pub struct IslandBuffer<E>(Vec<E>);

impl<E: Float> IslandBuffer<E> {
    /// The values in `f64`.
    fn wide(&self) -> Vec<f64> {
        self.0.iter().map(|x| x.to_f64()).collect()
    }

    /// The nearest stored values.
    fn rounded(values: impl IntoIterator<Item = f64>) -> Self {
        IslandBuffer(values.into_iter().map(E::of).collect())
    }

    /// What `fill` writes in the place of zeros.
    fn filled(len: usize, fill: impl FnOnce(&mut [f64])) -> Self {
        let mut values = vec![0.0; len];
        fill(&mut values);
        IslandBuffer::rounded(values)
    }

    /// Changes the values in `f64`.
    fn update(&mut self, change: impl FnOnce(&mut [f64])) {
        let mut values = self.wide();
        change(&mut values);
        *self = IslandBuffer::rounded(values);
    }
}

impl Device for Island {
    fn check(&self) -> Result<(), TensorError> {
        Ok(())
    }

    fn memory(&self) -> Option<u64> {
        None
    }

    /// That of the processor, which plain loops are far from.
    fn peak_flops(&self, dtype: DType) -> f64 {
        peak::flops_per_second(dtype)
    }
}
