//! How much memory a run takes, and the largest packs that fit into what there is.

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Cpu, Device, Module};
use mtl_sharing::GradientKind;
use mtl_sharing::gradient::Needs;

use crate::config::{Config, Optimizer, Precision};
use crate::dataset::{Dataset, ExampleSet};
use crate::error::TrainError;
use crate::machine;
use crate::model::Model;
use crate::prepare::PACK_TOKENS;
use crate::step::INDEPENDENT;

/// The program, its tokenizer and what its threads work in.
const PROGRAM: f64 = 14.0 * MIB;
/// Bytes of one tokenized text beside its numbers.
const PER_TEXT: f64 = 250.0;
pub(crate) const MIB: f64 = 1024.0 * 1024.0;

/// What the memory of a run is made of, in bytes. The sum is that of [`Estimate::memory_mib`](crate::plan::Estimate).
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    /// The program and the tokenized text.
    fixed: f64,
    /// Weights and the optimizer's moments. While a checkpoint is written they are there three times: in use, as named
    /// tensors, and as the file; only the first of these lie in the device's buffers, which hold some more.
    state: f64,
    /// The gradient of all parameters but the token embeddings.
    dense_gradient: f64,
    /// The gradient of one row of the token embeddings, and how many rows there are.
    row_gradient: (f64, f64),
    /// How many gradients are there at once: in a step of one pack, and of several.
    gradients: (f64, f64),
    /// What one token's forward pass keeps, and what it needs where nothing is kept.
    activations: (f64, f64),
    /// Whether the forward passes of all packs of a step are kept at once.
    keeps_packs: bool,
    /// The tokens of the largest step, shared out among how many batches.
    step_tokens: f64,
    batches: f64,
    /// The tokens of the largest dev set.
    dev_tokens: f64,
    /// The longest sequence that there may be.
    max_tokens: usize,
}

impl Memory {
    /// Of a run whose largest step has so many tokens.
    ///
    /// Errors if a method's settings are refused.
    pub(crate) fn of<E: Float<Master = f32>, D: Device>(
        config: &Config,
        dataset: &Dataset,
        model: &Model<E, D>,
        step_tokens: u64,
    ) -> Result<Memory, TrainError> {
        let parameters = model.parameter_count() as f64;
        let form = model.architecture.form();
        let (hidden, inner, layers) = (form.hidden() as f64, form.inner() as f64, form.layers() as f64);
        let rows = form.vocabulary() as f64;
        // In f32 the values of norms and activations are made again from what these made them of.
        let (size, layer) = match config.train.precision {
            Precision::Bf16 => (2.0, 8.0 * hidden + 2.0 * inner),
            Precision::F32 => (4.0, 6.0 * hidden + inner),
        };
        let moments = match config.train.optimizer {
            Optimizer::AdamW { .. } => 8.0,
            Optimizer::Sgd { .. } => 4.0,
        };
        // The backward pass of a layer holds the gradients of its widest tensors beside what was kept.
        let backward = 4.0 * hidden + 2.0 * inner;
        let kept = match config.encoder.checkpoint_layers {
            true => layers * hidden + layer,
            false => layers * layer,
        };
        let looks = Looks::of(config)?;
        let sets = dataset.tasks.iter().flat_map(|task| [&task.train, &task.dev]);
        let tokens = |set: &ExampleSet| set.encoded.iter().map(|text| text.ids.len()).sum::<usize>() as f64;
        Ok(Memory {
            fixed: PROGRAM + sets.map(text_bytes).sum::<f64>(),
            state: parameters * (4.0 + moments),
            dense_gradient: 4.0 * (parameters - rows * hidden),
            row_gradient: (4.0 * hidden, rows),
            gradients: looks.gradients(config.tasks.len() as f64),
            activations: (size * (kept + backward), size * (inner + 9.0 * hidden)),
            keeps_packs: looks == Looks::Representation,
            step_tokens: step_tokens as f64,
            batches: if looks == Looks::ThreeBatches { INDEPENDENT as f64 } else { 1.0 },
            dev_tokens: dataset.tasks.iter().map(|task| tokens(&task.dev)).fold(0.0, f64::max),
            max_tokens: config.encoder.max_tokens,
        })
    }

