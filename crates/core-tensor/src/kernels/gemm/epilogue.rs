//! What happens to a block of the result between its sums and memory.

#[cfg(target_arch = "x86_64")]
use crate::element::DType;
use crate::element::{Float, Real};
#[cfg(target_arch = "x86_64")]
use crate::kernels::activation::wide;
use crate::kernels::activation::{Activation, gelu, gelu_tanh, relu, tanh};
use std::marker::PhantomData;

/// What is done to a product before it is stored. The default does nothing.
#[derive(Debug)]
pub struct Epilogue<'a, C: Float> {
    /// Added to every row: one value per column.
    pub bias: Option<&'a [C::Master]>,
    /// Applied after the bias.
    pub activation: Activation,
    /// Receives the slope of the activation at the value before it, for the backward pass: laid out as the result is.
    pub slope: Option<&'a mut [C]>,
}

impl<C: Float> Default for Epilogue<'_, C> {
    fn default() -> Self {
        Epilogue { bias: None, activation: Activation::None, slope: None }
    }
}

/// The result's place in memory and the way there, shared by the threads that compute its blocks.
pub(super) struct Output<'a, C: Float> {
    c: *mut C,
    slope: Option<*mut C>,
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
        let slope = epilogue.slope.map(|slope| {
            assert!(slope.len() >= needed, "matmul: the slope needs {needed} elements, got {}", slope.len());
            bytemuck::cast_slice_mut::<S, C>(slope).as_mut_ptr()
        });
        let bias = epilogue.bias.map(|bias| {
            assert_eq!(bias.len(), cols, "matmul: {} biases for {cols} columns", bias.len());
            bytemuck::cast_slice::<S::Master, C::Master>(bias)
        });
        let c = bytemuck::cast_slice_mut::<S, C>(c).as_mut_ptr();
        let activation = epilogue.activation;
        Output { c, slope, ldc, rows, cols, bias, activation, accumulate, borrowed: PhantomData }
    }

    /// Takes a block of sums, `width` to a row, to its place: as much of it as lies within the result.
    /// The block is used up. `WIDE` says that the caller was compiled for AVX-512.
    ///
    /// # Safety
    /// No other thread may be writing any element of this block. If `WIDE`, the processor must have AVX-512.
    #[inline(always)]
    pub(super) unsafe fn finish<const WIDE: bool>(
        &self,
        sums: &mut [C::Master],
        width: usize,
        row: usize,
        col: usize,
    ) {
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
        }
        let block = &mut sums[..rows * width];
        // SAFETY: row + i < rows and col + cols <= self.cols, so the slice is in the result's layout; see `new`.
        let place = |to: *mut C, i: usize| unsafe { std::slice::from_raw_parts_mut(to.add(at(i)), cols) };
        if let Some(slope) = self.slope {
            let mut slopes = [C::Master::ZERO; WIDEST];
            for (i, u) in block.chunks_exact_mut(width).enumerate() {
                // SAFETY: passed on.
                unsafe { with_slopes::<_, WIDE>(u, &mut slopes[..width], self.activation) };
                narrow(place(slope, i), &slopes);
            }
        } else {
            // SAFETY: passed on.
            unsafe { activate::<_, WIDE>(block, self.activation) };
        }
        for (i, u) in block.chunks_exact(width).enumerate() {
            narrow(place(self.c, i), u);
        }
    }
}

/// Columns that a block of sums has at most.
const WIDEST: usize = 32;

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

/// Values before the activation become values after it. One loop for each activation, its function called by name:
/// passed as an argument it would be called through a shim that is not always inlined, and the loop would not become a
/// vector loop.
///
/// # Safety
/// If `WIDE`, the processor must have AVX-512.
#[inline(always)]
unsafe fn activate<M: Real, const WIDE: bool>(values: &mut [M], activation: Activation) {
    #[cfg(target_arch = "x86_64")]
    if WIDE && activation == Activation::Gelu && M::DTYPE == DType::F32 {
        // SAFETY: passed on.
        return unsafe { wide::gelu(bytemuck::cast_slice_mut(values), None) };
    }
    macro_rules! each {
        ($function:path) => {
            for u in values {
                *u = $function(*u).0;
            }
        };
    }
    match activation {
        Activation::None => {}
        Activation::Relu => each!(relu),
        Activation::Tanh => each!(tanh),
        Activation::Gelu => each!(gelu),
        Activation::GeluTanh => each!(gelu_tanh),
    }
}

/// [`activate`], and the slopes.
///
/// # Safety
/// As for [`activate`].
#[inline(always)]
unsafe fn with_slopes<M: Real, const WIDE: bool>(values: &mut [M], slopes: &mut [M], activation: Activation) {
    #[cfg(target_arch = "x86_64")]
    if WIDE && activation == Activation::Gelu && M::DTYPE == DType::F32 {
        let (values, slopes) = (bytemuck::cast_slice_mut(values), bytemuck::cast_slice_mut(slopes));
        // SAFETY: passed on.
        return unsafe { wide::gelu(values, Some(slopes)) };
    }
    macro_rules! each {
        ($function:path) => {
            for (u, slope) in values.iter_mut().zip(slopes) {
                (*u, *slope) = $function(*u);
            }
        };
    }
    match activation {
        Activation::None => slopes.fill(M::ONE),
        Activation::Relu => each!(relu),
        Activation::Tanh => each!(tanh),
        Activation::Gelu => each!(gelu),
        Activation::GeluTanh => each!(gelu_tanh),
    }
}
