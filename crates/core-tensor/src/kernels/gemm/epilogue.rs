//! What happens to a block of the result between its sums and memory.

#[cfg(target_arch = "x86_64")]
mod wide;

use super::matrix::needed;
use super::tile::Tile;
#[cfg(target_arch = "x86_64")]
use crate::element::DType;
use crate::element::{Float, Real};
use crate::kernels::activation::{Activation, activate, with_slopes};
use std::marker::PhantomData;

/// What a product leaves of its activation for the backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trace {
    /// The activation's argument: its value and slope can be had from it again.
    Argument,
    /// The activation's slope, taken before the argument is rounded.
    Slope,
}

/// What is done to a product before it is stored. The default does nothing.
#[derive(Debug)]
pub struct Epilogue<'a, C: Float> {
    /// Added to every row: one value per column.
    pub bias: Option<&'a [C::Master]>,
    /// Applied after the bias.
    pub activation: Activation,
    /// Receives a trace of the activation, laid out as the result is.
    pub trace: Option<(Trace, &'a mut [C])>,
}

impl<C: Float> Default for Epilogue<'_, C> {
    fn default() -> Self {
        Epilogue { bias: None, activation: Activation::None, trace: None }
    }
}

/// The result's place in memory and the way there, shared by the threads that compute its blocks.
pub(super) struct Output<'a, C: Float> {
    c: *mut C,
    trace: Option<(Trace, *mut C)>,
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
        let needed = needed((rows, ldc), (cols, 1));
        assert!(c.len() >= needed, "matmul: the result needs {needed} elements, got {}", c.len());
        let trace = epilogue.trace.map(|(kind, trace)| {
            assert!(trace.len() >= needed, "matmul: the trace needs {needed} elements, got {}", trace.len());
            (kind, bytemuck::cast_slice_mut::<S, C>(trace).as_mut_ptr())
        });
        let bias = epilogue.bias.map(|bias| {
            assert_eq!(bias.len(), cols, "matmul: {} biases for {cols} columns", bias.len());
            bytemuck::cast_slice::<S::Master, C::Master>(bias)
        });
        let c = bytemuck::cast_slice_mut::<S, C>(c).as_mut_ptr();
        let activation = epilogue.activation;
        Output { c, trace, ldc, rows, cols, bias, activation, accumulate, borrowed: PhantomData }
    }

    /// Takes a block of sums of the kernel `K` to its place: as much of it as lies within the result. The block is used
    /// up.
    ///
    /// # Safety
    /// No other thread may be writing any element of this block. The processor must have the kernel's instructions, and
    /// the caller must be compiled for them.
    #[inline(always)]
    pub(super) unsafe fn finish<K: Tile>(&self, sums: &mut [C::Master], row: usize, col: usize) {
        let width = K::COLS;
        let (rows, cols) = ((self.rows - row).min(sums.len() / width), (self.cols - col).min(width));
        #[cfg(target_arch = "x86_64")]
        if K::WIDE && self.goes_wide(K::ROUNDS) {
            // SAFETY: the sums of a result of f32 or bf16 are f32. The block has whole rows, of which these lie within
            // the result; see `new`. The kernel's instructions are those that are needed.
            return unsafe { self.finish_wide(sums.as_ptr().cast(), width, (row, rows), (col, cols)) };
        }
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
        // SAFETY: row + i < rows and col + cols <= self.cols, so the slice is in the result's layout; see `new`. What
        // else is asked for is passed on.
        let store = |to: *mut C, i: usize, u: &[C::Master]| unsafe {
            narrow::<K, C>(std::slice::from_raw_parts_mut(to.add(at(i)), cols), u);
        };
        if let Some((Trace::Argument, arguments)) = self.trace {
            for (i, u) in block.chunks_exact(width).enumerate() {
                store(arguments, i, u);
            }
        }
        if let Some((Trace::Slope, slopes)) = self.trace {
            let mut row = [C::Master::ZERO; WIDEST];
            let row = &mut row[..width];
            for (i, u) in block.chunks_exact_mut(width).enumerate() {
                // SAFETY: passed on.
                unsafe {
                    match K::WIDE {
                        true => with_slopes::<_, true>(u, row, self.activation),
                        false => with_slopes::<_, false>(u, row, self.activation),
                    }
                }
                store(slopes, i, row);
            }
        } else {
            // SAFETY: passed on.
            unsafe {
                match K::WIDE {
                    true => activate::<_, true>(block, self.activation),
                    false => activate::<_, false>(block, self.activation),
                }
            }
        }
        for (i, u) in block.chunks_exact(width).enumerate() {
            store(self.c, i, u);
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

/// c = u rounded, as far as c goes.
///
/// # Safety
/// As for [`Output::finish`]; u must be at least as long as c.
#[inline(always)]
unsafe fn narrow<K: Tile, C: Float>(c: &mut [C], u: &[C::Master]) {
    #[cfg(target_arch = "x86_64")]
    if K::ROUNDS && C::DTYPE == DType::Bf16 {
        // SAFETY: the processor has the kernel's instructions; the sums of a result of bf16 are f32.
        return unsafe { wide::round(c, bytemuck::cast_slice(u)) };
    }
    // A loop of unknown length: unrolled into single elements, the rounding would not become vector code.
    for (c, u) in c.iter_mut().zip(u) {
        *c = C::narrow(*u);
    }
}
