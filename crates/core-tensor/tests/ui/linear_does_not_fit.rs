//! A linear layer from 12 numbers, given 16.

use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Activation, Cpu, Linear, Tape, Tensor};

pub fn main() {
    let mut tape = Tape::<f32, Cpu>::recording(&Cpu);
    let layer = Linear::new(Tensor::zeros(&Cpu, (Const::<3>, Const::<12>)));
    let x = Tensor::zeros(&Cpu, (5, Const::<16>));
    tape.linear(&x, &layer, Activation::None).expect("the widths fit");
}
