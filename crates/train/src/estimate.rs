//! What a run will need: memory and time, estimated before the first step.

use std::time::Instant;

use mtl_core_tensor::element::{DType, Float};
use mtl_core_tensor::kernels::peak;
use mtl_core_tensor::{Activation, Cpu, Device, Encoder, Init, Linear, Tape, Tensor, bf16};
use serde::Serialize;

use crate::batch::tokens_read;
use crate::config::{Config, Precision};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::memory::{MIB, Memory};

/// Rows of the products that are timed.
const ROWS: usize = 1024;
/// How often they are timed; the fastest counts.
const TIMES: usize = 3;

/// What a run will need. These are estimates: the formulas are with the fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Peak memory in MiB, the sum of
    /// - 14 MiB for the program and its tokenizer; 8 bytes a token, 16 a word and 250 a text of all train and dev sets;
    /// - 24 bytes a parameter (16 with momentum SGD): copies of the weight and its two moments (one) while a checkpoint is
    ///   written;
    /// - 1.25 times what is in use at once, since freed buffers are kept: 12 bytes a parameter (8), and the larger of an
    ///   evaluation and a step. An evaluation takes inner + 9 x hidden numbers a token of the largest dev
    ///   set, up to `pack_tokens`. A step takes, a token, 8 x hidden + 2 x inner numbers for each layer (in f32, where the
    ///   values of norms and activations are made again, 6 x hidden + inner) and, for one, 4 x hidden + 2 x inner more on
    ///   the way back (where layers are computed again, one row of hidden numbers for each
    ///   layer and one layer's numbers), and its gradient: 4 bytes a parameter, of the token embeddings only the rows that
    ///   it looks up.
    ///
    /// A number has 2 bytes in bf16, 4 in f32. The tokens are those of the run's largest step up to `pack_tokens`; all of
    /// them with "mgda-ub", which looks at all packs together. A step of several packs that looks at each
    /// task's gradient holds one for each task and their sum; "sdmgrad" holds two for each task.
    pub memory_mib: f64,
    /// Floating-point operations of all training steps: 6 a token and weight of a matrix product, after the last layer's
    /// attention of the tokens alone that heads read, and 12 x layers x hidden a token and token of its sequence for
    /// attention.
    pub flops: f64,
    /// Operations per second that a few products of the encoder's sizes reached just now.
    pub flops_per_second: f64,
    /// Operations per second that the machine can reach at most in the precision, on as many threads, measured just now.
    pub peak_flops_per_second: f64,
    /// Seconds of training: `flops / flops_per_second`, and half as much again for what is not a product.
    pub seconds: f64,
}

impl Estimate {
    /// The estimate of training an encoder of this form on so many tokens, in packs of at most `pack_tokens`.
    pub(crate) fn of<E: Float, D: Device>(
        config: &Config,
        dataset: &Dataset,
        form: &dyn Encoder<E, D, Hidden = usize>,
        tokens: u64,
        memory: &Memory,
        pack_tokens: usize,
    ) -> Result<Estimate, TrainError> {
        let form = Sizes { hidden: form.hidden(), inner: form.inner(), layers: form.layers() };
        let flops = tokens as f64 * flops_per_token(&form, &Shown::of(dataset));
        let (flops_per_second, peak_flops_per_second) = match config.train.precision {
            Precision::Bf16 => (time_products::<bf16>(&form)?, peak::flops_per_second(DType::Bf16)),
            Precision::F32 => (time_products::<f32>(&form)?, peak::flops_per_second(DType::F32)),
        };
        let (memory_mib, seconds) = (memory.bytes(pack_tokens) / MIB, 1.5 * flops / flops_per_second);
        Ok(Estimate { memory_mib, flops, flops_per_second, peak_flops_per_second, seconds })
    }
}

/// The sizes of an encoder.
struct Sizes {
    hidden: usize,
    inner: usize,
    layers: usize,
}

/// Three times the forward pass's 2 a weight and token, and 4 x hidden a pair of tokens and layer.
fn flops_per_token(form: &Sizes, shown: &Shown) -> f64 {
    let (hidden, inner, layers) = (form.hidden as f64, form.inner as f64, form.layers as f64);
    let after_attention = hidden * hidden + 2.0 * hidden * inner;
    let whole = layers * (3.0 * hidden * hidden + after_attention);
    6.0 * (whole - (1.0 - shown.read) * after_attention) + 12.0 * layers * hidden * shown.length
}

/// The texts that a run shows, on average over the train sets.
#[derive(Debug, PartialEq)]
struct Shown {
    /// Tokens of a text.
    length: f64,
    /// The share of the tokens at which heads read the last layer.
    read: f64,
}

impl Shown {
    fn of(dataset: &Dataset) -> Shown {
        let (mut texts, mut tokens, mut read) = (0, 0, 0);
        for stream in &dataset.streams {
            texts += stream.examples.len();
            tokens += dataset.tasks[stream.tokens_of].train.tokens(&stream.examples);
            read +=
                stream.examples.iter().map(|&example| tokens_read(dataset, stream, example)).sum::<usize>();
        }
        let per = |count: f64, of: usize| count / of.max(1) as f64;
        Shown { length: per(tokens as f64, texts), read: per(read as f64, tokens as usize) }
    }
}

/// The operations per second of a product of the encoder's sizes.
fn time_products<E: Float<Master = f32>>(form: &Sizes) -> Result<f64, TrainError> {
    let (hidden, inner) = (form.hidden, form.inner);
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
