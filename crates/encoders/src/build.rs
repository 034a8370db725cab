//! Building layers from values that are found by name: drawn at random, or read from a folder.

use crate::error::EncoderError;
use crate::table::{Table, Values};
use mtl_core_tensor::element::Real;
use mtl_core_tensor::shape::{Const, Dim, Shape};
use mtl_core_tensor::{Device, Dropout, Embedding, LayerNorm, Linear, Param, QueryKeyValue, Role, Tensor};

/// Builds the layers of one part, whose names begin with `prefix`.
pub(crate) struct Build<'a, M: Real, D: Device> {
    pub(crate) device: &'a D,
    pub(crate) table: &'static Table,
    pub(crate) values: &'a dyn Values<M>,
    pub(crate) prefix: String,
    /// The dotted name of the encoder in the model, which keys its draws apart from those of other copies.
    pub(crate) model: &'a str,
}

impl<M: Real, D: Device> Build<'_, M, D> {
    /// The part of this part whose names begin with `part`.
    pub(crate) fn part(&self, part: &str) -> Self {
        Build { prefix: format!("{}{part}", self.prefix), ..*self }
    }

    fn tensor<S: Shape>(&self, name: &str, shape: S) -> Result<Tensor<S, M, D>, EncoderError> {
        let sizes: Vec<usize> = shape.concrete().into();
        let values = self.table.read(&format!("{}{name}", self.prefix), &sizes, self.values)?;
        Ok(Tensor::from_slice(self.device, shape, &values)?)
    }

    fn bias<S: Shape>(&self, name: &str, shape: S) -> Result<Param<S, M, D>, EncoderError> {
        Ok(Param::new(Role::BiasOrNorm, self.tensor(name, shape)?))
    }

    /// A place where units are dropped.
    pub(crate) fn dropout(&self, name: &str, rate: f64) -> Result<Dropout, EncoderError> {
        Ok(Dropout::new(rate, &format!("{}{}{name}", self.model, self.prefix))?)
    }

    /// A table of `entries` rows.
    pub(crate) fn embedding<H: Dim>(
        &self,
        name: &str,
        entries: usize,
        width: H,
    ) -> Result<Embedding<usize, H, M, D>, EncoderError> {
        Ok(Embedding::new(self.tensor(&format!("{name}.weight"), (entries, width))?))
    }

    /// A linear layer.
    pub(crate) fn linear<I: Dim, O: Dim>(
        &self,
        name: &str,
        inputs: I,
        outputs: O,
    ) -> Result<Linear<I, O, M, D>, EncoderError> {
        let mut linear = Linear::new(self.tensor(&format!("{name}.weight"), (outputs, inputs))?);
        linear.bias = self.bias(&format!("{name}.bias"), (outputs,))?;
        Ok(linear)
    }

    /// A layer norm.
    pub(crate) fn layer_norm<H: Dim>(
        &self,
        name: &str,
        width: H,
        epsilon: f64,
    ) -> Result<LayerNorm<H, M, D>, EncoderError> {
        let mut norm = LayerNorm::new(self.device, width, epsilon)?;
        norm.gamma = self.bias(&format!("{name}.weight"), (width,))?;
        norm.beta = self.bias(&format!("{name}.bias"), (width,))?;
        Ok(norm)
    }

    /// The projections to queries, keys and values.
    pub(crate) fn query_key_value<H: Dim>(
        &self,
        name: &str,
        width: H,
    ) -> Result<QueryKeyValue<H, M, D>, EncoderError> {
        let mut layer = QueryKeyValue::new(self.tensor(&format!("{name}.weight"), (Const, width, width))?);
        layer.bias = self.bias(&format!("{name}.bias"), (Const, width))?;
        Ok(layer)
    }
}

/// A width of the type, set to the configuration's. Errors if the type fixes another.
pub(crate) fn width<H: Dim>(what: &'static str, size: usize) -> Result<H, EncoderError> {
    H::from_size(size).ok_or_else(|| EncoderError::Width { what, expected: fixed::<H>(), got: size })
}

/// The size that a type fixes, found by asking for each in turn: a [`Dim`] does not say it without a value.
fn fixed<H: Dim>() -> usize {
    (0..=usize::MAX).find(|&size| H::from_size(size).is_some()).expect("a width has a size")
}
