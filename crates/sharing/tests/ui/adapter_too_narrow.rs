//! An adapter of 12 in an encoder of 16 does not compile; `adapter_fits.rs` is the same with 16.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::Encoder;
use mtl_sharing::adapter::Adapter;
use mtl_sharing::architecture::Hooked;

type Boxed = Box<dyn Encoder<f32, Cpu, Hidden = Const<16>>>;

fn hooked(encoder: Boxed, adapter: Adapter<Const<12>, f32, Cpu>) -> Hooked<Const<16>, f32, Cpu> {
    Hooked::new("encoder".to_owned(), encoder, 2, vec![adapter])
}

fn main() {
    let _ = hooked;
}
