//! What every head is made of: dropout, then a linear layer.

use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::{Dim, Fits};
use mtl_core_tensor::{
    Activation, Device, Dropout, Init, Linear, Module, Param, ParamView, Role, Tape, Tensor, TensorError,
};

/// What the heads have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadConfig {
    /// Dropout of the rows that are read, in [0, 1).
    pub dropout: f64,
}

/// Dropout and a linear layer from `H` to a number of outputs known at run time.
#[derive(Debug, Clone)]
pub struct Classifier<H: Dim, M: Real, D: Device> {
    /// The linear layer.
    pub linear: Linear<H, usize, M, D>,
    dropout: Dropout,
}

impl<H: Dim, M: Real, D: Device> Classifier<H, M, D> {
    /// Weights and biases uniform in (-1/sqrt(hidden), 1/sqrt(hidden)), as PyTorch's `nn.Linear` starts (after
    /// Glorot and Bengio 2010), drawn as `classifier.weight` and `classifier.bias` of `init`, whose name keys the dropout.
    ///
    /// Errors if there are no outputs or the dropout is outside [0, 1).
    pub fn new(
        device: &D,
        hidden: H,
        outputs: usize,
        config: HeadConfig,
        init: &Init,
    ) -> Result<Self, TensorError> {
        if outputs == 0 {
            return Err(TensorError::Range { name: "a head's outputs", rule: "at least 1", got: 0.0 });
        }
        let dropout = Dropout::new(config.dropout, &format!("{}dropout", init.prefix()))?;
        let (init, bound) = (init.part("classifier"), (hidden.size() as f64).sqrt().recip());
        let weight = init.uniform("weight", outputs * hidden.size(), bound);
        let mut linear = Linear::new(Tensor::from_slice(device, (outputs, hidden), &weight)?);
        let bias = init.uniform("bias", outputs, bound);
        linear.bias = Param::new(Role::BiasOrNorm, Tensor::from_slice(device, (outputs,), &bias)?);
        Ok(Classifier { linear, dropout })
    }

    /// How many numbers it gives a row.
    pub fn outputs(&self) -> usize {
        self.linear.weight.shape().0
    }

    /// The logits of rows.
    ///
    /// # Shapes
    /// rows: `(rows, hidden)`; result: `(rows, outputs)`.
    ///
    /// Errors if the width differs at run time, or if dropout is on and the rows are not named.
    pub fn logits<E: Float<Master = M>, W: Fits<H>>(
        &self,
        tape: &mut Tape<E, D>,
        rows: &Tensor<(usize, W), E, D>,
    ) -> Result<Tensor<(usize, usize), E, D>, TensorError> {
        let rows = tape.dropout(rows, self.dropout)?;
        tape.linear(&rows, &self.linear, Activation::None)
    }
}

impl<H: Dim, M: Real, D: Device> Module<M, D> for Classifier<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        self.linear.visit(&mut |name, view| visitor(&format!("classifier.{name}"), view));
    }
}

/// Errors unless label smoothing lies in [0, 1).
pub(crate) fn check_smoothing(smoothing: f64) -> Result<f64, TensorError> {
    if (0.0..1.0).contains(&smoothing) {
        return Ok(smoothing);
    }
    Err(TensorError::Range { name: "label smoothing", rule: "in [0, 1)", got: smoothing })
}

/// softmax(x)_i = e^(x_i - max x) / sum_j e^(x_j - max x), and the index of the largest, the first of equals.
pub(crate) fn softmax(logits: &[f64]) -> (usize, Vec<f64>) {
    let best = (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best });
    let powers: Vec<f64> = logits.iter().map(|x| (x - logits[best]).exp()).collect();
    let sum: f64 = powers.iter().sum();
    (best, powers.into_iter().map(|power| power / sum).collect())
}

/// 1 / (1 + e^-x), without overflow.
pub(crate) fn sigmoid(x: f64) -> f64 {
    let small = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_and_sigmoid_of_literals() {
        let (best, p) = softmax(&[0.0, 3f64.ln(), 0.0]);
        assert_eq!(best, 1);
        assert!(p.iter().zip([0.2, 0.6, 0.2]).all(|(a, b)| (a - b).abs() < 1e-15), "{p:?}");
        assert_eq!(softmax(&[1e4, 1e4]), (0, vec![0.5, 0.5]));
        assert_eq!((sigmoid(0.0), sigmoid(-1e4), sigmoid(1e4)), (0.5, 0.0, 1.0));
        assert!((sigmoid(3f64.ln()) - 0.75).abs() < 1e-15);
    }
}
