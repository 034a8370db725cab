//! A row of 12 numbers, added to each row, given 16.

use mtl_core_tensor::device::Broadcast;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Cpu, Tape, Tensor};

pub fn main() {
    let mut tape = Tape::<f32, Cpu>::recording(&Cpu);
    let x = Tensor::zeros(&Cpu, (5, Const::<16>));
    let row = Tensor::zeros(&Cpu, (Const::<12>,));
    tape.broadcast(&x, &row, Broadcast::Add).expect("the widths fit");
}
