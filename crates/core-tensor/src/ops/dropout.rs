//! Dropout (Srivastava et al. 2014): units are dropped at a rate and the rest scaled, so the expectation stays.
//!
//! Draws are keyed by the run's seed, the operation, the step and the row's place in its sequence; the backward
//! pass draws them again, so no mask is kept.

use crate::device::{Device, RowDropout};
use crate::element::Float;
use crate::error::TensorError;
use crate::init::fnv1a;
use crate::kernels::random::{DrawKey, Rate};
use crate::pack::Rows;
use crate::shape::Dim;
use crate::tape::{Backward, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;

/// One place in a model where units are dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    rate: Rate,
    op: u64,
}

impl Dropout {
    /// Drops nothing.
    pub const OFF: Dropout = Dropout { rate: Rate::ZERO, op: 0 };

    /// Drops at `rate`, in [0, 1). `place` keys the draws: the place's dotted name, which no other place of the model
    /// has.
    pub fn new(rate: f64, place: &str) -> Result<Dropout, TensorError> {
        let range = TensorError::Range { name: "dropout", rule: "at least 0 and less than 1", got: rate };
        Ok(Dropout { rate: Rate::new(rate).ok_or(range)?, op: fnv1a(place.bytes()) })
    }

    /// The same place with another rate. Errors if it is outside [0, 1).
    pub fn with_rate(self, rate: f64) -> Result<Dropout, TensorError> {
        Ok(Dropout { op: self.op, ..Dropout::new(rate, "")? })
    }

    /// The rate and the key, where the tape draws and the rate is not zero.
    pub(crate) fn drawn<E: Float, D: Device>(self, tape: &Tape<E, D>) -> Option<(Rate, DrawKey)> {
        if self.rate == Rate::ZERO {
            return None;
        }
        tape.draw_key(self.op).map(|key| (self.rate, key))
    }
}

/// A drawn dropout with the rows that key it, kept for the backward pass.
pub(crate) struct Drawn {
    rate: Rate,
    key: DrawKey,
    rows: Rows,
}

impl Drawn {
    /// Errors if there is something to draw but the rows are unknown.
    pub(crate) fn new<E: Float, D: Device>(
        op: &'static str,
        dropout: Dropout,
        tape: &Tape<E, D>,
        rows: Option<&Rows>,
    ) -> Result<Option<Drawn>, TensorError> {
        let Some((rate, key)) = dropout.drawn(tape) else { return Ok(None) };
        let rows = rows.ok_or(TensorError::UnnamedRows { op })?.clone();
        Ok(Some(Drawn { rate, key, rows }))
    }

    pub(crate) fn of_rows(&self) -> RowDropout<'_> {
        RowDropout { rate: self.rate, key: self.key, rows: self.rows.keys() }
    }
}

impl<E: Float, D: Device> Tape<E, D> {
    /// Drops units of each row. Where dropout is off the tensor passes unchanged.
    ///
    /// # Shapes
    /// x and result: `(rows, width)`.
    ///
    /// Errors if the rows of `x` are not named.
    pub fn dropout<R: Dim, W: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        dropout: Dropout,
    ) -> Result<Tensor<(R, W), E, D>, TensorError> {
        let input = self.input("dropout", x)?;
        let Some(drawn) = Drawn::new("dropout", dropout, self, x.rows.as_ref())? else {
            return Ok(x.clone());
        };
        let y = self.device().dropout(x.buffer(), drawn.of_rows());
        let mut y = Tensor::from_buffer(self.device(), *x.shape(), y);
        y.rows = x.rows.clone();
        Ok(self.record(y, &[input], Vec::new(), || Box::new(DropoutBackward { input, drawn })))
    }
}

struct DropoutBackward {
    input: Option<NodeId>,
    drawn: Drawn,
}

impl<E: Float, D: Device> Backward<E, D> for DropoutBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dx = walk.device().dropout(&upstream.tensor(), self.drawn.of_rows());
        walk.add(self.input, dx);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pack;
    use crate::device::Cpu;

    /// Which units of a matrix of ones stay in a training step.
    fn mask(dropout: Dropout) -> Vec<bool> {
        let mut pack = Pack::new();
        pack.push(&[0; 8], &[0; 8], 3, vec![0]);
        let ones = Tensor::from_slice(&Cpu, (8, 16), &[1.0; 128]).expect("sizes");
        let x = ones.with_rows(pack.token_rows()).expect("one row a token");
        let mut tape = Tape::<f64, Cpu>::training(&Cpu, 7, 2);
        tape.dropout(&x, dropout).expect("named rows").to_vec().iter().map(|x| *x > 0.0).collect()
    }

    fn at(place: &str) -> Dropout {
        Dropout::new(0.5, place).expect("a rate")
    }

    #[test]
    fn places_of_other_names_have_other_masks() {
        let names = ["layer.0.output", "layer.1.output", "head.a", "head.b", "copy.layer.0.output", ""];
        let masks: Vec<_> = names.iter().map(|name| mask(at(name))).collect();
        for (place, one) in masks.iter().enumerate() {
            assert!(one.iter().any(|stays| *stays) && one.iter().any(|stays| !stays));
            assert!(masks[..place].iter().all(|other| other != one), "{}", names[place]);
        }
    }

    #[test]
    fn a_name_has_one_mask() {
        assert_eq!(mask(at("layer.0.output")), mask(at("layer.0.output")));
        let (slower, same) = (at("head").with_rate(0.2), Dropout::new(0.2, "head"));
        assert_eq!(slower.expect("a rate"), same.expect("a rate"));
    }
}
