//! Heads: hidden states in; logits, loss and predictions out.

use super::Reads;
use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::param::Module;
use crate::shape::Dim;
use crate::tape::{Loss, Tape};
use crate::tensor::Tensor;
use std::fmt::Debug;

/// What the rows of a head should come out as.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// A class each, or [`crate::IGNORED`], `(rows,)`.
    Classes(Vec<u32>),
    /// 0 or 1 for each label, `(rows, labels)`; NaN counts nothing.
    Labels(Vec<f64>),
    /// A value each, in the unit that the head learns, `(rows,)`.
    Values(Vec<f64>),
}

impl Targets {
    /// The kind, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Targets::Classes(_) => "classes",
            Targets::Labels(_) => "labels",
            Targets::Values(_) => "values",
        }
    }
}

/// What a head says of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// A class, and the probability of each.
    Class(usize, Vec<f64>),
    /// The labels that hold, and the probability of each.
    Labels(Vec<usize>, Vec<f64>),
    /// A value in the file's scale.
    Value(f64),
}

/// Hidden states in; logits, loss and predictions out.
pub trait Head<H: Dim, E: Float, D: Device>: Module<E::Master, D> + Debug + Send + Sync {
    /// Which rows it reads.
    fn reads(&self) -> Reads;

    /// How many numbers it gives a row.
    fn outputs(&self) -> usize;

    /// The key of the metric by which it is judged by default.
    fn default_metric(&self) -> &'static str;

    /// The logits of its rows.
    ///
    /// # Shapes
    /// rows: `(rows, hidden)`; result: `(rows, outputs)`.
    fn logits(
        &self,
        tape: &mut Tape<E, D>,
        rows: &Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, usize), E, D>, TensorError>;

    /// The loss of logits against targets, summed and divided by `denominator`.
    ///
    /// Errors if the targets are of another kind or number than the head's.
    fn loss(
        &self,
        tape: &mut Tape<E, D>,
        logits: &Tensor<(usize, usize), E, D>,
        targets: &Targets,
        denominator: f64,
    ) -> Result<Loss, TensorError>;

    /// What the logits of each row, `(rows, outputs)`, mean.
    fn decode(&self, logits: &[f64]) -> Vec<Prediction>;
}
