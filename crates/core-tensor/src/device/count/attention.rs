//! Attention: its two products, and twice these on the way back.

use super::{Count, CountBuffer};
use crate::device::{AttentionOps, AttentionShape};
use crate::element::Float;
use crate::profile::Work;

impl AttentionOps for Count {
    fn attention<E: Float>(
        &self,
        _qkv: &CountBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> (CountBuffer<E>, CountBuffer<E::Master>) {
        self.add(Work::AttentionForward, shape.flops());
        (self.buffer(shape.tokens() * shape.width()), self.buffer(shape.tokens() * shape.heads))
    }

    fn attention_backward<E: Float>(
        &self,
        _dout: &CountBuffer<E>,
        _out: &CountBuffer<E>,
        _log_sum_exp: &CountBuffer<E::Master>,
        qkv: &CountBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> CountBuffer<E> {
        self.add(Work::AttentionBackward, shape.backward_flops());
        self.buffer(qkv.len)
    }
}
