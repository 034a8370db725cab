//! A layer of 16 on a RoBERTa of 16: the twin of `roberta_head_too_narrow.rs` that compiles.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Activation, Encoder, Hooks, Linear, Pack, Tape, Tensor};
use mtl_encoders::Roberta;

fn logits(roberta: &Roberta<Const<16>, Const<32>, f32, Cpu>, pack: &Pack) -> Vec<f32> {
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    let encoded = roberta.encode(&mut tape, pack, Hooks::NONE).unwrap();
    let head = Linear::new(Tensor::zeros(&Cpu, (Const::<3>, Const::<16>)));
    tape.linear(&encoded.sequences, &head, Activation::None).unwrap().to_vec()
}

pub fn main() {
    let _ = logits;
}
