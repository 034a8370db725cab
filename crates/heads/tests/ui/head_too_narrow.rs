//! A head of 12 on rows of 16 does not compile; `head_fits.rs` is the same with 16.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Encoded, Tape};
use mtl_heads::Classification;

fn logits(head: &Classification<Const<12>, f32, Cpu>, encoded: &Encoded<Const<16>, f32, Cpu>) -> Vec<f32> {
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    head.logits(&mut tape, &encoded.sequences).unwrap().to_vec()
}

fn main() {
    let _ = logits;
}
