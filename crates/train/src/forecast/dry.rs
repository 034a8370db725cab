//! A dry run: steps of the real model on a device that only counts. Whatever a method does to memory and work is in it,
//! without a formula.

use mtl_core_tensor::Cpu;
use mtl_core_tensor::device::Count;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::optim::Optimizer;

use crate::answer::Asked;
use crate::batch::Drawn;
use crate::build;
use crate::config::Config;
use crate::dataset::{Dataset, ExampleSet};
use crate::error::TrainError;
use crate::machine;
use crate::model::Model;
use crate::prepare::{self, PACK_TOKENS};
use crate::step::Stepper;

/// The program, its tokenizer and what its threads work in.
const PROGRAM: f64 = 14.0 * MIB;
/// Bytes of one tokenized text beside its numbers.
const PER_TEXT: f64 = 250.0;
pub(crate) const MIB: f64 = 1024.0 * 1024.0;
/// The step that is counted for memory: every method that measures now and then measures in it.
const MEASURED: u64 = 0;
/// A step that is counted for work.
const ORDINARY: u64 = 1;

/// The model of a run on the counting device, with its methods.
pub(crate) struct DryRun<'a, E: Float<Master = f32>> {
    config: &'a Config,
    dataset: &'a Dataset,
    count: Count,
    model: Model<E, Count>,
    stepper: Stepper<Count>,
    optimizer: Box<dyn Optimizer<f32, Count> + Send>,
    /// The bytes of the program and the tokenized text.
    fixed: f64,
}

/// What a dry step took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StepCost {
    /// The most bytes of the device that were in use at once.
    pub(crate) bytes: u64,
    /// Floating-point operations of products.
    pub(crate) operations: u64,
    /// Tokens.
    pub(crate) tokens: u64,
}

impl<'a, E: Float<Master = f32>> DryRun<'a, E> {
    /// Of a configuration whose encoder has so many token ids.
    ///
    /// Errors if the encoder's form or a method's settings are refused.
    pub(crate) fn new(
        config: &'a Config,
        dataset: &'a Dataset,
        vocabulary: usize,
    ) -> Result<Self, TrainError> {
        let count = Count::new();
        let model = build::dry_model::<E>(config, &dataset.specs(), vocabulary, &count)?;
        let sets = dataset.tasks.iter().flat_map(|task| [&task.train, &task.dev]);
        let mut stepper = Stepper::new(config, dataset, &model)?;
        // Any losses do: what a method makes of them changes neither memory nor work.
        stepper.dev_losses(&vec![1.0; config.tasks.len()])?;
        Ok(DryRun {
            stepper,
            optimizer: prepare::optimizer(config)?,
            fixed: PROGRAM + sets.map(text_bytes).sum::<f64>(),
            config,
            dataset,
            count,
            model,
        })
    }

    /// What an ordinary step takes, without what is measured now and then.
    pub(crate) fn step(&mut self, drawn: &[Drawn], pack_tokens: usize) -> Result<StepCost, TrainError> {
        self.step_at(ORDINARY, drawn, pack_tokens)
    }

    fn step_at(&mut self, step: u64, drawn: &[Drawn], pack_tokens: usize) -> Result<StepCost, TrainError> {
        let batches = self.stepper.lay(self.dataset, drawn, pack_tokens);
        let before = self.count.operations();
        self.count.reset_most();
        self.stepper.step(&self.model, self.optimizer.as_mut(), self.dataset, &batches, step, 0.0)?;
        Ok(StepCost {
            bytes: self.count.most_alive(),
            operations: self.count.operations() - before,
            tokens: batches.iter().map(|batch| batch.tokens).sum(),
        })
    }

    /// The bytes of a run at most, with packs of at most so many tokens; `largest` is its largest step.
    ///
    /// While a checkpoint is written, weights and moments are there three times: in use, as named tensors, and as the
    /// file; only the first lie in the device's buffers, which hold some more than is in use.
    pub(crate) fn bytes(&mut self, largest: &[Drawn], pack_tokens: usize) -> Result<f64, TrainError> {
        // The first step makes the moments.
        self.step_at(MEASURED, largest, pack_tokens)?;
        let state = self.count.alive() as f64;
        let step = self.step_at(MEASURED, largest, pack_tokens)?.bytes;
        let evaluation = self.evaluation(pack_tokens)?;
        Ok(self.fixed + 2.0 * state + Cpu::HELD * step.max(evaluation) as f64)
    }

