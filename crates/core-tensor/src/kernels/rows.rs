//! Rows picked, rows added by index, and the mean of each sequence.

use super::reduce::{add_assign, rows_per_chunk};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;
use std::ops::Range;

/// Addends in one partial sum of a row.
const PIECE: usize = 256;

/// Some rows of a matrix, each once, in ascending order: a gradient that is zero elsewhere.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseRows<M> {
    /// The indices of the rows, ascending.
    pub rows: Vec<u32>,
    /// Their values, `(rows, width)`.
    pub values: Vec<M>,
}

impl<M: Real> SparseRows<M> {
    /// Adds these rows to a whole matrix of rows of `width`.
    pub fn add_to(&self, width: usize, out: &mut [M]) {
        for (row, values) in self.rows.iter().zip(self.values.chunks_exact(width.max(1))) {
            add_assign(&mut out[*row as usize * width..][..width], values);
        }
    }
}

/// Sums the rows of `x` that have the same index, over the rows in `ranges`: each index once, ascending; within an
/// index in the order of the rows, in partial sums of a fixed number of rows.
///
/// # Shapes
/// `x: (index.len(), width)`.
pub fn sum_by_index<E: Float>(
    index: &[u32],
    x: &[E],
    width: usize,
    ranges: &[Range<usize>],
) -> SparseRows<E::Master> {
    assert_eq!(x.len(), index.len() * width, "one index per row");
    let mut order: Vec<u64> = ranges.iter().cloned().flatten().map(|i| key(index[i], i)).collect();
    order.sort_unstable();
    let mut pieces: Vec<&[u64]> = Vec::new();
    for group in order.chunk_by(|a, b| a >> 32 == b >> 32) {
        pieces.extend(group.chunks(PIECE));
    }
    let mut values = vec![E::Master::ZERO; pieces.len() * width];
    let sums = values.par_chunks_mut(width.max(1)).with_min_len(rows_per_chunk(width));
    sums.zip(&pieces).for_each(|(sum, piece)| dispatch!(sum_piece(piece, x, sum)));
    join_pieces(&pieces, values, width)
}

/// The index above, the row below: sorting keys sorts by index, then by row.
fn key(index: u32, row: usize) -> u64 {
    u64::from(index) << 32 | u64::from(u32::try_from(row).expect("fewer than 2^32 rows"))
}

#[inline(always)]
fn sum_piece<E: Float>(piece: &[u64], x: &[E], sum: &mut [E::Master]) {
    let width = sum.len();
    for key in piece {
        let row = (key & 0xffff_ffff) as usize;
        for (sum, x) in sum.iter_mut().zip(&x[row * width..][..width]) {
            *sum += x.widen();
        }
    }
}

/// Adds the partial sums of one index, in their order, onto the first of them.
fn join_pieces<M: Real>(pieces: &[&[u64]], mut values: Vec<M>, width: usize) -> SparseRows<M> {
    let mut rows: Vec<u32> = Vec::with_capacity(pieces.len());
    for (i, piece) in pieces.iter().enumerate() {
        let row = (piece[0] >> 32) as u32;
        if rows.last() == Some(&row) {
            let (head, tail) = values.split_at_mut(i * width);
            add_assign(&mut head[(rows.len() - 1) * width..][..width], &tail[..width]);
        } else {
            values.copy_within(i * width..(i + 1) * width, rows.len() * width);
            rows.push(row);
        }
    }
    values.truncate(rows.len() * width);
    SparseRows { rows, values }
}

/// A row of the sum of two gradients of some rows: its index, and its place in the one and the other.
type SharedRow = (u32, [Option<usize>; 2]);

/// The rows that two ascending lists name, each once, ascending.
pub fn united(a: &[u32], b: &[u32]) -> Vec<SharedRow> {
    let (mut rows, mut i, mut j) = (Vec::with_capacity(a.len().max(b.len())), 0, 0);
    while let Some(row) = [a.get(i), b.get(j)].into_iter().flatten().min().copied() {
        let [in_a, in_b] = [a.get(i) == Some(&row), b.get(j) == Some(&row)];
        rows.push((row, [in_a.then_some(i), in_b.then_some(j)]));
        (i, j) = (i + usize::from(in_a), j + usize::from(in_b));
    }
    rows
}

