//! Regression: one value a text or pair of texts.
//!
//! The file's scale `[min, max]` is learned as [0, 1], t = (value - min) / (max - min), by squared error; so tasks of
//! different scales have losses of one size. Decoding goes back to the file's scale, without a cut at its ends.

use crate::classifier::{Classifier, HeadConfig};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::{Dim, Fits};
use mtl_core_tensor::{
    Device, Head, Init, Loss, Module, ParamView, Prediction, Reads, Tape, Targets, Tensor, TensorError,
};

/// A value for each sequence.
#[derive(Debug, Clone)]
pub struct Regression<H: Dim, M: Real, D: Device> {
    /// Dropout and the linear layer.
    pub classifier: Classifier<H, M, D>,
    scale: [f64; 2],
}

impl<H: Dim, M: Real, D: Device> Regression<H, M, D> {
    /// Starts with random weights; see [`Classifier::new`]. `scale` is the least and the greatest value of the file.
    ///
    /// Errors if the scale is empty or not finite, or the dropout is outside [0, 1).
    pub fn new(
        device: &D,
        hidden: H,
        scale: [f64; 2],
        config: HeadConfig,
        init: &Init,
    ) -> Result<Self, TensorError> {
        let width = scale[1] - scale[0];
        if !(width > 0.0 && width.is_finite()) {
            return Err(TensorError::Range {
                name: "a scale's width",
                rule: "positive and finite",
                got: width,
            });
        }
        Ok(Regression { classifier: Classifier::new(device, hidden, 1, config, init)?, scale })
    }

    /// A value of the file in the unit that the head learns: what [`Targets::Values`] holds.
    pub fn learned(&self, value: f64) -> f64 {
        (value - self.scale[0]) / (self.scale[1] - self.scale[0])
    }

    /// A learned value in the file's scale.
    pub fn in_file(&self, learned: f64) -> f64 {
        self.scale[0] + learned * (self.scale[1] - self.scale[0])
    }

    /// The logits of rows.
    ///
    /// # Shapes
    /// rows: `(rows, hidden)`; result: `(rows, outputs)`.
    ///
    /// Errors as [`Classifier::logits`] does.
    pub fn logits<E: Float<Master = M>, W: Fits<H>>(
        &self,
        tape: &mut Tape<E, D>,
        rows: &Tensor<(usize, W), E, D>,
    ) -> Result<Tensor<(usize, usize), E, D>, TensorError> {
        self.classifier.logits(tape, rows)
    }
}

impl<H: Dim, M: Real, D: Device> Module<M, D> for Regression<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        self.classifier.visit(visitor);
    }
}

impl<H: Dim, E: Float, D: Device> Head<H, E, D> for Regression<H, E::Master, D> {
    fn reads(&self) -> Reads {
        Reads::Sequences
    }

    fn outputs(&self) -> usize {
        self.classifier.outputs()
    }

    fn default_metric(&self) -> &'static str {
        "pearson"
    }

    fn logits(
        &self,
        tape: &mut Tape<E, D>,
        rows: &Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, usize), E, D>, TensorError> {
        self.classifier.logits(tape, rows)
    }

    fn loss(
        &self,
        tape: &mut Tape<E, D>,
        logits: &Tensor<(usize, usize), E, D>,
        targets: &Targets,
        denominator: f64,
    ) -> Result<Loss, TensorError> {
        let Targets::Values(values) = targets else {
            let (head, expected) = ("regression", "values");
            return Err(TensorError::Targets { head, expected, got: targets.kind() });
        };
        tape.squared_error(logits, values, denominator)
    }

    fn decode(&self, logits: &[f64]) -> Vec<Prediction> {
        logits.iter().map(|&x| Prediction::Value(self.in_file(x))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtl_core_tensor::device::Cpu;

    fn head(scale: [f64; 2]) -> Result<Regression<usize, f64, Cpu>, TensorError> {
        Regression::new(&Cpu, 2, scale, HeadConfig { dropout: 0.0 }, &Init::new(1))
    }

    #[test]
    fn the_scale_is_learned_as_zero_to_one() {
        let head = head([1.0, 5.0]).expect("valid");
        assert_eq!([1.0, 2.0, 5.0].map(|value| head.learned(value)), [0.0, 0.25, 1.0]);
        let decoded = Head::<usize, f64, Cpu>::decode(&head, &[0.0, 0.25, 1.5]);
        assert_eq!(decoded, [1.0, 2.0, 7.0].map(Prediction::Value));
    }

    #[test]
    fn the_loss_of_a_known_case() {
        let logits = Tensor::from_slice(&Cpu, (2, 1), &[0.5, 1.0]).expect("sizes");
        let targets = Targets::Values(vec![0.25, 0.5]);
        let mut tape = Tape::inference(&Cpu);
        let head = head([0.0, 5.0]).expect("valid");
        let loss = head.loss(&mut tape, &logits, &targets, 2.0).expect("valid");
        assert_eq!(loss.value, (0.0625 + 0.25) / 2.0);
        let error = head.loss(&mut tape, &logits, &Targets::Labels(vec![1.0, 0.0]), 2.0).expect_err("labels");
        assert_eq!(error.to_string(), "regression learns values but was given labels");
    }

    #[test]
    fn a_scale_without_width_is_an_error() {
        let error = head([3.0, 3.0]).expect_err("empty");
        assert_eq!(error.to_string(), "a scale's width must be positive and finite, got 0");
        assert!(head([0.0, f64::NAN]).is_err() && head([0.0, f64::INFINITY]).is_err());
    }
}
