//! A head over rows of 12 numbers, on an architecture of 16.

use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Architecture, Cpu, Head, Pack, ReadRows, Tape, TensorError};

fn logits(
    architecture: &dyn Architecture<Const<16>, f32, Cpu>,
    head: &dyn Head<Const<12>, f32, Cpu>,
    pack: &Pack,
) -> Result<Vec<f32>, TensorError> {
    let mut tape = Tape::inference(&Cpu);
    let encoding = architecture.encode(&mut tape, pack, &[ReadRows::new()])?;
    let sequences = &encoding.tasks[0].sequences;
    Ok(head.logits(&mut tape, sequences)?.to_vec())
}

pub fn main() {
    let _ = logits;
}
