//! The slow, obvious attention in `f64`: what the fast one is held against, and what the test-only device runs.

use super::AttentionShape;
use crate::element::{Element, Float, Real};
use crate::kernels::random::RowKey;

/// As [`forward`](super::forward), with every probability of one row written out.
pub fn forward<E: Float>(
    out: &mut [E],
    lse: Option<&mut [E::Master]>,
    qkv: &[E],
    shape: &AttentionShape<'_>,
) {
    shape.check(qkv.len(), out.len(), lse.as_ref().map(|lse| lse.len()));
    let (size, width) = (shape.head_size, shape.width());
    let mut logarithms = vec![0.0; shape.tokens() * shape.heads];
    out.fill(E::default());
    for_each_row(shape, qkv, |row| {
        logarithms[row.token * shape.heads + row.head] = row.lse;
        let mut sums = vec![0.0; size];
        for (key, (p, m)) in row.keys.clone().zip(row.probabilities.iter().zip(&row.mask)) {
            for c in 0..size {
                sums[c] += p * m * at(shape, qkv, key, 2, row.head, c);
            }
        }
        for c in 0..size {
            out[row.token * width + row.head * size + c] = E::of(sums[c]);
        }
    });
    if let Some(lse) = lse {
        for (lse, value) in lse.iter_mut().zip(logarithms) {
            *lse = E::Master::from_f64(value);
        }
    }
}

/// As [`backward`](super::backward), from `dout` and `qkv` alone: probabilities are computed again.
pub fn backward<E: Float>(dqkv: &mut [E], dout: &[E], qkv: &[E], shape: &AttentionShape<'_>) {
    shape.check(qkv.len(), dout.len(), None);
    let (size, width) = (shape.head_size, shape.width());
    let mut sums = vec![0.0; dqkv.len()];
    for_each_row(shape, qkv, |row| {
        let dout = |c: usize| dout[row.token * width + row.head * size + c].to_f64();
        let dvalue = |key| (0..size).map(|c| dout(c) * at(shape, qkv, key, 2, row.head, c)).sum::<f64>();
        let dmasked: Vec<f64> = row.keys.clone().zip(&row.mask).map(|(key, m)| m * dvalue(key)).collect();
        let inner: f64 = row.probabilities.iter().zip(&dmasked).map(|(p, d)| p * d).sum();
        for (i, key) in row.keys.clone().enumerate() {
            let (p, m) = (row.probabilities[i], row.mask[i]);
            let dscore = p * (dmasked[i] - inner) * shape.scale;
            for c in 0..size {
                let place =
                    |token: usize, part: usize| token * 3 * width + part * width + row.head * size + c;
                sums[place(row.token, 0)] += dscore * at(shape, qkv, key, 1, row.head, c);
                sums[place(key, 1)] += dscore * at(shape, qkv, row.token, 0, row.head, c);
                sums[place(key, 2)] += p * m * dout(c);
            }
        }
    });
    for (d, sum) in dqkv.iter_mut().zip(sums) {
        *d = E::of(sum);
    }
}

/// One query in one head.
struct Row {
    /// The query's row in the pack.
    token: usize,
    head: usize,
    /// The rows in the pack of the keys that it sees.
    keys: std::ops::Range<usize>,
    /// One for each key, before dropout.
    probabilities: Vec<f64>,
    /// What each probability is multiplied by.
    mask: Vec<f64>,
    lse: f64,
}

fn at<E: Element + Float>(
    shape: &AttentionShape<'_>,
    qkv: &[E],
    token: usize,
    part: usize,
    head: usize,
    c: usize,
) -> f64 {
    qkv[(token * 3 + part) * shape.width() + head * shape.head_size + c].to_f64()
}

fn for_each_row<E: Float>(shape: &AttentionShape<'_>, qkv: &[E], mut visit: impl FnMut(Row)) {
    for (sequence, ends) in shape.boundaries.windows(2).enumerate() {
        for (token, head) in
            (ends[0]..ends[1]).flat_map(|token| (0..shape.heads).map(move |head| (token, head)))
        {
            let keys = ends[0]..if shape.causal { token + 1 } else { ends[1] };
            let score = |key: usize| {
                let products = (0..shape.head_size)
                    .map(|c| at(shape, qkv, token, 0, head, c) * at(shape, qkv, key, 1, head, c));
                shape.scale * products.sum::<f64>()
            };
            let scores: Vec<f64> = keys.clone().map(score).collect();
            let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let lse = top + scores.iter().map(|s| (s - top).exp()).sum::<f64>().ln();
            let probabilities = scores.iter().map(|s| (s - lse).exp()).collect();
            let mask = mask(shape, sequence, token - ends[0], head, keys.len());
            visit(Row { token, head, keys, probabilities, mask, lse });
        }
    }
}

fn mask(shape: &AttentionShape<'_>, sequence: usize, token: usize, head: usize, keys: usize) -> Vec<f64> {
    let Some(dropout) = shape.dropout else { return vec![1.0; keys] };
    let row = RowKey { sequence: dropout.sequences[sequence], token: token as u32 };
    let stream = dropout.key.stream();
    let keep = |unit| stream.draw(row, head as u32, unit) >= dropout.rate.threshold();
    (0..keys).map(|unit| if keep(unit) { dropout.rate.scale() } else { 0.0 }).collect()
}
