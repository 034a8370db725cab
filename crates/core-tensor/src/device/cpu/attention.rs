//! Attention in one kernel.

use super::{Cpu, CpuBuffer, made};
use crate::device::{AttentionOps, AttentionShape};
use crate::element::Float;
use crate::kernels::attention;
use crate::profile::Work;

impl AttentionOps for Cpu {
    fn attention<E: Float>(
        &self,
        qkv: &CpuBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> (CpuBuffer<E>, CpuBuffer<E::Master>) {
        let _timer = Work::AttentionForward.begin_product(|| shape.flops());
        let mut log_sum_exp = CpuBuffer::scratch(shape.tokens() * shape.heads).0;
        let out = made(shape.tokens() * shape.width(), |out| {
            attention::forward(out, Some(log_sum_exp.slice_mut()), qkv.slice(), shape);
        });
        (out, log_sum_exp)
    }

    fn attention_backward<E: Float>(
        &self,
        dout: &CpuBuffer<E>,
        out: &CpuBuffer<E>,
        log_sum_exp: &CpuBuffer<E::Master>,
        qkv: &CpuBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> CpuBuffer<E> {
        let _timer = Work::AttentionBackward.begin_product(|| shape.backward_flops());
        let (dout, out) = (dout.slice(), out.slice());
        made(qkv.len, |dqkv| attention::backward(dqkv, dout, out, log_sum_exp.slice(), qkv.slice(), shape))
    }
}
