//! Token classification: one class a word.
//!
//! It reads one row a word, of the word's first sub-word (Devlin et al. 2019, section 5.3): whoever has the words
//! gathers those rows. Cross-entropy as in [`Classification`](crate::Classification).

use crate::classifier::{Classifier, HeadConfig, check_smoothing, softmax};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::{Dim, Fits};
use mtl_core_tensor::{
    Device, Head, Init, Loss, Module, ParamView, Prediction, Reads, Tape, Targets, Tensor, TensorError,
};

/// One of several classes for each word.
#[derive(Debug, Clone)]
pub struct TokenClassification<H: Dim, M: Real, D: Device> {
    /// Dropout and the linear layer.
    pub classifier: Classifier<H, M, D>,
    smoothing: f64,
}

impl<H: Dim, M: Real, D: Device> TokenClassification<H, M, D> {
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
        Ok(TokenClassification {
            classifier: Classifier::new(device, hidden, classes, config, init)?,
            smoothing: 0.0,
        })
    }

    /// The same head with label smoothing s over C classes: targets (1 - s) one-hot + s / C.
    ///
    /// Errors if s is outside [0, 1).
    pub fn with_label_smoothing(self, smoothing: f64) -> Result<Self, TensorError> {
        Ok(TokenClassification { smoothing: check_smoothing(smoothing)?, ..self })
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

impl<H: Dim, M: Real, D: Device> Module<M, D> for TokenClassification<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        self.classifier.visit(visitor);
    }
}

impl<H: Dim, E: Float, D: Device> Head<H, E, D> for TokenClassification<H, E::Master, D> {
    fn reads(&self) -> Reads {
        Reads::Tokens
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
            let (head, expected) = ("token classification", "classes");
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

    #[test]
    fn words_without_a_label_cost_nothing() {
        let (device, config) = (Cpu, HeadConfig { dropout: 0.0 });
        let head = TokenClassification::new(&device, 2usize, 2, config, &Init::new(1)).expect("valid");
        let logits =
            Tensor::from_slice(&device, (3, 2), &[0.0, 0.0, 9.0, 0.0, 0.0, 3f64.ln()]).expect("sizes");
        let targets = Targets::Classes(vec![0, mtl_core_tensor::IGNORED, 1]);
        let loss = head.loss(&mut Tape::inference(&device), &logits, &targets, 2.0).expect("valid").value;
        assert!((loss - (2f64.ln() + (4f64 / 3.0).ln()) / 2.0).abs() < 1e-12, "{loss}");
        assert_eq!(Head::<usize, f64, Cpu>::reads(&head), Reads::Tokens);
    }
}
