//! What happens to a block of the result between its sums and memory.

use crate::element::{Float, Real};
use crate::kernels::activation::Activation;
use std::marker::PhantomData;

/// What is done to a product before it is stored. The default does nothing.
#[derive(Debug)]
pub struct Epilogue<'a, C: Float> {
    /// Added to every row: one value per column.
    pub bias: Option<&'a [C::Master]>,
    /// Applied after the bias.
    pub activation: Activation,
    /// Receives u, the value before the activation, for the backward pass: laid out as the result is. The
    /// activation itself is computed from u before it is rounded to `C`.
    pub pre: Option<&'a mut [C]>,
}

impl<C: Float> Default for Epilogue<'_, C> {
    fn default() -> Self {
        Epilogue { bias: None, activation: Activation::None, pre: None }
    }
}

/// The result's place in memory and the way there, shared by the threads that compute its blocks.
pub(super) struct Output<'a, C: Float> {
    c: *mut C,
    pre: Option<*mut C>,
    ldc: usize,
    pub(super) rows: usize,
    pub(super) cols: usize,
    bias: Option<&'a [C::Master]>,
    activation: Activation,
    accumulate: bool,
    borrowed: PhantomData<&'a mut [C]>,
}

// SAFETY: the pointers are exclusive borrows for `'a`, and each block of the result is written by one thread.
unsafe impl<C: Float> Sync for Output<'_, C> {}

impl<'a, C: Float> Output<'a, C> {
    /// The output `c`, whose element type `S` is `C` under its generic name.
    pub(super) fn new<S: Float>(
        c: &'a mut [S],
        ldc: usize,
        rows: usize,
        cols: usize,
        accumulate: bool,
        epilogue: Epilogue<'a, S>,
    ) -> Self {
        assert_eq!(S::DTYPE, C::DTYPE, "the output is named by its own type");
        assert!(ldc >= cols, "matmul: row stride {ldc} is less than {cols} columns");
        let needed = if rows * cols == 0 { 0 } else { (rows - 1) * ldc + cols };
        assert!(c.len() >= needed, "matmul: the result needs {needed} elements, got {}", c.len());
        let pre = epilogue.pre.map(|pre| {
            assert!(
                pre.len() >= needed,
                "matmul: the pre-activation needs {needed} elements, got {}",
                pre.len()
            );
            bytemuck::cast_slice_mut::<S, C>(pre).as_mut_ptr()
        });
        let bias = epilogue.bias.map(|bias| {
            assert_eq!(bias.len(), cols, "matmul: {} biases for {cols} columns", bias.len());
            bytemuck::cast_slice::<S::Master, C::Master>(bias)
        });
        let c = bytemuck::cast_slice_mut::<S, C>(c).as_mut_ptr();
        let activation = epilogue.activation;
        Output { c, pre, ldc, rows, cols, bias, activation, accumulate, borrowed: PhantomData }
    }

    /// Takes a block of sums, `width` to a row, to its place: as much of it as lies within the result.
    /// The block is used up.
    ///
    /// # Safety
    /// No other thread may be writing any element of this block.
    #[inline(always)]
    pub(super) unsafe fn finish(&self, sums: &mut [C::Master], width: usize, row: usize, col: usize) {
        let (rows, cols) = ((self.rows - row).min(sums.len() / width), (self.cols - col).min(width));
        let at = |i: usize| (row + i) * self.ldc + col;
        for (i, u) in sums.chunks_exact_mut(width).take(rows).enumerate() {
            if self.accumulate {
                // SAFETY: row + i < rows and col + cols <= self.cols, so the slice is in `c`; see `new`.
                let c = unsafe { std::slice::from_raw_parts(self.c.add(at(i)), cols) };
                add(u, c);
            }
            if let Some(bias) = self.bias {
                add(u, &bias[col..col + cols]);
            }
            if let Some(pre) = self.pre {
                // SAFETY: as above, for `pre`.
                narrow(unsafe { std::slice::from_raw_parts_mut(pre.add(at(i)), cols) }, u);
            }
        }
        activate(&mut sums[..rows * width], self.activation);
        for (i, u) in sums.chunks_exact(width).take(rows).enumerate() {
            // SAFETY: as above, for `c`.
            narrow(unsafe { std::slice::from_raw_parts_mut(self.c.add(at(i)), cols) }, u);
        }
    }
}

/// u += x, as far as x goes.
#[inline(always)]
fn add<X: Float>(u: &mut [X::Master], x: &[X]) {
    for (u, x) in u.iter_mut().zip(x) {
        *u += x.widen();
    }
}

/// c = u rounded, as far as c goes. A loop of unknown length: unrolled into single elements, the rounding to bf16
/// would not become vector code.
#[inline(always)]
fn narrow<C: Float>(c: &mut [C], u: &[C::Master]) {
    for (c, u) in c.iter_mut().zip(u) {
        *c = C::narrow(*u);
    }
}

/// One loop for each activation. The functions are called by name: passed as arguments they would be called through
/// a shim that is not always inlined, and the loop would not become a vector loop.
#[inline(always)]
fn activate<M: Real>(values: &mut [M], activation: Activation) {
    macro_rules! each {
        ($function:path) => {
            for u in values {
                *u = $function(*u);
            }
        };
    }
    match activation {
        Activation::None => {}
        Activation::Relu => each!(relu),
        Activation::Tanh => each!(M::tanh),
        Activation::Gelu => each!(gelu),
        Activation::GeluTanh => each!(gelu_tanh),
    }
}

/// In this order of arguments a NaN stays one.
#[inline(always)]
fn relu<M: Real>(u: M) -> M {
    M::ZERO.max(u)
}

#[inline(always)]
fn gelu<M: Real>(u: M) -> M {
    let scale = M::from_f64(std::f64::consts::FRAC_1_SQRT_2);
    M::from_f64(0.5) * u * (M::ONE + (u * scale).erf())
}

#[inline(always)]
fn gelu_tanh<M: Real>(u: M) -> M {
    let scale = M::from_f64((2.0 / std::f64::consts::PI).sqrt());
    let inner = scale * (u + M::from_f64(0.044_715) * u * u * u);
    M::from_f64(0.5) * u * (M::ONE + inner.tanh())
}
