//! Sums and products of slices, rows and columns.
//!
//! Order is fixed: inside a chunk of [`CHUNK`] elements or [`ROWS`] rows a fixed number of running sums, between
//! chunks the order of the chunks. Scalars over whole tensors are summed in `f64`, the rest in the master type.

use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;
use std::ops::Range;

/// Elements in one unit of parallel work.
pub const CHUNK: usize = 16_384;
/// Rows in one partial sum over rows.
pub const ROWS: usize = 128;
/// Running sums inside a chunk: two registers of `f32` at 512 bits.
const LANES: usize = 32;

/// Rows in one unit of parallel work, where each row is finished by itself.
pub(crate) fn rows_per_chunk(width: usize) -> usize {
    (CHUNK / width.max(1)).max(1)
}

/// Adds neighbouring halves until one value is left.
#[inline(always)]
fn fold<M: Copy>(mut lanes: [M; LANES], combine: impl Fn(M, M) -> M) -> M {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = combine(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// The sum of `f` over a slice.
#[inline(always)]
pub(crate) fn sum_of<A: Copy, M: Real>(a: &[A], f: impl Fn(A) -> M) -> M {
    let mut lanes = [M::ZERO; LANES];
    let (blocks, rest) = a.as_chunks::<LANES>();
    for block in blocks {
        for i in 0..LANES {
            lanes[i] += f(block[i]);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += f(*value);
    }
    fold(lanes, |a, b| a + b)
}

/// The sum of `f` over two slices of one length.
#[inline(always)]
pub(crate) fn sum_of_pairs<A: Copy, B: Copy, M: Real>(a: &[A], b: &[B], f: impl Fn(A, B) -> M) -> M {
    assert_eq!(a.len(), b.len(), "slices of one length");
    let mut lanes = [M::ZERO; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            lanes[i] += f(a[i], b[i]);
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane += f(*a, *b);
    }
    fold(lanes, |a, b| a + b)
}

/// The largest value of a slice; minus infinity if it is empty. NaNs are passed over.
#[inline(always)]
pub(crate) fn max_of<E: Float>(a: &[E]) -> E::Master {
    let mut lanes = [E::Master::NEG_INFINITY; LANES];
    let (blocks, rest) = a.as_chunks::<LANES>();
    for block in blocks {
        for i in 0..LANES {
            lanes[i] = Real::max(block[i].widen(), lanes[i]);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = Real::max(value.widen(), *lane);
    }
    fold(lanes, |a, b| Real::max(b, a))
}

/// Sums over `rows` in partial sums of [`ROWS`] rows, added to `out` in their order. `body` adds its rows to a
/// partial sum that starts at zero.
pub(crate) fn accumulate_rows<M: Real>(
    rows: Range<usize>,
    out: &mut [M],
    body: impl Fn(Range<usize>, &mut [M]) + Sync,
) {
    let starts: Vec<usize> = rows.clone().step_by(ROWS).collect();
    let length = out.len();
    let partial = |&start: &usize| {
        let mut sum = vec![M::ZERO; length];
        body(start..(start + ROWS).min(rows.end), &mut sum);
        sum
    };
    let partials: Vec<Vec<M>> = starts.par_iter().map(partial).collect();
    for partial in &partials {
        add_assign(out, partial);
    }
}

/// `out += x`, on this thread.
pub(crate) fn add_assign<M: Real>(out: &mut [M], x: &[M]) {
    dispatch!(add_assign_body(out, x))
}

#[inline(always)]
fn add_assign_body<M: Real>(out: &mut [M], x: &[M]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += *x;
    }
}

/// The sum of all elements; 0 if there are none.
pub fn sum<E: Float>(x: &[E]) -> f64 {
    let parts: Vec<f64> = x.par_chunks(CHUNK).map(|x| dispatch!(sum_of(x, E::to_f64))).collect();
    parts.iter().sum()
}

/// The sum of products of two slices of one length, which may be of two types.
pub fn dot<A: Float, B: Float>(a: &[A], b: &[B]) -> f64 {
    assert_eq!(a.len(), b.len(), "slices of one length");
    let product = |a: A, b: B| a.to_f64() * b.to_f64();
    let chunks = (a.par_chunks(CHUNK), b.par_chunks(CHUNK)).into_par_iter();
    let parts: Vec<f64> = chunks.map(|(a, b)| dispatch!(sum_of_pairs(a, b, product))).collect();
    parts.iter().sum()
}

/// `out[j] += sum over rows i of x[i, j]`: the gradient of a bias.
///
/// # Shapes
/// `x: (any, width)`, of which `rows` are read; `out: (width,)`.
pub fn column_sums<E: Float>(x: &[E], width: usize, rows: Range<usize>, out: &mut [E::Master]) {
    assert_eq!(out.len(), width, "one sum per column");
    accumulate_rows(rows, out, |rows, sum| {
        let x = &x[rows.start * width..rows.end * width];
        dispatch!(column_sums_body(x, sum))
    });
}

#[inline(always)]
fn column_sums_body<E: Float>(x: &[E], sum: &mut [E::Master]) {
    for row in x.chunks_exact(sum.len().max(1)) {
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += x.widen();
        }
    }
}

/// `out[i] = sum over columns j of x[i, j]`.
///
/// # Shapes
/// `x: (rows, width)`, `out: (rows,)`.
pub fn row_sums<E: Float>(x: &[E], width: usize, out: &mut [E]) {
    assert_eq!(x.len(), out.len() * width, "one sum per row");
    let per_chunk = rows_per_chunk(width);
    (x.par_chunks((per_chunk * width).max(1)), out.par_chunks_mut(per_chunk)).into_par_iter().for_each(
        |(x, out)| {
            for (x, out) in x.chunks_exact(width).zip(out) {
                *out = E::narrow(dispatch!(sum_of(x, E::widen)));
            }
        },
    );
}

/// The same sums, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::sum`].
    pub fn sum<E: Float>(x: &[E]) -> f64 {
        x.iter().map(|x| x.to_f64()).sum()
    }

    /// See [`super::dot`].
    pub fn dot<A: Float, B: Float>(a: &[A], b: &[B]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).sum()
    }

    /// See [`super::column_sums`].
    pub fn column_sums<E: Float>(x: &[E], width: usize, rows: Range<usize>, out: &mut [E::Master]) {
        for i in rows {
            for j in 0..width {
                out[j] += x[i * width + j].widen();
            }
        }
    }

    /// See [`super::row_sums`].
    pub fn row_sums<E: Float>(x: &[E], width: usize, out: &mut [E]) {
        for i in 0..out.len() {
            out[i] = E::of(sum(&x[i * width..(i + 1) * width]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, tolerance, values};

    fn scalars_agree<E: Float>() {
        for n in [0, 1, 31, 33, 40_000] {
            let (a, b) = (values::<E>(n, 1), values::<E>(n, 2));
            assert_close(&[sum(&a)], &[reference::sum(&a)], 1e-10);
            assert_close(&[dot(&a, &b)], &[reference::dot(&a, &b)], 1e-10);
            let largest = a.iter().map(|a| a.to_f64()).fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(max_of(&a).as_f64(), largest);
        }
    }

    fn rows_and_columns_agree<E: Float>() {
        for (rows, width) in [(1, 1), (3, 64), (300, 37), (5, 20_000)] {
            let a = values::<E>(rows * width, 3);
            let part = rows / 4..rows;
            let (mut got, mut want) = (vec![E::Master::ONE; width], vec![E::Master::ONE; width]);
            column_sums(&a, width, part.clone(), &mut got);
            reference::column_sums(&a, width, part, &mut want);
            assert_close(&got, &want, 1e-4);
            let (mut got, mut want) = (vec![E::default(); rows], vec![E::default(); rows]);
            row_sums(&a, width, &mut got);
            reference::row_sums(&a, width, &mut want);
            assert_close(&got, &want, 10.0 * tolerance::<E>());
        }
    }

    #[test]
    fn sums_agree_with_the_reference() {
        scalars_agree::<f32>();
        scalars_agree::<f64>();
        scalars_agree::<bf16>();
        rows_and_columns_agree::<f32>();
        rows_and_columns_agree::<f64>();
        rows_and_columns_agree::<bf16>();
    }

    #[test]
    fn the_same_bits_on_any_number_of_threads() {
        let x = values::<f32>(100_000, 5);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
            pool.install(|| {
                let mut columns = vec![0.0; 100];
                column_sums(&x, 100, 0..1000, &mut columns);
                (sum(&x), dot(&x, &x), columns)
            })
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn literal_sums() {
        assert_eq!((sum(&[1.0f32, 2.0, 4.0]), dot(&[1.0f32, 3.0], &[2.0f64, -1.0])), (7.0, -1.0));
    }
}