    /// The bytes at most with packs of at most so many tokens.
    pub(crate) fn bytes(&self, pack_tokens: usize) -> f64 {
        let (limit, batch) = (pack_tokens as f64, (self.step_tokens / self.batches).ceil());
        let several = batch > limit;
        let at_once = if several && !self.keeps_packs { limit } else { batch };
        let gradient = self.dense_gradient + self.row_gradient.0 * at_once.min(self.row_gradient.1);
        let gradients = if several { self.gradients.1 } else { self.gradients.0 };
        let step = gradient * gradients + at_once * self.activations.0;
        let evaluation = self.dev_tokens.min(limit) * self.activations.1;
        self.fixed + 2.0 * self.state + Cpu::HELD * (self.state + step.max(evaluation))
    }

    /// The most tokens of a pack where the configuration does not say: [`PACK_TOKENS`], or a sequence if that is longer;
    /// halved while that takes more than `limit` bytes, as long as it helps and a sequence still fits.
    pub(crate) fn pack_tokens(&self, limit: Option<u64>) -> usize {
        let most = PACK_TOKENS.max(self.max_tokens);
        let Some(limit) = limit else { return most };
        let halves = std::iter::successors(Some(most), |tokens| Some(tokens / 2));
        let mut chosen = most;
        for tokens in halves.take_while(|tokens| *tokens >= self.max_tokens.max(1)) {
            if self.bytes(tokens) < self.bytes(chosen) {
                chosen = tokens;
            }
            if self.bytes(chosen) <= limit as f64 {
                break;
            }
        }
        chosen
    }
}

/// The memory that a run may take, in bytes: what its configuration says, else what the machine has for it. `None`
/// where neither says anything.
pub(crate) fn limit(config: &Config) -> Option<u64> {
    config.train.memory_limit.map(|size| size.0).or_else(machine::memory_limit)
}

/// Which gradients a configuration's steps look at beside their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// None.
    None,
    /// Each task's gradient, or its products with the others'.
    Tasks,
    /// The gradients where the encoder ends, from all packs together, and one sum.
    Representation,
    /// Each task's gradient on three batches.
    ThreeBatches,
}

impl Looks {
    fn of(config: &Config) -> Result<Looks, TrainError> {
        let sharing = &config.sharing;
        let norms = sharing.weighting.build(&config.task_losses(), config.seed)?.needs().gradient_norms;
        Ok(match (sharing.gradients.kind, sharing.gradients.kind.needs()) {
            (GradientKind::Sum, _) if sharing.measure_every > 0 || norms => Looks::Tasks,
            (GradientKind::Sum, _) => Looks::None,
            (_, Needs::Representation) => Looks::Representation,
            (_, Needs::ThreeBatches) => Looks::ThreeBatches,
            _ => Looks::Tasks,
        })
    }

    /// How many gradients of all parameters are there at once, in a step of one pack and of several.
    fn gradients(self, tasks: f64) -> (f64, f64) {
        match self {
            Looks::None | Looks::Representation => (1.0, 1.0),
            Looks::Tasks => (1.0, tasks + 1.0),
            Looks::ThreeBatches => (2.0 * tasks, 2.0 * tasks),
        }
    }
}

/// The bytes of a set's tokenized texts and labels.
fn text_bytes(set: &ExampleSet) -> f64 {
    let numbers = set.encoded.iter().map(|text| 2 * text.ids.len() + 4 * text.first_subword.len());
    4.0 * numbers.sum::<usize>() as f64 + PER_TEXT * set.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(keeps_packs: bool) -> Memory {
        Memory {
            fixed: 1000.0,
            state: 100.0,
            dense_gradient: 40.0,
            row_gradient: (0.0, 10.0),
            gradients: (1.0, 1.0),
            activations: (10.0, 1.0),
            keeps_packs,
            step_tokens: 4000.0,
            batches: 1.0,
            dev_tokens: 0.0,
            max_tokens: 128,
        }
    }

    #[test]
    fn packs_are_halved_until_the_run_fits_and_no_further() {
        let memory = memory(false);
        assert_eq!(memory.bytes(8192), 1000.0 + 200.0 + 1.25 * (100.0 + 40.0 + 40_000.0));
        assert_eq!(memory.pack_tokens(None), 8192);
        assert_eq!(memory.pack_tokens(Some(1 << 40)), 8192);
        assert_eq!(memory.pack_tokens(Some(51_375)), 8192);
        assert_eq!(memory.pack_tokens(Some(51_374)), 2048);
        assert_eq!(memory.pack_tokens(Some(0)), 128);
    }

    #[test]
    fn packs_stay_where_smaller_ones_would_not_help() {
        assert_eq!(memory(true).pack_tokens(Some(0)), 8192);
        let longest = Memory { max_tokens: 10_000, ..memory(false) };
        assert_eq!(longest.pack_tokens(Some(0)), 10_000);
    }
}
