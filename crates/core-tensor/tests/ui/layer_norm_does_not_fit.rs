//! A layer norm over 12 numbers, given 16.

use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Cpu, Dropout, LayerNorm, Tape, Tensor};

pub fn main() {
    let mut tape = Tape::<f32, Cpu>::recording(&Cpu);
    let layer = LayerNorm::new(&Cpu, Const::<12>, 1e-5).expect("a positive epsilon");
    let x = Tensor::zeros(&Cpu, (5, Const::<16>));
    tape.layer_norm(&x, None, &layer, Dropout::OFF).expect("the widths fit");
}
