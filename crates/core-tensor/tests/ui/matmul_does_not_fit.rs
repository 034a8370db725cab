//! A matrix product over 12 numbers, given 16.

use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Cpu, Tape, Tensor};

pub fn main() {
    let mut tape = Tape::<f32, Cpu>::recording(&Cpu);
    let a = Tensor::zeros(&Cpu, (5, Const::<16>));
    let b = Tensor::zeros(&Cpu, (Const::<12>, Const::<3>));
    tape.matmul(&a, &b).expect("the widths fit");
}
