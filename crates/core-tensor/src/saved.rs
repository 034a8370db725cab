//! What a backward pass keeps of the values that it needs: the values, or what they can be made of again.
//!
//! Beside each linear layer's input x lies what x was made of, which another backward pass keeps: the argument of an
//! activation, the normalised rows of a norm. Where a tensor is stored as precisely as it is computed, x can be made
//! again from that, to the bit, and only one of the two is kept.

use crate::device::Device;
use crate::element::{Element, Float};
use std::fmt::Debug;
use std::sync::Arc;

/// What a tensor's values can be made of again.
pub(crate) trait Origin<E: Element, D: Device>: Debug + Send + Sync {
    /// The values, to the bit.
    fn values(&self, device: &D) -> D::Buffer<E>;
}

/// Whether values of this type can have an [`Origin`]: those of bf16 are made from numbers more precise than those that
/// are stored.
pub(crate) fn can_be_made_again<E: Float>() -> bool {
    E::DTYPE == <E::Master as Element>::DTYPE
}

/// Values for a backward pass.
#[derive(Debug)]
pub(crate) enum Saved<E: Element, D: Device> {
    /// Kept.
    Values(Arc<D::Buffer<E>>),
    /// To be made again.
    Origin(Arc<dyn Origin<E, D>>),
}

impl<E: Element, D: Device> Saved<E, D> {
    /// The values.
    pub(crate) fn values(&self, device: &D) -> Arc<D::Buffer<E>> {
        match self {
            Saved::Values(values) => values.clone(),
            Saved::Origin(origin) => Arc::new(origin.values(device)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::tape::Tape;
    use crate::{Activation, Cpu, Dropout, LayerNorm, Linear, Tensor};

    /// Whether the tape keeps the output of an activation, and of a norm, that a linear layer reads.
    fn are_kept<E: Float>() -> [bool; 2] {
        let mut tape = Tape::<E, Cpu>::recording(&Cpu);
        let layer = || Linear::new(Tensor::<_, E::Master, _>::zeros(&Cpu, (3usize, 3usize)));
        let norm = LayerNorm::new(&Cpu, 3usize, 1e-5).unwrap();
        let x = Tensor::zeros(&Cpu, (2usize, 3usize));
        let activated = tape.linear(&x, &layer(), Activation::Gelu).unwrap();
        let normed = tape.layer_norm(&x, None, &norm, Dropout::OFF).unwrap();
        [activated, normed].map(|y| {
            tape.linear(&y, &layer(), Activation::None).unwrap();
            let values = Arc::downgrade(&y.shared());
            drop(y);
            values.upgrade().is_some()
        })
    }

    #[test]
    fn what_can_be_made_again_is_not_kept() {
        assert_eq!(are_kept::<f32>(), [false, false]);
        assert_eq!(are_kept::<f64>(), [false, false]);
        assert_eq!(are_kept::<bf16>(), [true, true]);
    }

    #[test]
    fn values_that_were_changed_are_kept() {
        let mut tape = Tape::<f32, Cpu>::recording(&Cpu);
        let layer = Linear::new(Tensor::zeros(&Cpu, (3usize, 3usize)));
        let x = Tensor::zeros(&Cpu, (2usize, 3usize));
        let mut y = tape.linear(&x, &layer, Activation::Tanh).unwrap();
        y.buffer_mut().slice_mut().fill(2.0);
        assert_eq!(y.saved().values(&Cpu).slice(), [2.0; 6]);
    }
}
