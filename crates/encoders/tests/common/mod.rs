//! A small BERT and texts for it.
#![allow(dead_code)]

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::{Init, Module, Pack, Real};
use mtl_encoders::presets::BERT_TINY;
use mtl_encoders::{Bert, BertConfig};

/// Two layers with dropout, of the width that a test gives.
pub const fn small(hidden_size: usize, intermediate_size: usize) -> BertConfig {
    BertConfig {
        vocab_size: 11,
        hidden_size,
        layers: 2,
        heads: 2,
        intermediate_size,
        max_positions: 8,
        dropout: 0.2,
        attention_dropout: 0.2,
        ..BERT_TINY
    }
}

/// A BERT with weights and biases that are far from those of a new one: of deviation .02 the gradients would be too small
/// to tell a mistake from rounding.
pub fn shaken<M: Real>(form: &BertConfig, init: &Init) -> Bert<usize, usize, M, Cpu> {
    let bert = Bert::new(&Cpu, form, init).expect("valid");
    bert.visit(&mut |name, view| {
        let first: Vec<M> = view.to_vec();
        let added = init.normal::<M>(&format!("added.{name}"), first.len(), 0.3);
        view.set(&first.iter().zip(added).map(|(a, b)| *a + b).collect::<Vec<_>>()).expect("the same size");
    });
    bert
}

/// A sequence for each of these sets of tasks, of one to six tokens of two segments, which occur in several of them.
pub fn pack(tasks: &[Vec<u32>]) -> Pack {
    let mut pack = Pack::new();
    for (s, tasks) in tasks.iter().enumerate() {
        let length = 1 + (s * 5 + 2) % 6;
        let ids: Vec<u32> = (0..length).map(|t| ((s * 3 + t * 7) % 11) as u32).collect();
        let segments: Vec<u32> = (0..length).map(|t| u32::from(t > 2)).collect();
        pack.push(&ids, &segments, s as u32, tasks.clone());
    }
    pack
}
