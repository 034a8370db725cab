//! A head of 16 on rows of 16: the twin of `head_too_narrow.rs` that compiles.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Encoded, Tape};
use mtl_heads::Classification;

fn logits(head: &Classification<Const<16>, f32, Cpu>, encoded: &Encoded<Const<16>, f32, Cpu>) -> Vec<f32> {
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    head.logits(&mut tape, &encoded.sequences).unwrap().to_vec()
}

pub fn main() {
    let _ = logits;
}
