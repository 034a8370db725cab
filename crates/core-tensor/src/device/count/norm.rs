//! Layer norm and dropout: memory alone.

use super::{Count, CountBuffer};
use crate::device::{NormOps, RowDropout};
use crate::element::Float;
use std::ops::Range;

impl NormOps for Count {
    fn layer_norm<E: Float>(
        &self,
        x: &CountBuffer<E>,
        _residual: Option<&CountBuffer<E>>,
        gamma: &CountBuffer<E::Master>,
        _beta: &CountBuffer<E::Master>,
        _epsilon: f64,
        _dropout: Option<RowDropout<'_>>,
        keep: bool,
    ) -> (CountBuffer<E>, CountBuffer<E>, CountBuffer<E::Master>) {
        let (len, rows) = if keep { (x.len, x.len / gamma.len.max(1)) } else { (0, 0) };
        (self.buffer(x.len), self.buffer(len), self.buffer(rows))
    }

    fn gain_and_offset<E: Float>(
        &self,
        normalised: &CountBuffer<E>,
        _gamma: &CountBuffer<E::Master>,
        _beta: &CountBuffer<E::Master>,
    ) -> CountBuffer<E> {
        self.buffer(normalised.len)
    }

    fn layer_norm_backward<E: Float>(
        &self,
        dy: &CountBuffer<E>,
        _normalised: &CountBuffer<E>,
        _rstd: &CountBuffer<E::Master>,
        _gamma: &CountBuffer<E::Master>,
        dropout: Option<RowDropout<'_>>,
    ) -> (CountBuffer<E>, Option<CountBuffer<E>>) {
        (self.buffer(dy.len), dropout.map(|_| self.buffer(dy.len)))
    }

    fn layer_norm_weights<E: Float>(
        &self,
        _dy: &CountBuffer<E>,
        _normalised: &CountBuffer<E>,
        _rows: Range<usize>,
        width: usize,
    ) -> (CountBuffer<E::Master>, CountBuffer<E::Master>) {
        (self.buffer(width), self.buffer(width))
    }

    fn dropout<E: Float>(&self, x: &CountBuffer<E>, _dropout: RowDropout<'_>) -> CountBuffer<E> {
        self.buffer(x.len)
    }
}
