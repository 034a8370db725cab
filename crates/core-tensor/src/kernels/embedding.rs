//! Embeddings: rows of tables, looked up by id, and their sparse gradients.
//!
//! Tables are in the master type, outputs in the stored type. Ids must be below the number of rows of their table;
//! an id that is not panics, so callers check what comes from files.

use super::reduce::rows_per_chunk;
use super::rows::{SparseRows, sum_by_index};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;
use std::ops::Range;

/// `y[i] = table[ids[i]]`.
///
/// # Shapes
/// `table: (vocabulary, width)`, `ids: (tokens,)`, `y: (tokens, width)`.
pub fn lookup<E: Float>(table: &[E::Master], ids: &[u32], width: usize, y: &mut [E]) {
    for_tokens(width, y, |token, y| {
        dispatch!(copy_row(row(table, ids[token], width), y));
    });
    assert_eq!(y.len(), ids.len() * width, "one row per id");
}

/// `y[i] = words[word_ids[i]] + positions[position_ids[i]] + segments[segment_ids[i]]`: what BERT reads.
///
/// # Shapes
/// Each table `(its rows, width)`, each slice of ids `(tokens,)`, in the same order; `y: (tokens, width)`.
pub fn lookup_sum<E: Float>(tables: [&[E::Master]; 3], ids: [&[u32]; 3], width: usize, y: &mut [E]) {
    assert!(ids.iter().all(|ids| ids.len() * width == y.len()), "one row per id");
    for_tokens(width, y, |token, y| {
        let [word, position, segment] = [0, 1, 2].map(|k| row(tables[k], ids[k][token], width));
        dispatch!(sum_rows(word, position, segment, y));
    });
}

/// Calls `body(token, its row)` for every token, in parallel chunks of rows.
fn for_tokens<E: Float>(width: usize, y: &mut [E], body: impl Fn(usize, &mut [E]) + Sync) {
    let (width, rows) = (width.max(1), rows_per_chunk(width));
    y.par_chunks_mut(rows * width).enumerate().for_each(|(chunk, y)| {
        for (i, y) in y.chunks_exact_mut(width).enumerate() {
            body(chunk * rows + i, y);
        }
    });
}

fn row<M>(table: &[M], id: u32, width: usize) -> &[M] {
    &table[id as usize * width..][..width]
}

#[inline(always)]
fn copy_row<E: Float>(row: &[E::Master], y: &mut [E]) {
    for (y, row) in y.iter_mut().zip(row) {
        *y = E::narrow(*row);
    }
}

#[inline(always)]
fn sum_rows<E: Float>(a: &[E::Master], b: &[E::Master], c: &[E::Master], y: &mut [E]) {
    for (((y, a), b), c) in y.iter_mut().zip(a).zip(b).zip(c) {
        *y = E::narrow(*a + *b + *c);
    }
}

/// The gradient of a table over the tokens in `ranges`: each id that occurs there once, ascending, with the sum of
/// its tokens' gradients in the master type, in a fixed order.
///
/// # Shapes
/// `ids: (tokens,)`, `dy: (tokens, width)`.
pub fn sparse_gradient<E: Float>(
    ids: &[u32],
    dy: &[E],
    width: usize,
    ranges: &[Range<usize>],
) -> SparseRows<E::Master> {
    sum_by_index(ids, dy, width, ranges)
}

/// The same, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::lookup_sum`], and with one table [`super::lookup`]; for any number of tables.
    pub fn lookup_sum<E: Float>(lookups: &[(&[E::Master], &[u32])], width: usize, y: &mut [E]) {
        for i in 0..y.len() {
            let mut sum = E::Master::ZERO;
            for (table, ids) in lookups {
                sum += table[ids[i / width] as usize * width + i % width];
            }
            y[i] = E::narrow(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values, weighted};

    fn agrees<E: Float>() {
        let (tokens, width) = (700, 40);
        let table = |rows: usize| values::<E::Master>(rows * width, rows as u64);
        let (words, positions, segments) = (table(50), table(20), table(2));
        let ids = |rows: usize| (0..tokens).map(|i| (i * i % rows) as u32).collect::<Vec<_>>();
        let (word, position, segment) = (ids(50), ids(20), ids(2));
        let tables = [&words[..], &positions, &segments];
        let ids = [&word[..], &position, &segment];
        let (mut got, mut want) = (vec![E::default(); tokens * width], vec![E::default(); tokens * width]);
        lookup_sum(tables, ids, width, &mut got);
        let lookups = [0, 1, 2].map(|k| (tables[k], ids[k]));
        reference::lookup_sum(&lookups, width, &mut want);
        assert_close(&got, &want, tolerance::<E>());
        lookup(&words, &word, width, &mut got);
        reference::lookup_sum(&lookups[..1], width, &mut want);
        assert_eq!(got, want);
    }

    #[test]
    fn agrees_with_the_reference() {
        agrees::<f32>();
        agrees::<f64>();
        agrees::<bf16>();
    }

    #[test]
    fn gradients_are_the_differences() {
        let (tables, dy) = ([8, 6, 4].map(|n| values::<f64>(n, n as u64)), values::<f64>(6, 9));
        let ids = [&[3u32, 0, 3][..], &[0, 1, 2], &[1, 1, 0]];
        for k in 0..3 {
            let mut gradient = vec![0.0; tables[k].len()];
            sparse_gradient(ids[k], &dy, 2, &[0..1, 1..3]).add_to(2, &mut gradient);
            assert_gradient(&tables[k], &gradient, |table| {
                let mut all = [&tables[0][..], &tables[1], &tables[2]];
                all[k] = table;
                let mut y = vec![0.0; 6];
                lookup_sum(all, ids, 2, &mut y);
                weighted(&y, &dy)
            });
        }
    }
}
