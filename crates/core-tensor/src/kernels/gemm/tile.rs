//! The innermost kernel: a block of the result summed in registers.
//!
//! A block of `ROWS` by `COLS` is as large as the registers allow, so that each value loaded is used many times:
//! per step along the depth it loads `COLS` units of `b` as vectors, and each of `ROWS` units of `a` once, spread
//! over a vector.

#[cfg(target_arch = "x86_64")]
use super::pack::Pair;
use super::pack::{Format, Plain, Rounded};
#[cfg(target_arch = "x86_64")]
use crate::kernels::array;
use std::marker::PhantomData;

/// Where the lines of `a` are read.
#[derive(Clone, Copy)]
pub(super) enum Lines<Unit> {
    /// From a panel.
    Panel(*const Unit),
    /// Where they lie, the second so many units behind the first.
    InPlace(*const Unit, usize),
}

/// A kernel for one format of panels and one instruction set.
pub(super) trait Tile: Send + Sync + 'static {
    /// What the panels hold.
    type Format: Format;
    /// Lines in a panel of `a`.
    const ROWS: usize;
    /// Lines in a panel of `b`: a multiple of 16.
    const COLS: usize;
    /// Whether [`run`](Self::run) compiles for AVX-512.
    const WIDE: bool;
    /// Whether [`run`](Self::run) compiles for the rounding to bf16 by an instruction.
    // No path of other processors has one.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    const ROUNDS: bool;

    /// `sums (+)= a·b` over `units` steps. `sums` holds `COLS` values to a row; only the first `rows` rows, or a
    /// few more, are computed.
    ///
    /// # Safety
    /// The processor must have the instructions. `a` and `b` must hold `units` steps, `sums` a whole block; if `a` lies
    /// in place, it must have `ROWS` lines.
    unsafe fn sum(
        rows: usize,
        units: usize,
        a: Lines<<Self::Format as Format>::Unit>,
        b: *const <Self::Format as Format>::Unit,
        sums: *mut <Self::Format as Format>::Sum,
        add: bool,
    );

    /// Runs `f`, compiled for these instructions if it is inlined.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn run<R>(f: impl FnOnce() -> R) -> R;
}

/// Instructions that every processor of the target has.
pub(super) struct Portable<F>(PhantomData<F>);
/// AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx2<F>(PhantomData<F>);
/// AVX-512, with the bf16 dot product where the format is [`Pair`].
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx512<F>(PhantomData<F>);

macro_rules! portable {
    ($format:ty, $sum:ty) => {
        impl Tile for Portable<$format> {
            type Format = $format;
            const ROWS: usize = 2;
            const COLS: usize = 16;
            const WIDE: bool = false;
            const ROUNDS: bool = false;

            unsafe fn sum(
                _rows: usize,
                units: usize,
                a: Lines<$sum>,
                b: *const $sum,
                sums: *mut $sum,
                add: bool,
            ) {
                let (a, line, step) = match a {
                    Lines::Panel(a) => (a, 1, 2),
                    Lines::InPlace(a, stride) => (a, stride, 1),
                };
                // SAFETY: the caller's lines, panel and block have these lengths.
                unsafe {
                    let b = std::slice::from_raw_parts(b, units * 16).as_chunks::<16>().0;
                    let sums = &mut *sums.cast::<[[$sum; 16]; 2]>();
                    let mut block = if add { *sums } else { [[0.0; 16]; 2] };
                    for (u, b) in b.iter().enumerate() {
                        for i in 0..2 {
                            let a = *a.add(u * step + i * line);
                            for j in 0..16 {
                                block[i][j] += a * b[j];
                            }
                        }
                    }
                    *sums = block;
                }
            }

            unsafe fn run<R>(f: impl FnOnce() -> R) -> R {
                f()
            }
        }
    };
}
portable!(Plain<f32>, f32);
portable!(Plain<f64>, f64);
portable!(Rounded, f32);

