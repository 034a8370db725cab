//! The devices' kernels, compiled once with this crate.
//!
//! Kernels are generic over the element type, and a generic function is compiled by the crate that first names its
//! types: without this list each crate above, and each test, would compile them all again. In the dev profile
//! (optimization level 1) crates share what an earlier one has compiled, so naming the types here is enough. A
//! method that is missing below costs build time and nothing else.

use super::{Cpu, Device, Island};
use crate::element::{Float, Real, bf16};

macro_rules! addresses {
    ($type:ident; $($method:ident),+ $(,)?) => {
        [$(D::$method::<$type> as *const ()),+]
    };
}

/// The methods over a stored type.
fn of_floats<D: Device, E: Float>() -> Vec<*const ()> {
    addresses![E; zeros, upload, download, duplicate, linear, linear_input, linear_weight, column_sums,
        matmul, layer_norm, gain_and_offset, layer_norm_backward, layer_norm_weights, attention,
        attention_backward, embedding, embedding_backward, dropout, cross_entropy, cross_entropy_backward,
        squared_error, squared_error_backward, binary_cross_entropy, binary_cross_entropy_backward, softmax,
        softmax_backward, gather_rows, scatter_add, mean_pool, mean_pool_backward, unary, unary_backward,
        activation_backward, binary,
        broadcast, row_sums, axpy, scale, sum, dot]
    .to_vec()
}

/// The methods over a computing type.
fn of_reals<D: Device, M: Real>() -> Vec<*const ()> {
    addresses![M; merge_rows, adamw, adamw_rows, sgd].to_vec()
}

fn of_device<D: Device>() -> Vec<*const ()> {
    let floats = [of_floats::<D, f32>(), of_floats::<D, f64>(), of_floats::<D, bf16>()];
    [floats.concat(), of_reals::<D, f32>(), of_reals::<D, f64>()].concat()
}

/// Keeps the list, and with it what it names.
#[used]
static COMPILED: [fn() -> Vec<*const ()>; 2] = [of_device::<Cpu>, of_device::<Island>];