/// The sum of two gradients of some rows.
///
/// # Shapes
/// `x`, `y`: `(any, width)`, `out`: `(rows.len(), width)`.
pub fn add_united<M: Real>(rows: &[SharedRow], width: usize, x: &[M], y: &[M], out: &mut [M]) {
    assert_eq!(out.len(), rows.len() * width, "one row per index");
    let sums = out.par_chunks_mut(width.max(1)).with_min_len(rows_per_chunk(width));
    sums.zip(rows).for_each(|(out, (_, [in_x, in_y]))| {
        let [x, y] = [(x, in_x), (y, in_y)].map(|(of, place)| place.map(|row| &of[row * width..][..width]));
        match (x, y) {
            (Some(x), Some(y)) => {
                out.copy_from_slice(x);
                add_assign(out, y);
            }
            (one, other) => {
                if let Some(only) = one.or(other) {
                    out.copy_from_slice(only);
                }
            }
        }
    });
}

/// `y[i] = x[index[i]]`. Panics if an index is not below the number of rows.
///
/// # Shapes
/// `x: (any, width)`, `y: (index.len(), width)`.
pub fn gather<E: Float>(x: &[E], index: &[u32], width: usize, y: &mut [E]) {
    assert_eq!(y.len(), index.len() * width, "one row per index");
    let rows = rows_per_chunk(width);
    let chunks = (y.par_chunks_mut((rows * width).max(1)), index.par_chunks(rows)).into_par_iter();
    chunks.for_each(|(y, index)| {
        for (y, i) in y.chunks_exact_mut(width).zip(index) {
            y.copy_from_slice(&x[*i as usize * width..][..width]);
        }
    });
}

/// `y[index[i]] += x[i]`, the gradient of [`gather`]; rows of one index are summed in the master type, in order.
///
/// # Shapes
/// `x: (index.len(), width)`, `y: (any, width)`.
pub fn scatter_add<E: Float>(x: &[E], index: &[u32], width: usize, y: &mut [E]) {
    let whole = 0..index.len();
    let sums = sum_by_index(index, x, width, std::slice::from_ref(&whole));
    for (row, sum) in sums.rows.iter().zip(sums.values.chunks_exact(width.max(1))) {
        dispatch!(add_row(sum, &mut y[*row as usize * width..][..width]));
    }
}

#[inline(always)]
fn add_row<E: Float>(sum: &[E::Master], y: &mut [E]) {
    for (sum, y) in sum.iter().zip(y) {
        *y = E::narrow(y.widen() + *sum);
    }
}

/// The mean row of each sequence; zeros for an empty one.
///
/// # Shapes
/// `x: (tokens, width)`, `boundaries: (sequences + 1,)` with sequence i at rows `boundaries[i]..boundaries[i + 1]`,
/// `y: (sequences, width)`.
pub fn mean_pool<E: Float>(x: &[E], boundaries: &[usize], width: usize, y: &mut [E]) {
    assert_eq!(y.len(), boundaries.len().saturating_sub(1) * width, "one row per sequence");
    let sequences = y.par_chunks_mut(width.max(1)).zip(boundaries.par_windows(2));
    sequences.for_each(|(y, ends)| {
        dispatch!(mean_rows(&x[ends[0] * width..ends[1] * width], y));
    });
}

#[inline(always)]
fn mean_rows<E: Float>(x: &[E], y: &mut [E]) {
    let mut sum = vec![E::Master::ZERO; y.len()];
    for row in x.chunks_exact(y.len()) {
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += x.widen();
        }
    }
    let share = share::<E::Master>(x.len() / y.len());
    for (y, sum) in y.iter_mut().zip(&sum) {
        *y = E::narrow(*sum * share);
    }
}

/// The weight of one row in the mean of `length`.
#[inline(always)]
fn share<M: Real>(length: usize) -> M {
    M::from_f64(1.0 / length.max(1) as f64)
}

