//! A training step of an encoder with random weights: what is measured where there is no data.
//!
//! A step is: forward with dropout 0.1, cross-entropy of a two-class head, backward, clipping at norm 1, AdamW over
//! every parameter, embeddings included. All sequences have one length, so nothing is gained by packing.

use mtl_core_tensor::element::Float;
use mtl_core_tensor::optim::{AdamW, Optimizer, global_norm};
use mtl_core_tensor::threads::awake;
use mtl_core_tensor::{
    Cpu, Gradients, Head, Hooks, Init, Module, Pack, ParamView, Tape, Targets, TensorError, WalkPlan,
};
use mtl_encoders::{AnyEncoder, Form, Options, create};
use mtl_heads::{Classification, HeadConfig};

use crate::error::TrainError;

const DROPOUT: f64 = 0.1;
const LEARNING_RATE: f64 = 1e-5;

/// An encoder with random weights, and heads of two classes.
#[derive(Debug)]
pub struct RandomModel<E: Float<Master = f32>> {
    /// The encoder.
    pub encoder: AnyEncoder<E, Cpu>,
    /// The heads; a plain step uses the first.
    pub heads: Vec<Classification<usize, f32, Cpu>>,
}

impl<E: Float<Master = f32>> RandomModel<E> {
    /// An encoder of this form with so many heads.
    ///
    /// Errors if the form cannot be built.
    pub fn new(form: &Form, heads: u32) -> Result<Self, TrainError> {
        let head = |number: u32| {
            let init = Init::new(u64::from(number)).part(&number.to_string());
            Classification::new(&Cpu, form.hidden(), 2, HeadConfig { dropout: DROPOUT }, &init)
        };
        let heads = (0..heads).map(head).collect::<Result<_, TensorError>>()?;
        Ok(RandomModel { encoder: create(form, &Cpu, &Init::new(0), &Options::default())?, heads })
    }

    /// One step on a batch of [`random_batch`].
    pub fn train(
        &mut self,
        optimizer: &mut AdamW<f32, Cpu>,
        batch: &[(Pack, Targets)],
        step: u64,
    ) -> Result<(), TrainError> {
        awake(|| {
            let gradients = self.gradients(batch, step)?;
            self.update(optimizer, &gradients);
            Ok(())
        })
    }

    /// The gradient of the mean loss over all packs, one after the other.
    fn gradients(&self, batch: &[(Pack, Targets)], step: u64) -> Result<Gradients<f32, Cpu>, TrainError> {
        let sequences = batch.iter().map(|(pack, _)| pack.sequences()).sum::<usize>() as f64;
        let mut gradients = Gradients::new();
        for (pack, labels) in batch {
            let mut tape = Tape::<E, Cpu>::training(&Cpu, 0, step);
            let encoded = self.encoder.encode(&mut tape, pack, Hooks::NONE)?;
            let logits = Head::<usize, E, Cpu>::logits(&self.heads[0], &mut tape, &encoded.sequences)?;
            drop(encoded);
            let loss = self.heads[0].loss(&mut tape, &logits, labels, sequences)?;
            tape.walk(WalkPlan::only(&[(loss, 1.0)])?, &mut gradients)?;
        }
        Ok(gradients)
    }

    /// Clips the gradients and updates every parameter that has one.
    pub fn update(&mut self, optimizer: &mut AdamW<f32, Cpu>, gradients: &Gradients<f32, Cpu>) {
        let norm = global_norm(&Cpu, gradients);
        optimizer.step(self, gradients, LEARNING_RATE, (1.0 / (norm + 1e-6)).min(1.0));
    }

    /// The forward pass alone, nothing recorded.
    pub fn infer(&self, pack: &Pack) -> Result<(), TrainError> {
        awake(|| {
            let mut tape = Tape::<E, Cpu>::inference(&Cpu);
            let encoded = self.encoder.encode(&mut tape, pack, Hooks::NONE)?;
            Head::<usize, E, Cpu>::logits(&self.heads[0], &mut tape, &encoded.sequences)?;
            Ok(())
        })
    }
}

impl<E: Float<Master = f32>> Module<f32, Cpu> for RandomModel<E> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f32, Cpu>)) {
        self.encoder.visit(visitor);
        for (number, head) in self.heads.iter().enumerate() {
            head.visit(&mut |name, view| visitor(&format!("{number}.{name}"), view));
        }
    }
}

/// Sequences of one length with repeatable token ids from 1,000 to 30,000, shared out among the tasks one task after
/// another, and labels that alternate; in packs of at most `pack_tokens`, or of one sequence if that is longer.
pub fn random_batch(
    sequences: usize,
    tokens: usize,
    tasks: usize,
    pack_tokens: usize,
) -> Vec<(Pack, Targets)> {
    let all: Vec<usize> = (0..sequences).collect();
    let lay = |chosen: &[usize]| {
        let mut pack = Pack::new();
        for &sequence in chosen {
            let ids: Vec<u32> = (0..tokens)
                .map(|token| 1000 + ((sequence * tokens + token) * 7919 % 29_000) as u32)
                .collect();
            let task = (sequence * tasks / sequences) as u32;
            pack.push(&ids, &vec![0; tokens], sequence as u32, vec![task]);
        }
        (pack, Targets::Classes(chosen.iter().map(|&sequence| sequence as u32 % 2).collect()))
    };
    all.chunks((pack_tokens / tokens.max(1)).max(1)).map(lay).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtl_encoders::presets::BERT_TINY;

    #[test]
    fn a_large_batch_is_laid_into_packs_that_hold_all_of_it() {
        let sizes = |sequences: usize, pack_tokens: usize| -> Vec<usize> {
            random_batch(sequences, 8, 1, pack_tokens).iter().map(|(pack, _)| pack.sequences()).collect()
        };
        assert_eq!(sizes(5, 8192), [5]);
        assert_eq!(sizes(5, 16), [2, 2, 1]);
        assert_eq!(sizes(2, 4), [1, 1]);
    }

    #[test]
    fn packs_of_one_step_teach_what_one_pack_does() {
        let model = RandomModel::<f32>::new(&BERT_TINY.into(), 1).unwrap();
        let norm = |pack_tokens: usize| {
            let gradients = model.gradients(&random_batch(3, 8, 1, pack_tokens), 0).unwrap();
            global_norm(&Cpu, &gradients)
        };
        let (whole, parts) = (norm(8192), norm(8));
        assert!(whole > 0.0 && (parts / whole - 1.0).abs() < 1e-5, "{whole} {parts}");
    }
}