    /// The most bytes of an evaluation: the longest texts of each dev set, as many as one pack takes.
    fn evaluation(&self, pack_tokens: usize) -> Result<u64, TrainError> {
        self.count.reset_most();
        for (task_idx, task) in self.dataset.tasks.iter().enumerate() {
            let mut texts: Vec<_> = task.dev.encoded.iter().collect();
            texts.sort_by_key(|text| std::cmp::Reverse(text.ids.len()));
            let mut tokens = 0;
            texts.retain(|text| {
                tokens += text.ids.len();
                tokens <= pack_tokens
            });
            let (model, spec) = (&self.model, &task.spec);
            Asked { model, task_idx, spec, pack_tokens }.answer(&texts, None)?;
        }
        Ok(self.count.most_alive())
    }

    /// The most tokens of a pack where the configuration does not say: [`PACK_TOKENS`], or a sequence if that is longer;
    /// halved while that takes more than `limit` bytes, as long as it helps and a sequence still fits.
    pub(crate) fn pack_tokens(&mut self, largest: &[Drawn], limit: Option<u64>) -> Result<usize, TrainError> {
        let max_tokens = self.config.encoder.max_tokens;
        choose_pack_tokens(max_tokens, limit, |tokens| self.bytes(largest, tokens))
    }
}

fn choose_pack_tokens(
    max_tokens: usize,
    limit: Option<u64>,
    mut bytes: impl FnMut(usize) -> Result<f64, TrainError>,
) -> Result<usize, TrainError> {
    let most = PACK_TOKENS.max(max_tokens);
    let Some(limit) = limit else { return Ok(most) };
    let halves = std::iter::successors(Some(most), |tokens| Some(tokens / 2));
    let (mut chosen, mut taken) = (most, f64::INFINITY);
    for tokens in halves.take_while(|tokens| *tokens >= max_tokens.max(1)) {
        let needed = bytes(tokens)?;
        if needed < taken {
            (chosen, taken) = (tokens, needed);
        }
        if taken <= limit as f64 {
            break;
        }
    }
    Ok(chosen)
}

/// The memory that a run may take, in bytes: what its configuration says, else what the machine has for it. `None`
/// where neither says anything.
pub(crate) fn limit(config: &Config) -> Option<u64> {
    config.train.memory_limit.map(|size| size.0).or_else(machine::memory_limit)
}

/// The bytes of a set's tokenized texts and labels.
fn text_bytes(set: &ExampleSet) -> f64 {
    let numbers = set.encoded.iter().map(|text| 2 * text.ids.len() + 4 * text.first_subword.len());
    4.0 * numbers.sum::<usize>() as f64 + PER_TEXT * set.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a step of 4,000 tokens that takes 10 bytes a token of a pack, beside 1,000.
    fn chosen(max_tokens: usize, limit: Option<u64>, keeps_packs: bool) -> usize {
        choose_pack_tokens(max_tokens, limit, |tokens| {
            let at_once = if keeps_packs { 4000 } else { tokens.min(4000) };
            Ok(1000.0 + 10.0 * at_once as f64)
        })
        .unwrap()
    }

    #[test]
    fn packs_are_halved_until_the_run_fits_and_no_further() {
        assert_eq!(chosen(128, None, false), 8192);
        assert_eq!(chosen(128, Some(1 << 40), false), 8192);
        assert_eq!(chosen(128, Some(41_000), false), 8192);
        assert_eq!(chosen(128, Some(40_999), false), 2048);
        assert_eq!(chosen(128, Some(0), false), 128);
    }

    #[test]
    fn packs_stay_where_smaller_ones_would_not_help() {
        assert_eq!(chosen(128, Some(0), true), 8192);
        assert_eq!(chosen(10_000, Some(0), false), 10_000);
    }
}
