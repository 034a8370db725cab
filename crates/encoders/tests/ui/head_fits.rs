//! A layer of 16 on an encoder of 16: the twin of `head_too_narrow.rs` that compiles.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Activation, Encoder, Hooks, Linear, Pack, Tape, Tensor};
use mtl_encoders::Bert;

fn logits(bert: &Bert<Const<16>, Const<32>, f32, Cpu>, pack: &Pack) -> Vec<f32> {
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    let encoded = bert.encode(&mut tape, pack, Hooks::NONE).unwrap();
    let head = Linear::new(Tensor::zeros(&Cpu, (Const::<3>, Const::<16>)));
    tape.linear(&encoded.sequences, &head, Activation::None).unwrap().to_vec()
}

pub fn main() {
    let _ = logits;
}
