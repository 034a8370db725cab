//! Several labels a text.
//!
//! Binary cross-entropy of each label's logit, averaged over the labels: a text's loss is the mean over all labels,
//! so that it does not grow with their number. A label holds where its probability is at least 1/2.

use crate::classifier::{Classifier, HeadConfig, sigmoid};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::{Dim, Fits};
use mtl_core_tensor::{
    Device, Head, Init, Loss, Module, ParamView, Prediction, Reads, Tape, Targets, Tensor, TensorError,
};

/// Any number of labels for each sequence.
#[derive(Debug, Clone)]
pub struct MultiLabel<H: Dim, M: Real, D: Device> {
    /// Dropout and the linear layer.
    pub classifier: Classifier<H, M, D>,
}

impl<H: Dim, M: Real, D: Device> MultiLabel<H, M, D> {
    /// Starts with random weights; see [`Classifier::new`].
    ///
    /// Errors if there is no label, or the dropout is outside [0, 1).
    pub fn new(
        device: &D,
        hidden: H,
        labels: usize,
        config: HeadConfig,
        init: &Init,
    ) -> Result<Self, TensorError> {
        Ok(MultiLabel { classifier: Classifier::new(device, hidden, labels, config, init)? })
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

impl<H: Dim, M: Real, D: Device> Module<M, D> for MultiLabel<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        self.classifier.visit(visitor);
    }
}

impl<H: Dim, E: Float, D: Device> Head<H, E, D> for MultiLabel<H, E::Master, D> {
    fn reads(&self) -> Reads {
        Reads::Sequences
    }

    fn outputs(&self) -> usize {
        self.classifier.outputs()
    }

    fn default_metric(&self) -> &'static str {
        "micro_f1"
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
        let Targets::Labels(labels) = targets else {
            let (head, expected) = ("a head of several labels", "labels");
            return Err(TensorError::Targets { head, expected, got: targets.kind() });
        };
        tape.binary_cross_entropy(logits, labels, denominator * self.classifier.outputs() as f64)
    }

    fn decode(&self, logits: &[f64]) -> Vec<Prediction> {
        let labels = |row: &[f64]| {
            let probabilities: Vec<f64> = row.iter().map(|&x| sigmoid(x)).collect();
            let hold = (0..row.len()).filter(|&label| probabilities[label] >= 0.5).collect();
            Prediction::Labels(hold, probabilities)
        };
        logits.chunks_exact(self.classifier.outputs()).map(labels).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtl_core_tensor::device::Cpu;

    fn head() -> MultiLabel<usize, f64, Cpu> {
        let config = HeadConfig { dropout: 0.0 };
        MultiLabel::new(&Cpu, 2, 2, config, &Init::new(1)).expect("valid")
    }

    #[test]
    fn the_loss_is_the_mean_over_texts_and_labels() {
        // Probabilities 1/2 3/4 and 1/4 1/2; one label of the second text is unknown.
        let three = 3f64.ln();
        let logits = Tensor::from_slice(&Cpu, (2, 2), &[0.0, three, -three, 0.0]).expect("sizes");
        let targets = Targets::Labels(vec![1.0, 0.0, 0.0, f64::NAN]);
        let mut tape = Tape::inference(&Cpu);
        let loss = head().loss(&mut tape, &logits, &targets, 2.0).expect("valid").value;
        let by_hand = (2f64.ln() + 4f64.ln() + (4f64 / 3.0).ln()) / 4.0;
        assert!((loss - by_hand).abs() < 1e-12, "{loss} {by_hand}");
        let error = head().loss(&mut tape, &logits, &Targets::Classes(vec![0, 1]), 2.0).expect_err("classes");
        assert_eq!(error.to_string(), "a head of several labels learns labels but was given classes");
    }

    #[test]
    fn labels_hold_from_one_half_on() {
        let decoded = Head::<usize, f64, Cpu>::decode(&head(), &[0.0, -0.1, 1e9, -1e9]);
        assert!(
            matches!(&decoded[0], Prediction::Labels(hold, p) if *hold == [0] && p[0] == 0.5 && p[1] < 0.5)
        );
        assert_eq!(decoded[1], Prediction::Labels(vec![0], vec![1.0, 0.0]));
    }
}
