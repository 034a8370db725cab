//! The one matrix product that attention is made of, in register tiles.
//!
//! `C[r][l] (+)= sum over k of B[r][k] X[k][l]`: rows of X lie in vector lanes, elements of B are broadcast, so B
//! may have any strides and none of the five products of a backward pass needs a transposed copy of the scores.

use super::panel::LANES;
use crate::dispatch;
#[cfg(target_arch = "x86_64")]
use crate::element::DType;
use crate::element::Real;
use crate::kernels::isa::Isa;

/// The operands of a product and their sizes.
#[derive(Clone, Copy)]
pub(super) struct Product<'a, M> {
    /// Element (r, k) lies at `r * row_stride + k * step`.
    pub(super) b: &'a [M],
    pub(super) row_stride: usize,
    pub(super) step: usize,
    /// (depth, width), contiguous.
    pub(super) x: &'a [M],
    pub(super) rows: usize,
    pub(super) depth: usize,
    /// A multiple of [`LANES`].
    pub(super) width: usize,
    /// Whether C is added to, rather than overwritten.
    pub(super) add: bool,
}

impl<M: Real> Product<'_, M> {
    /// Writes or adds to `c`: (rows, width), contiguous.
    pub(super) fn into(self, isa: Isa, c: &mut [M]) {
        if self.rows == 0 {
            return;
        }
        assert!(
            self.width.is_multiple_of(LANES) && c.len() >= self.rows * self.width,
            "attention: tile of C"
        );
        assert!(self.x.len() >= self.depth * self.width, "attention: tile of X");
        let last = (self.rows - 1) * self.row_stride + self.depth.saturating_sub(1) * self.step;
        assert!(self.depth == 0 || last < self.b.len(), "attention: tile of B");
        #[cfg(target_arch = "x86_64")]
        if M::DTYPE == DType::F32 && isa >= Isa::Avx2 {
            let single = self.single();
            let c = bytemuck::cast_slice_mut(c);
            // SAFETY: the processor has the path `isa`; the operands hold what their sizes say (asserted above).
            unsafe { if isa >= Isa::Avx512 { x86::rows_512(&single, c) } else { x86::rows_256(&single, c) } }
            return;
        }
        let _ = isa;
        dispatch!(self.plain(c));
    }

    /// This product, known to be of `f32`.
    #[cfg(target_arch = "x86_64")]
    fn single(&self) -> Product<'_, f32> {
        let Product { row_stride, step, rows, depth, width, add, .. } = *self;
        let (b, x) = (bytemuck::cast_slice(self.b), bytemuck::cast_slice(self.x));
        Product { b, row_stride, step, x, rows, depth, width, add }
    }

    #[inline(always)]
    fn plain(&self, c: &mut [M]) {
        for column in (0..self.width).step_by(LANES) {
            for row in 0..self.rows {
                let c = &mut c[row * self.width + column..][..LANES];
                let mut sums = [M::ZERO; LANES];
                if self.add {
                    sums.copy_from_slice(c);
                }
                for k in 0..self.depth {
                    let b = self.b[row * self.row_stride + k * self.step];
                    let x = &self.x[k * self.width + column..][..LANES];
                    for lane in 0..LANES {
                        sums[lane] += b * x[lane];
                    }
                }
                c.copy_from_slice(&sums);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Product};
    use std::arch::x86_64::*;

    /// # Safety
    /// The processor has AVX-512 F; `c`, `p.b` and `p.x` hold what the sizes of `p` say.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn rows_512(p: &Product<'_, f32>, c: &mut [f32]) {
        let mut column = 0;
        while column < p.width {
            // SAFETY: tiles cover `p.rows` rows and columns below `p.width`, nothing beyond.
            unsafe {
                if column + 2 * LANES <= p.width {
                    tiles_512::<2>(p, c, column);
                    column += 2 * LANES;
                } else {
                    tiles_512::<1>(p, c, column);
                    column += LANES;
                }
            }
        }
    }

    /// # Safety
    /// As [`rows_512`]; `VECTORS` vectors fit from `column` on.
    #[target_feature(enable = "avx512f")]
    unsafe fn tiles_512<const VECTORS: usize>(p: &Product<'_, f32>, c: &mut [f32], column: usize) {
        let mut row = 0;
        while row < p.rows {
            // SAFETY: each tile takes at most the rows that are left.
            row += unsafe {
                match p.rows - row {
                    8.. => tile_512::<8, VECTORS>(p, c, row, column),
                    4.. => tile_512::<4, VECTORS>(p, c, row, column),
                    2.. => tile_512::<2, VECTORS>(p, c, row, column),
                    _ => tile_512::<1, VECTORS>(p, c, row, column),
                }
            };
        }
    }

    /// One tile of `ROWS` x `VECTORS`; returns `ROWS`.
    ///
    /// # Safety
    /// As [`tiles_512`]; `ROWS` rows exist from `row` on.
    #[target_feature(enable = "avx512f")]
    unsafe fn tile_512<const ROWS: usize, const VECTORS: usize>(
        p: &Product<'_, f32>,
        c: &mut [f32],
        row: usize,
        column: usize,
    ) -> usize {
        let mut sums = [[_mm512_setzero_ps(); VECTORS]; ROWS];
        // SAFETY: every address lies in its operand, by the contract.
        unsafe {
            let c = c.as_mut_ptr().add(row * p.width + column);
            let (b, x) = (p.b.as_ptr().add(row * p.row_stride), p.x.as_ptr().add(column));
            if p.add {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = _mm512_loadu_ps(c.add(r * p.width + v * LANES));
                    }
                }
            }
            for k in 0..p.depth {
                let mut lanes = [_mm512_setzero_ps(); VECTORS];
                for (v, lanes) in lanes.iter_mut().enumerate() {
                    *lanes = _mm512_loadu_ps(x.add(k * p.width + v * LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let b = _mm512_set1_ps(*b.add(r * p.row_stride + k * p.step));
                    for (sum, &lanes) in sums.iter_mut().zip(&lanes) {
                        *sum = _mm512_fmadd_ps(b, lanes, *sum);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                for (v, &sum) in sums.iter().enumerate() {
                    _mm512_storeu_ps(c.add(r * p.width + v * LANES), sum);
                }
            }
        }
        ROWS
    }

    /// # Safety
    /// The processor has AVX2 and FMA; `c`, `p.b` and `p.x` hold what the sizes of `p` say.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn rows_256(p: &Product<'_, f32>, c: &mut [f32]) {
        for column in (0..p.width).step_by(LANES) {
            let mut row = 0;
            while row < p.rows {
                // SAFETY: each tile takes at most the rows that are left and `LANES` columns.
                row += unsafe {
                    match p.rows - row {
                        4.. => tile_256::<4>(p, c, row, column),
                        2.. => tile_256::<2>(p, c, row, column),
                        _ => tile_256::<1>(p, c, row, column),
                    }
                };
            }
        }
    }

    /// One tile of `ROWS` x [`LANES`]; returns `ROWS`.
    ///
    /// # Safety
    /// As [`rows_256`]; `ROWS` rows exist from `row` on and [`LANES`] columns from `column` on.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn tile_256<const ROWS: usize>(
        p: &Product<'_, f32>,
        c: &mut [f32],
        row: usize,
        column: usize,
    ) -> usize {
        let mut sums = [[_mm256_setzero_ps(); 2]; ROWS];
        // SAFETY: every address lies in its operand, by the contract.
        unsafe {
            let c = c.as_mut_ptr().add(row * p.width + column);
            let (b, x) = (p.b.as_ptr().add(row * p.row_stride), p.x.as_ptr().add(column));
            if p.add {
                for (r, sums) in sums.iter_mut().enumerate() {
                    *sums = [0, 8].map(|at| _mm256_loadu_ps(c.add(r * p.width + at)));
                }
            }
            for k in 0..p.depth {
                let lanes = [0, 8].map(|at| _mm256_loadu_ps(x.add(k * p.width + at)));
                for (r, sums) in sums.iter_mut().enumerate() {
                    let b = _mm256_set1_ps(*b.add(r * p.row_stride + k * p.step));
                    for (sum, &lanes) in sums.iter_mut().zip(&lanes) {
                        *sum = _mm256_fmadd_ps(b, lanes, *sum);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                _mm256_storeu_ps(c.add(r * p.width), sums[0]);
                _mm256_storeu_ps(c.add(r * p.width + 8), sums[1]);
            }
        }
        ROWS
    }
}
