//! An adapter of 16 in an encoder of 16: the twin of `adapter_too_narrow.rs` that compiles.

use mtl_core_tensor::Encoder;
use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::Const;
use mtl_sharing::adapter::Adapter;
use mtl_sharing::architecture::Hooked;

type Boxed = Box<dyn Encoder<f32, Cpu, Hidden = Const<16>>>;

fn hooked(encoder: Boxed, adapter: Adapter<Const<16>, f32, Cpu>) -> Hooked<Const<16>, f32, Cpu> {
    Hooked::new("encoder".to_owned(), encoder, 2, vec![adapter])
}

pub fn main() {
    let _ = hooked;
}
