//! What a run will need: memory and time, from dry steps before the first.

mod dry;

use std::time::Instant;

use mtl_core_tensor::element::{DType, Float};
use mtl_core_tensor::kernels::peak;
use mtl_core_tensor::{Activation, Cpu, Init, Linear, Tape, Tensor};
use serde::Serialize;

use crate::batch::Drawn;
use crate::error::TrainError;

pub(crate) use dry::{DryRun, MIB, limit};

/// Rows of the products that are timed.
const ROWS: usize = 1024;
/// How often they are timed; the fastest counts.
const TIMES: usize = 3;

/// What a run will need. These are estimates; the fields say how they are made.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Peak memory in MiB: a dry run of the largest step and of the largest evaluation on a device that counts the bytes of
    /// its buffers, times 1.25, since freed buffers are kept; weights and the optimizer's moments twice more, which a
    /// checkpoint copies while it is written; 14 MiB for the program and its tokenizer; 8 bytes a token, 16 a word and
    /// 250 a text of all train and dev sets.
    pub memory_mib: f64,
    /// Floating-point operations of all training steps: those of dry steps all over the run, counted.
    pub flops: f64,
    /// Operations per second that a few products of the encoder's sizes reached just now.
    pub flops_per_second: f64,
    /// Operations per second that the machine can reach at most in the precision, on as many threads, measured just now.
    pub peak_flops_per_second: f64,
    /// Seconds of training: `flops / flops_per_second`, and half as much again for what is not a product.
    pub seconds: f64,
}

/// The sizes of an encoder's products.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) hidden: usize,
    pub(crate) inner: usize,
}

impl Estimate {
    /// The estimate of a run over so many tokens, of which `sample` are some steps, that takes so many bytes.
    pub(crate) fn of<E: Float<Master = f32>>(
        dry: &mut DryRun<'_, E>,
        sample: &[Vec<Drawn>],
        pack_tokens: usize,
        (tokens, bytes): (u64, f64),
        sizes: Sizes,
    ) -> Result<Estimate, TrainError> {
        let (mut operations, mut of_tokens) = (0, 0);
        for drawn in sample {
            let cost = dry.step(drawn, pack_tokens)?;
            operations += cost.operations;
            of_tokens += cost.tokens;
        }
        let flops = operations as f64 * (tokens as f64 / of_tokens.max(1) as f64);
        let flops_per_second = time_products::<E>(sizes)?;
        let peak_flops_per_second = peak::flops_per_second(match E::DTYPE {
            DType::Bf16 => DType::Bf16,
            _ => DType::F32,
        });
        let seconds = 1.5 * flops / flops_per_second;
        Ok(Estimate { memory_mib: bytes / MIB, flops, flops_per_second, peak_flops_per_second, seconds })
    }
}

/// The operations per second of a product of the encoder's sizes.
fn time_products<E: Float<Master = f32>>(Sizes { hidden, inner }: Sizes) -> Result<f64, TrainError> {
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
