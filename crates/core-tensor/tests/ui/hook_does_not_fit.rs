//! A hook over rows of 16 numbers, on an encoder of 12.

use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Cpu, Encoder, Hook, Hooks, Pack, Tape, TensorError};
use std::sync::Arc;

fn encode(
    encoder: &dyn Encoder<f32, Cpu, Hidden = Const<12>>,
    hooks: &[Arc<dyn Hook<Const<16>, f32, Cpu>>],
    pack: &Pack,
) -> Result<Vec<f32>, TensorError> {
    let mut tape = Tape::inference(&Cpu);
    let hooks = Hooks::new(hooks);
    Ok(encoder.encode(&mut tape, pack, hooks)?.tokens.to_vec())
}

pub fn main() {
    let _ = encode;
}
