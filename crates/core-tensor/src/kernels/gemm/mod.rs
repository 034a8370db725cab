//! The matrix product, with bias and activation applied while each block of the result is in cache.
//!
//! `c = act([c +] a·b + bias)` for any strides, so that one function serves the forward product `x·wᵀ` and both
//! products of the backward pass, `dy·w` and `dyᵀ·x`.
//!
//! `b` is copied into panels (`pack`), and `a` too unless its rows lie as the kernel reads them; blocks of the result
//! are computed from these in registers (`tile`), and each finished block goes through the epilogue (`epilogue`). This
//! is the layout of Goto and van de Geijn, *Anatomy of High-Performance Matrix Multiplication*, 2008; `blocking` holds
//! the sizes.
//!
//! Precision: two `f64` operands multiply in `f64`, two `f32` operands in `f32`. If one operand is `bf16`, the
//! other is rounded to `bf16` while it is packed, and products are summed in `f32`.
//!
//! Each element of the result is computed by one thread, over the depth in a fixed order, and the blocks depend
//! on nothing but the sizes: the bits are the same for any number of threads.

mod blocking;
mod epilogue;
mod matrix;
mod pack;
#[cfg(test)]
mod properties;
mod reference;
mod scratch;
mod tile;
#[cfg(target_arch = "x86_64")]
mod transpose;

#[cfg(target_arch = "x86_64")]
pub(super) use transpose::transpose16;

pub use epilogue::{Epilogue, Trace};
pub use matrix::Mat;
pub use reference::reference;

use crate::element::{DType, Float, Real, bf16};
use crate::kernels::isa::Isa;
use blocking::product;
use epilogue::Output;
#[cfg(target_arch = "x86_64")]
use pack::Pair;
use pack::{Operand, Plain, Rounded};

/// `c = act([c +] a·b + bias)` on the current thread pool, by the best path that the processor has.
///
/// # Shapes
/// `a: (rows, depth)`, `b: (depth, cols)`, `c: (rows, cols)` with row stride `ldc`.
///
/// # Panics
/// If the depths of `a` and `b` differ, or `c`, the bias or the trace do not hold the result.
pub fn matmul<A, B, C, M>(
    c: &mut [C],
    ldc: usize,
    a: Mat<'_, A>,
    b: Mat<'_, B>,
    accumulate: bool,
    epilogue: Epilogue<'_, C>,
) where
    A: Float<Master = M>,
    B: Float<Master = M>,
    C: Float<Master = M>,
    M: Real,
{
    matmul_by(Isa::current(), c, ldc, a, b, accumulate, epilogue);
}

/// [`matmul`] by a given path, or by the best that the processor has if that is less.
pub fn matmul_by<A, B, C, M>(
    isa: Isa,
    c: &mut [C],
    ldc: usize,
    a: Mat<'_, A>,
    b: Mat<'_, B>,
    accumulate: bool,
    epilogue: Epilogue<'_, C>,
) where
    A: Float<Master = M>,
    B: Float<Master = M>,
    C: Float<Master = M>,
    M: Real,
{
    assert_eq!(a.cols, b.rows, "matmul: a has {} columns but b has {} rows", a.cols, b.rows);
    let isa = isa.min(Isa::detect());
    let bf16_product = A::DTYPE == DType::Bf16 || B::DTYPE == DType::Bf16;
    let (lines_a, lines_b) = (Operand::new(&a), Operand::new(&b.t()));
    // `C` is the type that its name says: the casts below change nothing.
    match C::DTYPE {
        DType::F64 => {
            let out = Output::<f64>::new(c, ldc, a.rows, b.cols, accumulate, epilogue);
            product_f64(isa, &lines_a, &lines_b, &out);
        }
        DType::F32 => {
            let out = Output::<f32>::new(c, ldc, a.rows, b.cols, accumulate, epilogue);
            product_f32(isa, bf16_product, &lines_a, &lines_b, &out);
        }
        _ => {
            let out = Output::<bf16>::new(c, ldc, a.rows, b.cols, accumulate, epilogue);
            product_f32(isa, bf16_product, &lines_a, &lines_b, &out);
        }
    }
}

fn product_f64(isa: Isa, a: &Operand<'_>, b: &Operand<'_>, out: &Output<'_, f64>) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Bf16 => product::<tile::Avx512<Plain<f64>>, _>(a, b, out),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => product::<tile::Avx2<Plain<f64>>, _>(a, b, out),
        _ => product::<tile::Portable<Plain<f64>>, _>(a, b, out),
    }
}

fn product_f32<C>(isa: Isa, bf16_product: bool, a: &Operand<'_>, b: &Operand<'_>, out: &Output<'_, C>)
where
    C: Float<Master = f32>,
{
    match (isa, bf16_product) {
        #[cfg(target_arch = "x86_64")]
        (Isa::Avx512Bf16, true) => product::<tile::Avx512<Pair>, _>(a, b, out),
        #[cfg(target_arch = "x86_64")]
        (Isa::Avx512, true) => product::<tile::Avx512<Rounded>, _>(a, b, out),
        #[cfg(target_arch = "x86_64")]
        (Isa::Avx512 | Isa::Avx512Bf16, false) => product::<tile::Avx512<Plain<f32>>, _>(a, b, out),
        #[cfg(target_arch = "x86_64")]
        (Isa::Avx2, true) => product::<tile::Avx2<Rounded>, _>(a, b, out),
        #[cfg(target_arch = "x86_64")]
        (Isa::Avx2, false) => product::<tile::Avx2<Plain<f32>>, _>(a, b, out),
        (_, true) => product::<tile::Portable<Rounded>, _>(a, b, out),
        (_, false) => product::<tile::Portable<Plain<f32>>, _>(a, b, out),
    }
}