/// A kernel of `$rows` rows by `$vectors` vectors. A block with few rows left takes a third or two thirds of them.
#[cfg(target_arch = "x86_64")]
macro_rules! vectors {
    (
        $tile:ty, $format:ty, $wide:literal, $rounds:literal, $features:literal, $vector:ty, $lanes:literal,
        $rows:literal x $vectors:literal,
        $zero:ident, $load:ident, $store:ident, $sum_load:ident, $plus:ident, $spread:expr, $multiply_add:expr
    ) => {
        const _: () = {
            use std::arch::x86_64::*;
            type Unit = <$format as Format>::Unit;
            type Sum = <$format as Format>::Sum;

            #[target_feature(enable = $features)]
            unsafe fn sum<const R: usize, const IN_PLACE: bool>(
                units: usize,
                a: *const Unit,
                stride: usize,
                b: *const Unit,
                sums: *mut Sum,
                add: bool,
            ) {
                // SAFETY: the caller's lines and panel hold `units` steps and its block all rows.
                unsafe {
                    let mut block = [[$zero(); $vectors]; R];
                    for step in 0..units {
                        let b = b.add(step * $vectors * $lanes);
                        let line: [_; $vectors] = array(|v| $load(b.add(v * $lanes).cast()));
                        for i in 0..R {
                            let at = if IN_PLACE { step + i * stride } else { step * $rows + i };
                            let x = $spread(*a.add(at));
                            for v in 0..$vectors {
                                block[i][v] = $multiply_add(x, line[v], block[i][v]);
                            }
                        }
                    }
                    for i in 0..R {
                        for v in 0..$vectors {
                            let at = sums.add((i * $vectors + v) * $lanes);
                            let old = if add { $sum_load(at) } else { $zero() };
                            $store(at, $plus(old, block[i][v]));
                        }
                    }
                }
            }

            impl Tile for $tile {
                type Format = $format;
                const ROWS: usize = $rows;
                const COLS: usize = $vectors * $lanes;
                const WIDE: bool = $wide;
                const ROUNDS: bool = $rounds;

                unsafe fn sum(
                    rows: usize,
                    units: usize,
                    a: Lines<Unit>,
                    b: *const Unit,
                    sums: *mut Sum,
                    add: bool,
                ) {
                    const THIRD: usize = $rows / 3;
                    // SAFETY: passed on.
                    unsafe {
                        match (a, rows.div_ceil(THIRD)) {
                            (Lines::InPlace(a, stride), _) => {
                                sum::<$rows, true>(units, a, stride, b, sums, add);
                            }
                            (Lines::Panel(a), 0 | 1) => sum::<THIRD, false>(units, a, 1, b, sums, add),
                            (Lines::Panel(a), 2) => sum::<{ 2 * THIRD }, false>(units, a, 1, b, sums, add),
                            (Lines::Panel(a), _) => sum::<$rows, false>(units, a, 1, b, sums, add),
                        }
                    }
                }

                unsafe fn run<R>(f: impl FnOnce() -> R) -> R {
                    #[target_feature(enable = $features)]
                    unsafe fn compiled<R>(f: impl FnOnce() -> R) -> R {
                        f()
                    }
                    // SAFETY: passed on.
                    unsafe { compiled(f) }
                }
            }
        };
    };
}

#[cfg(target_arch = "x86_64")]
macro_rules! f32_vectors {
    ($format:ty) => {
        vectors!(
            Avx512<$format>, $format, true, false, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", __m512, 16, 12 x 2,
            _mm512_setzero_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_loadu_ps, _mm512_add_ps,
            _mm512_set1_ps, _mm512_fmadd_ps
        );
        vectors!(
            Avx2<$format>, $format, false, false, "avx2,fma", __m256, 8, 6 x 2,
            _mm256_setzero_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_loadu_ps, _mm256_add_ps,
            _mm256_set1_ps, _mm256_fmadd_ps
        );
    };
}
#[cfg(target_arch = "x86_64")]
f32_vectors!(Plain<f32>);
#[cfg(target_arch = "x86_64")]
f32_vectors!(Rounded);
#[cfg(target_arch = "x86_64")]
vectors!(
    Avx512<Plain<f64>>, Plain<f64>, true, false, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", __m512d, 8, 12 x 2,
    _mm512_setzero_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_loadu_pd, _mm512_add_pd,
    _mm512_set1_pd, _mm512_fmadd_pd
);
#[cfg(target_arch = "x86_64")]
vectors!(
    Avx2<Plain<f64>>, Plain<f64>, false, false, "avx2,fma", __m256d, 4, 3 x 4,
    _mm256_setzero_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_loadu_pd, _mm256_add_pd,
    _mm256_set1_pd, _mm256_fmadd_pd
);
#[cfg(target_arch = "x86_64")]
vectors!(
    Avx512<Pair>, Pair, true, true, "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma", __m512, 16, 12 x 2,
    _mm512_setzero_ps, _mm512_loadu_si512, _mm512_storeu_ps, _mm512_loadu_ps, _mm512_add_ps,
    |unit: u32| _mm512_set1_epi32(unit as i32),
    // The vectors of pairs and of integers hold the same bits.
    |x, y, sum| _mm512_dpbf16_ps(
        sum,
        std::mem::transmute::<__m512i, __m512bh>(x),
        std::mem::transmute::<__m512i, __m512bh>(y)
    )
);
