//! Layer normalisation (Ba et al. 2016), fused with the dropout and the residual connection before it:
//! y = gamma (z - mean z) / sqrt(var z + epsilon) + beta, with z = dropout(x) + residual.

use super::dropout::{Drawn, Dropout};
use crate::device::Device;
use crate::element::{Float, Real};
use crate::error::{TensorError, check};
use crate::pack::Rows;
use crate::param::{Module, Param, ParamId, ParamView, Role};
use crate::saved::{Origin, can_be_made_again};
use crate::shape::{Dim, Fits};
use crate::tape::{Backward, Gradient, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

/// The gain and offset of a layer norm over a width of `H`.
#[derive(Debug, Clone)]
pub struct LayerNorm<H: Dim, M: Real, D: Device> {
    /// The gain, `(hidden,)`.
    pub gamma: Param<(H,), M, D>,
    /// The offset, `(hidden,)`.
    pub beta: Param<(H,), M, D>,
    epsilon: f64,
}

impl<H: Dim, M: Real, D: Device> LayerNorm<H, M, D> {
    /// Gain 1 and offset 0. Errors if epsilon is not positive.
    pub fn new(device: &D, width: H, epsilon: f64) -> Result<Self, TensorError> {
        if !(epsilon > 0.0) {
            return Err(TensorError::Range { name: "layer norm's epsilon", rule: "positive", got: epsilon });
        }
        let ones = Tensor::from_slice(device, (width,), &vec![M::ONE; width.size()])?;
        let beta = Param::new(Role::BiasOrNorm, Tensor::zeros(device, (width,)));
        Ok(LayerNorm { gamma: Param::new(Role::BiasOrNorm, ones), beta, epsilon })
    }
}

impl<H: Dim, M: Real, D: Device> Module<M, D> for LayerNorm<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        visitor("weight", self.gamma.view());
        visitor("bias", self.beta.view());
    }
}

impl<E: Float, D: Device> Tape<E, D> {
    /// Layer norm of dropout(x) + residual, over each row.
    ///
    /// # Shapes
    /// x, residual and result: `(rows, hidden)`.
    pub fn layer_norm<R: Dim, W: Fits<H>, H: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        residual: Option<&Tensor<(R, W), E, D>>,
        layer: &LayerNorm<H, E::Master, D>,
        dropout: Dropout,
    ) -> Result<Tensor<(R, H), E, D>, TensorError> {
        const OP: &str = "layer_norm";
        let width = *layer.gamma.shape();
        check(OP, "input width", &[width.0.size()], &[x.shape().1.size()])?;
        if let Some(residual) = residual {
            check(OP, "residual", &x.sizes(), &residual.sizes())?;
        }
        let drawn = Drawn::new(OP, dropout, self, x.rows.as_ref())?;
        let (gamma, beta) = (layer.gamma.value(), layer.beta.value());
        let inputs = (self.input(OP, x)?, residual.map_or(Ok(None), |r| self.input(OP, r))?);
        let ids = (layer.gamma.learned(), layer.beta.learned());
        let parameters: Vec<ParamId> = ids.0.into_iter().chain(ids.1).collect();
        let recorded = self.records(&[inputs.0, inputs.1], &parameters);
        let (y, normalised, rstd) = self.device().layer_norm(
            x.buffer(),
            residual.map(Tensor::buffer),
            gamma.buffer(),
            beta.buffer(),
            layer.epsilon,
            drawn.as_ref().map(Drawn::of_rows),
            recorded,
        );
        let norm = Arc::new(Normalised { rows: normalised, gamma: gamma.shared(), beta: beta.shared() });
        let mut y = Tensor::from_buffer(self.device(), (x.shape().0, width.0), y);
        y.rows = x.rows.clone();
        if recorded && can_be_made_again::<E>() {
            y.origin = Some(norm.clone());
        }
        let (rows, sizes) = (x.rows.clone(), (x.shape().0.size(), width.0.size()));
        Ok(self.record(y, &[inputs.0, inputs.1], parameters, || {
            Box::new(LayerNormBackward { inputs, norm, rstd, ids, drawn, rows, sizes })
        }))
    }
}

/// What a norm made its values of.
#[derive(Debug)]
struct Normalised<E: Float, D: Device> {
    rows: D::Buffer<E>,
    gamma: Arc<D::Buffer<E::Master>>,
    beta: Arc<D::Buffer<E::Master>>,
}

impl<E: Float, D: Device> Origin<E, D> for Normalised<E, D> {
    fn values(&self, device: &D) -> D::Buffer<E> {
        device.gain_and_offset(&self.rows, &self.gamma, &self.beta)
    }
}

struct LayerNormBackward<E: Float, D: Device> {
    inputs: (Option<NodeId>, Option<NodeId>),
    norm: Arc<Normalised<E, D>>,
    rstd: D::Buffer<E::Master>,
    /// The keys of gain and offset, where they are learned.
    ids: (Option<ParamId>, Option<ParamId>),
    drawn: Option<Drawn>,
    rows: Option<Rows>,
    sizes: (usize, usize),
}

impl<E: Float, D: Device> LayerNormBackward<E, D> {
    /// The gradients of gain and offset, which one kernel makes together.
    fn hand_over_weights(&self, dy: &D::Buffer<E>, walk: &mut Walk<'_, E, D>) {
        let ((n, width), rows) = (self.sizes, self.rows.as_ref());
        let both = |device: &D, range| device.layer_norm_weights(dy, &self.norm.rows, range, width);
        let mut dbetas = std::collections::VecDeque::new();
        if let Some(gamma) = self.ids.0 {
            walk.parameter_rows(gamma, n, rows, &mut |device, range| {
                let (dgamma, dbeta) = both(device, range);
                dbetas.push_back(dbeta);
                Gradient::Dense(dgamma)
            });
        }
        if let Some(beta) = self.ids.1 {
            walk.parameter_rows(beta, n, rows, &mut |device, range| {
                Gradient::Dense(dbetas.pop_front().unwrap_or_else(|| both(device, range).1))
            });
        }
    }
}

impl<E: Float, D: Device> Backward<E, D> for LayerNormBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dy = upstream.tensor();
        self.hand_over_weights(&dy, walk);
        if self.inputs.0.is_none() && self.inputs.1.is_none() {
            return Ok(());
        }
        let dropout = self.drawn.as_ref().map(Drawn::of_rows);
        let (dz, dx) =
            walk.device().layer_norm_backward(&dy, &self.norm.rows, &self.rstd, &self.norm.gamma, dropout);
        match (self.inputs, dx) {
            ((x, residual), Some(dx)) => {
                walk.add(x, dx);
                walk.add(residual, dz);
            }
            ((x, None), None) => walk.add(x, dz),
            ((x, residual), None) => {
                walk.add(x, walk.device().duplicate(&dz));
                walk.add(residual, dz);
            }
        }
        Ok(())
    }
}
