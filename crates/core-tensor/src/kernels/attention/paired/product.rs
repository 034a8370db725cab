//! The one product that paired attention is made of, in register tiles.
//!
//! `C[r][l] (+)= factor sum over d of B[r][d] . X[d][l]` where an element of B and of X is a pair and `.` the sum of its
//! two products: rows of X lie in vector lanes, elements of B are broadcast and may have any strides.

use super::panel::{LANES, Pair, multiply_add};
use std::arch::x86_64::*;

/// The operands of a product and their sizes.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    /// Element (r, d) lies at `r * row_stride + d * step`.
    pub(super) b: &'a [Pair],
    pub(super) row_stride: usize,
    pub(super) step: usize,
    /// (depth, width), contiguous.
    pub(super) x: &'a [Pair],
    pub(super) rows: usize,
    /// In pairs.
    pub(super) depth: usize,
    /// A multiple of [`LANES`].
    pub(super) width: usize,
}

/// What becomes of the sums.
#[derive(Clone, Copy)]
pub(super) enum Into {
    /// C is these times a factor.
    Scaled(f32),
    /// C grows by them.
    Added,
}

impl Product<'_> {
    /// Writes or adds to `c`: (rows, width), contiguous.
    ///
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    pub(super) unsafe fn into(self, c: &mut [f32], into: Into) {
        if self.rows == 0 {
            return;
        }
        let Product { rows, depth, width, .. } = self;
        assert!(width.is_multiple_of(LANES) && c.len() >= rows * width, "attention: tile of C");
        assert!(self.x.len() >= depth * width, "attention: tile of X");
        let last = (rows - 1) * self.row_stride + depth.saturating_sub(1) * self.step;
        assert!(depth == 0 || last < self.b.len(), "attention: tile of B");
        let mut column = 0;
        while column < width {
            // SAFETY: tiles cover `rows` rows and columns below `width`, nothing beyond.
            column += unsafe {
                match width - column {
                    0..32 => self.columns::<1>(c, column, into),
                    _ => self.columns::<2>(c, column, into),
                }
            };
        }
    }

    /// All rows of `VECTORS` vectors of columns; returns how many columns that are.
    ///
    /// # Safety
    /// As for [`Self::into`]; so many columns exist from `column` on.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn columns<const VECTORS: usize>(&self, c: &mut [f32], column: usize, into: Into) -> usize {
        let mut row = 0;
        while row < self.rows {
            // SAFETY: each tile takes at most the rows that are left.
            row += unsafe {
                match self.rows - row {
                    8.. => self.tile::<8, VECTORS>(c, row, column, into),
                    4.. => self.tile::<4, VECTORS>(c, row, column, into),
                    2.. => self.tile::<2, VECTORS>(c, row, column, into),
                    _ => self.tile::<1, VECTORS>(c, row, column, into),
                }
            };
        }
        VECTORS * LANES
    }

    /// One tile of `ROWS` x `VECTORS`; returns `ROWS`.
    ///
    /// # Safety
    /// As for [`Self::columns`]; `ROWS` rows exist from `row` on.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn tile<const ROWS: usize, const VECTORS: usize>(
        &self,
        c: &mut [f32],
        row: usize,
        column: usize,
        into: Into,
    ) -> usize {
        let mut sums = [[_mm512_setzero_ps(); VECTORS]; ROWS];
        // SAFETY: every address lies in its operand, by the contract.
        unsafe {
            let (b, x) = (self.b.as_ptr().add(row * self.row_stride), self.x.as_ptr().add(column));
            for d in 0..self.depth {
                let mut lanes = [_mm512_setzero_si512(); VECTORS];
                for (v, lanes) in lanes.iter_mut().enumerate() {
                    *lanes = _mm512_loadu_si512(x.add(d * self.width + v * LANES).cast());
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let b = _mm512_set1_epi32(*b.add(r * self.row_stride + d * self.step) as i32);
                    for (sum, &lanes) in sums.iter_mut().zip(&lanes) {
                        *sum = multiply_add(*sum, b, lanes);
                    }
                }
            }
            let c = c.as_mut_ptr().add(row * self.width + column);
            for (r, sums) in sums.iter().enumerate() {
                for (v, &sum) in sums.iter().enumerate() {
                    let c = c.add(r * self.width + v * LANES);
                    _mm512_storeu_ps(
                        c,
                        match into {
                            Into::Scaled(factor) => _mm512_mul_ps(sum, _mm512_set1_ps(factor)),
                            Into::Added => _mm512_add_ps(_mm512_loadu_ps(c), sum),
                        },
                    );
                }
            }
        }
        ROWS
    }
}
