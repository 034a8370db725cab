//! Layer norm and dropout as their definitions say them.

use super::{Island, IslandBuffer};
use crate::device::{NormOps, RowDropout};
use crate::element::Float;
use crate::kernels::dropout::reference as dropout_reference;
use crate::kernels::layer_norm::{Kept, RowScales, reference};
use std::ops::Range;

impl NormOps for Island {
    fn layer_norm<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        residual: Option<&IslandBuffer<E>>,
        gamma: &IslandBuffer<E::Master>,
        beta: &IslandBuffer<E::Master>,
        epsilon: f64,
        dropout: Option<RowDropout<'_>>,
        _keep: bool,
    ) -> (IslandBuffer<E>, IslandBuffer<E>, IslandBuffer<E::Master>) {
        let (x, residual) = (x.wide(), residual.map(IslandBuffer::wide));
        let (gamma, beta) = (gamma.wide(), beta.wide());
        let dropout = dropout.as_ref().map(|dropout| dropout as &dyn RowScales<f64>);
        let (mut normalised, mut rstd) = (vec![0.0; x.len()], vec![0.0; x.len() / gamma.len()]);
        let kept = Kept { normalised: &mut normalised, rstd: &mut rstd };
        let y = IslandBuffer::filled(x.len(), |y| {
            reference::forward(&x, residual.as_deref(), dropout, &gamma, &beta, epsilon, y, Some(kept));
        });
        (y, IslandBuffer::rounded(normalised), IslandBuffer::rounded(rstd))
    }

    fn gain_and_offset<E: Float>(
        &self,
        normalised: &IslandBuffer<E>,
        gamma: &IslandBuffer<E::Master>,
        beta: &IslandBuffer<E::Master>,
    ) -> IslandBuffer<E> {
        let (normalised, gamma, beta) = (normalised.wide(), gamma.wide(), beta.wide());
        IslandBuffer::filled(normalised.len(), |y| reference::gain_and_offset(&normalised, &gamma, &beta, y))
    }

    fn layer_norm_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        normalised: &IslandBuffer<E>,
        rstd: &IslandBuffer<E::Master>,
        gamma: &IslandBuffer<E::Master>,
        dropout: Option<RowDropout<'_>>,
    ) -> (IslandBuffer<E>, Option<IslandBuffer<E>>) {
        let (dy, normalised, rstd, gamma) = (dy.wide(), normalised.wide(), rstd.wide(), gamma.wide());
        let mut dx = dropout.map(|_| vec![0.0; dy.len()]);
        let dz = IslandBuffer::filled(dy.len(), |dz| {
            let scales = dropout.as_ref().map(|dropout| dropout as &dyn RowScales<f64>);
            reference::backward(&dy, &normalised, &rstd, &gamma, dz, scales.zip(dx.as_deref_mut()));
        });
        (dz, dx.map(IslandBuffer::rounded))
    }

    fn layer_norm_weights<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        normalised: &IslandBuffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> (IslandBuffer<E::Master>, IslandBuffer<E::Master>) {
        let (mut dgamma, mut dbeta) = (vec![0.0; width], vec![0.0; width]);
        reference::backward_weights(&dy.wide(), &normalised.wide(), rows, &mut dgamma, &mut dbeta);
        (IslandBuffer::rounded(dgamma), IslandBuffer::rounded(dbeta))
    }

    fn dropout<E: Float>(&self, x: &IslandBuffer<E>, dropout: RowDropout<'_>) -> IslandBuffer<E> {
        let RowDropout { rows, key, rate } = dropout;
        let width = x.0.len() / rows.len().max(1);
        IslandBuffer::filled(x.0.len(), |y| dropout_reference::dropout(y, &x.wide(), width, rows, key, rate))
    }
}

impl RowScales<f64> for RowDropout<'_> {
    fn fill(&self, row: usize, out: &mut [f64]) {
        let RowDropout { rows, key, rate } = *self;
        for (unit, out) in out.iter_mut().enumerate() {
            *out = dropout_reference::keep_scale(rows[row], unit, key, rate);
        }
    }
}
