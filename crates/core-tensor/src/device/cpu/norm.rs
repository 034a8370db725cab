//! Layer norm with dropout fused into it.

use super::{Cpu, CpuBuffer, made};
use crate::device::{Memory, NormOps, RowDropout};
use crate::element::{Float, Real};
use crate::kernels::random::Stream;
use crate::kernels::{dropout, layer_norm};
use crate::profile::Work;
use std::ops::Range;

impl NormOps for Cpu {
    fn layer_norm<E: Float>(
        &self,
        x: &CpuBuffer<E>,
        residual: Option<&CpuBuffer<E>>,
        gamma: &CpuBuffer<E::Master>,
        beta: &CpuBuffer<E::Master>,
        epsilon: f64,
        dropout: Option<RowDropout<'_>>,
        keep: bool,
    ) -> (CpuBuffer<E>, CpuBuffer<E>, CpuBuffer<E::Master>) {
        let _timer = Work::NormDropout.begin();
        let (len, rows) = if keep { (x.len, x.len / gamma.len.max(1)) } else { (0, 0) };
        let (mut normalised, mut rstd) = (CpuBuffer::<E>::scratch(len).0, CpuBuffer::scratch(rows).0);
        let scales = dropout.map(Scales::new);
        let scales = scales.as_ref().map(|scales| scales as &dyn layer_norm::RowScales<E::Master>);
        let residual = residual.map(CpuBuffer::slice);
        let (gamma, beta) = (gamma.slice(), beta.slice());
        let y = made(x.len, |y| {
            let kept = layer_norm::Kept { normalised: normalised.slice_mut(), rstd: rstd.slice_mut() };
            layer_norm::forward(x.slice(), residual, scales, gamma, beta, epsilon, y, keep.then_some(kept));
        });
        (y, normalised, rstd)
    }

    fn gain_and_offset<E: Float>(
        &self,
        normalised: &CpuBuffer<E>,
        gamma: &CpuBuffer<E::Master>,
        beta: &CpuBuffer<E::Master>,
    ) -> CpuBuffer<E> {
        let _timer = Work::NormDropout.begin();
        let (normalised, gamma, beta) = (normalised.slice(), gamma.slice(), beta.slice());
        made(normalised.len(), |y| layer_norm::gain_and_offset(normalised, gamma, beta, y))
    }

    fn layer_norm_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        normalised: &CpuBuffer<E>,
        rstd: &CpuBuffer<E::Master>,
        gamma: &CpuBuffer<E::Master>,
        dropout: Option<RowDropout<'_>>,
    ) -> (CpuBuffer<E>, Option<CpuBuffer<E>>) {
        let _timer = Work::NormDropout.begin();
        let mut dx = dropout.map(|_| CpuBuffer::<E>::scratch(dy.len).0);
        let scales = dropout.map(Scales::new);
        let dz = made(dy.len, |dz| {
            let scales = scales.as_ref().map(|scales| scales as &dyn layer_norm::RowScales<E::Master>);
            let dropped = scales.zip(dx.as_mut().map(CpuBuffer::slice_mut));
            layer_norm::backward(dy.slice(), normalised.slice(), rstd.slice(), gamma.slice(), dz, dropped);
        });
        (dz, dx)
    }

    fn layer_norm_weights<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        normalised: &CpuBuffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> (CpuBuffer<E::Master>, CpuBuffer<E::Master>) {
        let _timer = Work::NormDropout.begin();
        let (mut dgamma, mut dbeta) = (self.zeros(width), self.zeros(width));
        let (normalised, sums) = (normalised.slice(), (dgamma.slice_mut(), dbeta.slice_mut()));
        layer_norm::backward_weights(dy.slice(), normalised, rows, sums.0, sums.1);
        (dgamma, dbeta)
    }

    fn dropout<E: Float>(&self, x: &CpuBuffer<E>, d: RowDropout<'_>) -> CpuBuffer<E> {
        let _timer = Work::NormDropout.begin();
        let width = x.len / d.rows.len().max(1);
        made(x.len, |y| dropout::dropout(y, x.slice(), width, d.rows, d.key, d.rate))
    }
}

/// The dropout of a row, for kernels that it is fused into.
struct Scales<'a> {
    stream: Stream,
    dropout: RowDropout<'a>,
}

impl<'a> Scales<'a> {
    fn new(dropout: RowDropout<'a>) -> Self {
        Scales { stream: dropout.key.stream(), dropout }
    }
}

impl<M: Real> layer_norm::RowScales<M> for Scales<'_> {
    /// Called through a pointer, so compiled by itself: it has to choose its instructions.
    fn fill(&self, row: usize, out: &mut [M]) {
        let RowDropout { rows, rate, .. } = self.dropout;
        crate::dispatch!(dropout::keep_scales(out, self.stream, rows[row], rate));
    }
}
