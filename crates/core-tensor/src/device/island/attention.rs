//! Attention with every probability written out.

use super::{Island, IslandBuffer};
use crate::device::{AttentionOps, AttentionShape, Memory};
use crate::element::Float;
use crate::kernels::attention::reference;

impl AttentionOps for Island {
    fn attention<E: Float>(
        &self,
        qkv: &IslandBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> (IslandBuffer<E>, IslandBuffer<E::Master>) {
        let mut out = self.zeros::<E>(shape.tokens() * shape.width());
        let mut log_sum_exp = self.zeros::<E::Master>(shape.tokens() * shape.heads);
        reference::forward(&mut out.0, Some(&mut log_sum_exp.0), &qkv.0, shape);
        (out, log_sum_exp)
    }

    fn attention_backward<E: Float>(
        &self,
        dout: &IslandBuffer<E>,
        _out: &IslandBuffer<E>,
        _log_sum_exp: &IslandBuffer<E::Master>,
        qkv: &IslandBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> IslandBuffer<E> {
        let mut dqkv = self.zeros::<E>(qkv.0.len());
        reference::backward(&mut dqkv.0, &dout.0, &qkv.0, shape);
        dqkv
    }
}
