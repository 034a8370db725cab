//! A residual beside rows of 12 numbers, given 12.

use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Cpu, Dropout, LayerNorm, Tape, Tensor};

pub fn main() {
    let mut tape = Tape::<f32, Cpu>::recording(&Cpu);
    let layer = LayerNorm::new(&Cpu, Const::<12>, 1e-5).expect("a positive epsilon");
    let x = Tensor::zeros(&Cpu, (5, Const::<12>));
    let residual = Tensor::zeros(&Cpu, (5, Const::<12>));
    let residual = Some(&residual);
    tape.layer_norm(&x, residual, &layer, Dropout::OFF).expect("the widths fit");
}