/// The gradient of [`mean_pool`]: every row of a sequence receives that of the mean, divided by the length.
///
/// # Shapes
/// `dy: (sequences, width)`, `dx: (tokens, width)`; rows outside every sequence are left as they are.
pub fn mean_pool_backward<E: Float>(dy: &[E], boundaries: &[usize], width: usize, dx: &mut [E]) {
    assert_eq!(dy.len(), boundaries.len().saturating_sub(1) * width, "one row per sequence");
    let mut rest = &mut dx[boundaries.first().map_or(0, |b| *b) * width..];
    let mut parts = Vec::with_capacity(boundaries.len());
    for ends in boundaries.windows(2) {
        let (part, after) = rest.split_at_mut((ends[1] - ends[0]) * width);
        parts.push(part);
        rest = after;
    }
    let sequences = parts.into_par_iter().zip(dy.par_chunks(width.max(1)));
    sequences.for_each(|(dx, dy)| dispatch!(spread_row(dy, dx)));
}

#[inline(always)]
fn spread_row<E: Float>(dy: &[E], dx: &mut [E]) {
    let share = share::<E::Master>(dx.len() / dy.len());
    for row in dx.chunks_exact_mut(dy.len()) {
        for (dx, dy) in row.iter_mut().zip(dy) {
            *dx = E::narrow(dy.widen() * share);
        }
    }
}

