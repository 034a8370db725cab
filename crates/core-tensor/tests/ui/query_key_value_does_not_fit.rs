//! Queries, keys and values of 12 numbers, given 16.

use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Cpu, QueryKeyValue, Tape, Tensor};

pub fn main() {
    let mut tape = Tape::<f32, Cpu>::recording(&Cpu);
    let layer = QueryKeyValue::new(Tensor::zeros(&Cpu, (Const, Const::<12>, Const::<12>)));
    let x = Tensor::zeros(&Cpu, (5, Const::<16>));
    tape.query_key_value(&x, &layer).expect("the widths fit");
}
