//! What a run will need: memory and time, estimated before the first step.

use std::time::Instant;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Activation, Cpu, Init, Linear, Tape, Tensor, bf16};
use mtl_encoders::BertConfig;
use serde::Serialize;

use crate::config::{Config, Optimizer, Precision};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::model::Model;
use crate::prepare::pack_tokens;

const MIB: f64 = 1024.0 * 1024.0;
/// Rows of the products that are timed.
const ROWS: usize = 1024;
/// How often they are timed; the fastest counts.
const TIMES: usize = 3;

/// What a run will need. These are estimates: the formulas are with the fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Peak memory in MiB: 16 bytes a parameter (weight, gradient, two moments; 12 with momentum SGD), the
    /// activations of one pack, and 48 MiB for the program, the text and scratch.
    pub memory_mib: f64,
    /// Floating-point operations of all training steps: 6 a token and weight of a matrix product, and
    /// 12 x layers x hidden a token and token of its sequence for attention.
    pub flops: f64,
    /// Operations per second that a few products of the encoder's sizes reached just now.
    pub flops_per_second: f64,
    /// Seconds of training: `flops / flops_per_second`, and half as much again for what is not a product.
    pub seconds: f64,
}

impl Estimate {
    /// The estimate of training a model on so many tokens.
    pub(crate) fn of(
        config: &Config,
        dataset: &Dataset,
        model: &mut Model,
        tokens: u64,
    ) -> Result<Estimate, TrainError> {
        let form = *model.encoder.config();
        let flops = tokens as f64 * flops_per_token(&form, mean_length(dataset));
        let flops_per_second = match config.train.precision {
            Precision::Bf16 => time_products::<bf16>(&form)?,
            Precision::F32 => time_products::<f32>(&form)?,
        };
        let parameters = mtl_core_tensor::Module::parameter_count(model) as f64;
        let per_parameter = match config.train.optimizer {
            Optimizer::AdamW { .. } => 16.0,
            Optimizer::Sgd { .. } => 12.0,
        };
        let memory = parameters * per_parameter + activations(config, dataset, &form);
        let seconds = 1.5 * flops / flops_per_second;
        Ok(Estimate { memory_mib: memory / MIB + 48.0, flops, flops_per_second, seconds })
    }
}

/// Three times the forward pass's 2 a weight and token, and 4 x hidden a pair of tokens and layer.
fn flops_per_token(form: &BertConfig, length: f64) -> f64 {
    let (hidden, inner) = (form.hidden_size as f64, form.intermediate_size as f64);
    let weights = form.layers as f64 * (4.0 * hidden * hidden + 2.0 * hidden * inner);
    6.0 * weights + 12.0 * form.layers as f64 * hidden * length
}

fn mean_length(dataset: &Dataset) -> f64 {
    let of = |stream: &crate::dataset::Stream| {
        dataset.tasks[stream.tokens_of].train.tokens(&stream.examples) as f64
    };
    let examples: usize = dataset.sizes().iter().sum();
    dataset.streams.iter().map(of).sum::<f64>() / examples.max(1) as f64
}

/// Bytes of what a pack's forward pass keeps: per token and layer 9 x hidden + 2 x inner numbers, or one row of
/// hidden numbers and one layer's worth where layers are computed again.
fn activations(config: &Config, dataset: &Dataset, form: &BertConfig) -> f64 {
    let size = if config.train.precision == Precision::Bf16 { 2.0 } else { 4.0 };
    let batch = config.train.batch as f64 * mean_length(dataset);
    let tokens = batch.min(pack_tokens(config) as f64);
    let layer = (9 * form.hidden_size + 2 * form.intermediate_size) as f64;
    let kept = if config.encoder.checkpoint_layers {
        (form.layers * form.hidden_size) as f64 + layer
    } else {
        form.layers as f64 * layer
    };
    tokens * kept * size
}

/// The operations per second of a product of the encoder's sizes.
fn time_products<E: Float<Master = f32>>(form: &BertConfig) -> Result<f64, TrainError> {
    let (hidden, inner) = (form.hidden_size, form.intermediate_size);
    let values: Vec<f32> = Init::new(0).uniform("timed", inner * hidden, 1.0);
    let layer = Linear::new(Tensor::from_slice(&Cpu, (inner, hidden), &values)?);
    let x = vec![E::narrow(0.5); ROWS * hidden];
    let x = Tensor::<(usize, usize), E, Cpu>::from_slice(&Cpu, (ROWS, hidden), &x)?;
    let mut fastest = f64::INFINITY;
    for _ in 0..TIMES {
        let begun = Instant::now();
        Tape::inference(&Cpu).linear(&x, &layer, Activation::None)?;
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    Ok(2.0 * (ROWS * hidden * inner) as f64 / fastest.max(1e-9))
}