/// The same, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::sum_by_index`].
    pub fn sum_by_index<E: Float>(
        index: &[u32],
        x: &[E],
        width: usize,
        ranges: &[Range<usize>],
    ) -> SparseRows<E::Master> {
        let mut sums = std::collections::BTreeMap::new();
        for i in ranges.iter().cloned().flatten() {
            let sum = sums.entry(index[i]).or_insert_with(|| vec![E::Master::ZERO; width]);
            for j in 0..width {
                sum[j] += x[i * width + j].widen();
            }
        }
        SparseRows { rows: sums.keys().copied().collect(), values: sums.into_values().flatten().collect() }
    }

    /// See [`super::gather`].
    pub fn gather<E: Float>(x: &[E], index: &[u32], width: usize, y: &mut [E]) {
        for i in 0..y.len() {
            y[i] = x[index[i / width] as usize * width + i % width];
        }
    }

    /// See [`super::scatter_add`].
    pub fn scatter_add<E: Float>(x: &[E], index: &[u32], width: usize, y: &mut [E]) {
        let whole = 0..index.len();
        let sums = sum_by_index(index, x, width, std::slice::from_ref(&whole));
        for (i, row) in sums.rows.iter().enumerate() {
            for j in 0..width {
                let y = &mut y[*row as usize * width + j];
                *y = E::narrow(y.widen() + sums.values[i * width + j]);
            }
        }
    }

    /// See [`super::mean_pool`].
    pub fn mean_pool<E: Float>(x: &[E], boundaries: &[usize], width: usize, y: &mut [E]) {
        for i in 0..y.len() {
            let (sequence, j) = (i / width, i % width);
            let rows = boundaries[sequence]..boundaries[sequence + 1];
            let length = rows.len().max(1) as f64;
            y[i] = E::of(rows.map(|row| x[row * width + j].to_f64()).sum::<f64>() / length);
        }
    }

    /// See [`super::mean_pool_backward`].
    pub fn mean_pool_backward<E: Float>(dy: &[E], boundaries: &[usize], width: usize, dx: &mut [E]) {
        for (sequence, ends) in boundaries.windows(2).enumerate() {
            for row in ends[0]..ends[1] {
                for j in 0..width {
                    let length = (ends[1] - ends[0]) as f64;
                    dx[row * width + j] = E::of(dy[sequence * width + j].to_f64() / length);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values, weighted};

    fn agrees<E: Float>() {
        let (tokens, width, table) = (1500, 33, 40);
        let x = values::<E>(tokens * width, 1);
        let index: Vec<u32> =
            (0..tokens as u32).map(|i| if i % 2 == 0 { 7 } else { i * i % table }).collect();
        let ranges = [3..700, 900..1500];
        let (got, want) =
            (sum_by_index(&index, &x, width, &ranges), reference::sum_by_index(&index, &x, width, &ranges));
        assert_eq!(got.rows, want.rows);
        assert_close(&got.values, &want.values, 1e-4);
        let n = table as usize * width;
        let (mut got, mut want) = (values::<E>(n, 2), values::<E>(n, 2));
        scatter_add(&x, &index, width, &mut got);
        reference::scatter_add(&x, &index, width, &mut want);
        assert_close(&got, &want, 10.0 * tolerance::<E>());
        let (mut back, mut slow) = (vec![E::default(); tokens * width], vec![E::default(); tokens * width]);
        gather(&got, &index, width, &mut back);
        reference::gather(&got, &index, width, &mut slow);
        assert_eq!(back, slow);
        pools_agree(&x, width);
    }

    fn pools_agree<E: Float>(x: &[E], width: usize) {
        let boundaries = [0, 5, 5, 6, 1500];
        let (mut got, mut want) = (vec![E::default(); 4 * width], vec![E::default(); 4 * width]);
        mean_pool(x, &boundaries, width, &mut got);
        reference::mean_pool(x, &boundaries, width, &mut want);
        assert_close(&got, &want, tolerance::<E>());
        let (mut dx, mut slow) = (vec![E::default(); x.len()], vec![E::default(); x.len()]);
        mean_pool_backward(&got, &boundaries, width, &mut dx);
        reference::mean_pool_backward(&got, &boundaries, width, &mut slow);
        assert_close(&dx, &slow, tolerance::<E>());
    }

    #[test]
    fn the_sum_of_two_gradients_of_some_rows_is_that_of_all_their_rows() {
        let width = 33;
        let every = |step: usize, from: u32| (from..900).step_by(step).collect::<Vec<u32>>();
        for (a, b) in
            [(every(2, 0), every(3, 1)), (every(1, 0), every(7, 5)), (every(2, 0), vec![]), (vec![], vec![])]
        {
            let [x, y] = [(&a, 1), (&b, 2)].map(|(rows, seed)| values::<f32>(rows.len() * width, seed));
            let rows = united(&a, &b);
            let mut got = vec![0.0; rows.len() * width];
            add_united(&rows, width, &x, &y, &mut got);
            let (index, all) = ([a, b].concat(), [x, y].concat());
            let whole = 0..index.len();
            let want = sum_by_index(&index, &all, width, std::slice::from_ref(&whole));
            assert_eq!(rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(), want.rows);
            assert_eq!(got, want.values);
        }
    }

    #[test]
    fn agrees_with_the_reference() {
        agrees::<f32>();
        agrees::<f64>();
        agrees::<bf16>();
    }

    #[test]
    fn gradients_are_the_differences() {
        let (x, boundaries, index) = (values::<f64>(12, 3), [0, 1, 1, 4], [2, 0, 2]);
        let weights = values::<f64>(9, 4);
        let mut dx = vec![0.0; 12];
        mean_pool_backward(&weights, &boundaries, 3, &mut dx);
        assert_gradient(&x, &dx, |x| {
            let mut y = vec![0.0; 9];
            mean_pool(x, &boundaries, 3, &mut y);
            weighted(&y, &weights)
        });
        dx.fill(0.0);
        scatter_add(&weights, &index, 3, &mut dx);
        assert_gradient(&x, &dx, |x| {
            let mut y = vec![0.0; 9];
            gather(x, &index, 3, &mut y);
            weighted(&y, &weights)
        });
    }

    #[test]
    fn literal_sums_by_index() {
        let x = [1.0f32, 2.0, 4.0, 8.0];
        let sums = sum_by_index(&[5, 1, 5, 9], &x, 1, &[0..2, 2..3]);
        assert_eq!(sums, SparseRows { rows: vec![1, 5], values: vec![2.0, 5.0] });
        let mut whole = [0.0; 6];
        sums.add_to(1, &mut whole);
        assert_eq!(whole, [0.0, 2.0, 0.0, 0.0, 0.0, 5.0]);
        assert_eq!(sum_by_index::<f32>(&[], &[], 3, &[]), SparseRows::default());
    }
}
