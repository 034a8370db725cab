//! Classification: one class a text or pair of texts.
//!
//! Cross-entropy of softmax(w dropout(x) + b) against the class, with label smoothing (Szegedy et al. 2016).

use crate::classifier::{Classifier, HeadConfig, check_smoothing, softmax};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::{Dim, Fits};
use mtl_core_tensor::{
    Device, Head, Init, Loss, Module, ParamView, Prediction, Reads, Tape, Targets, Tensor, TensorError,
};

/// One of several classes for each sequence.
#[derive(Debug, Clone)]
pub struct Classification<H: Dim, M: Real, D: Device> {
    /// Dropout and the linear layer.
    pub classifier: Classifier<H, M, D>,
    smoothing: f64,
}

impl<H: Dim, M: Real, D: Device> Classification<H, M, D> {
    /// Starts with random weights; see [`Classifier::new`].
    ///
    /// Errors if there is no class, or the dropout is outside [0, 1).
    pub fn new(
        device: &D,
        hidden: H,
        classes: usize,
        config: HeadConfig,
        init: &Init,
    ) -> Result<Self, TensorError> {
        Ok(Classification {
            classifier: Classifier::new(device, hidden, classes, config, init)?,
            smoothing: 0.0,
        })
    }

    /// The same head with label smoothing s over C classes: targets (1 - s) one-hot + s / C.
    ///
    /// Errors if s is outside [0, 1).
    pub fn with_label_smoothing(self, smoothing: f64) -> Result<Self, TensorError> {
        Ok(Classification { smoothing: check_smoothing(smoothing)?, ..self })
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

impl<H: Dim, M: Real, D: Device> Module<M, D> for Classification<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        self.classifier.visit(visitor);
    }
}

impl<H: Dim, E: Float, D: Device> Head<H, E, D> for Classification<H, E::Master, D> {
    fn reads(&self) -> Reads {
        Reads::Sequences
    }

    fn outputs(&self) -> usize {
        self.classifier.outputs()
    }

    fn default_metric(&self) -> &'static str {
        "accuracy"
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
        let Targets::Classes(classes) = targets else {
            let (head, expected) = ("classification", "classes");
            return Err(TensorError::Targets { head, expected, got: targets.kind() });
        };
        tape.cross_entropy(logits, classes, self.smoothing, denominator)
    }

    fn decode(&self, logits: &[f64]) -> Vec<Prediction> {
        let class = |row: &[f64]| {
            let (best, probabilities) = softmax(row);
            Prediction::Class(best, probabilities)
        };
        logits.chunks_exact(self.classifier.outputs()).map(class).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtl_core_tensor::device::Cpu;

    fn head() -> Classification<usize, f64, Cpu> {
        let config = HeadConfig { dropout: 0.0 };
        Classification::new(&Cpu, 2, 3, config, &Init::new(1)).expect("valid")
    }

    fn loss(head: &Classification<usize, f64, Cpu>, targets: Targets) -> Result<Loss, TensorError> {
        // The rows have probabilities 1/2 1/4 1/4 and 1/3 1/3 1/3.
        let logits = Tensor::from_slice(&Cpu, (2, 3), &[2f64.ln(), 0.0, 0.0, 1.0, 1.0, 1.0])?;
        head.loss(&mut Tape::inference(&Cpu), &logits, &targets, 2.0)
    }

    #[test]
    fn the_loss_of_a_known_case() {
        let plain = loss(&head(), Targets::Classes(vec![0, 2])).expect("valid").value;
        assert!((plain - (2f64.ln() + 3f64.ln()) / 2.0).abs() < 1e-12, "{plain}");
        // Smoothing .3 over 3 classes: targets .8 .1 .1, so the first row costs .8 ln 2 + .2 ln 4.
        let head = head().with_label_smoothing(0.3).expect("in range");
        let smooth = loss(&head, Targets::Classes(vec![0, 2])).expect("valid").value;
        assert!((smooth - (1.2 * 2f64.ln() + 3f64.ln()) / 2.0).abs() < 1e-12, "{smooth}");
    }

    #[test]
    fn targets_of_another_kind_are_an_error() {
        let error = loss(&head(), Targets::Values(vec![0.5, 0.5])).expect_err("values are no classes");
        assert_eq!(error.to_string(), "classification learns classes but was given values");
        assert!(head().with_label_smoothing(1.0).is_err());
    }

    #[test]
    fn decoding_gives_the_best_class_and_every_probability() {
        let decoded = Head::<usize, f64, Cpu>::decode(&head(), &[0.0, 0.0, -1e9, -1e9, 0.0, -1e9]);
        let expected = [(0, vec![0.5, 0.5, 0.0]), (1, vec![0.0, 1.0, 0.0])];
        assert_eq!(decoded, expected.map(|(class, p)| Prediction::Class(class, p)));
    }
}
