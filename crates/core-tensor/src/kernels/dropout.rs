//! Dropout: units set to zero at random, the kept ones scaled up so that the expectation stays.
//!
//! `y = x m` with m = 0 with probability p, else 1 / (1 - p). The backward pass is the same product on the
//! gradient, `dx = dy m`, with the mask drawn again from its keys: nothing is kept.
//!
//! N. Srivastava and others, *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15, 2014
//! (in the inverted form: scaled in training, untouched in inference).

use crate::dispatch;
use crate::element::{Float, Real};
use crate::kernels::random::{DrawKey, Rate, RowKey, Stream};
use rayon::prelude::*;

/// Rows are cut into chunks of about this many units, whatever the number of threads.
const CHUNK_UNITS: usize = 1 << 14;
/// Units of a row whose draws are held at once.
const BLOCK_UNITS: usize = 256;

/// `y = x m`, row by row; also the backward pass, from the gradient of y to that of x.
///
/// # Shapes
/// `y`, `x`: (rows, width); `rows`: (rows,), where each row comes from.
pub fn dropout<E: Float>(y: &mut [E], x: &[E], width: usize, rows: &[RowKey], key: DrawKey, rate: Rate) {
    assert_eq!(x.len(), rows.len() * width, "dropout: values do not fill {} rows of {width}", rows.len());
    assert_eq!(y.len(), x.len(), "dropout: output and input differ in size");
    if rate == Rate::ZERO || width == 0 {
        y.copy_from_slice(x);
        return;
    }
    let stream = key.stream();
    let chunk = (CHUNK_UNITS / width).max(1);
    y.par_chunks_mut(chunk * width).zip(x.par_chunks(chunk * width)).zip(rows.par_chunks(chunk)).for_each(
        |((y, x), rows)| {
            dispatch!(drop_rows(y, x, width, rows, stream, rate));
        },
    );
}

#[inline(always)]
fn drop_rows<E: Float>(y: &mut [E], x: &[E], width: usize, rows: &[RowKey], stream: Stream, rate: Rate) {
    let mut scales = vec![E::Master::ZERO; width];
    for ((y, x), &row) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)).zip(rows) {
        keep_scales(&mut scales, stream, row, rate);
        for ((y, &x), &scale) in y.iter_mut().zip(x).zip(&scales) {
            *y = E::narrow(x.widen() * scale);
        }
    }
}

/// What each unit of one row is multiplied by: 0, or the scale of the kept ones. For kernels that fuse dropout
/// with other work; inlined, so that it vectorises to what its caller is compiled for.
///
/// # Shapes
/// `out`: (width,).
#[inline(always)]
pub fn keep_scales<M: Real>(out: &mut [M], stream: Stream, row: RowKey, rate: Rate) {
    let (threshold, scale) = (rate.threshold(), M::from_f64(rate.scale()));
    let mut draws = [0u16; BLOCK_UNITS];
    for (block, out) in out.chunks_mut(BLOCK_UNITS).enumerate() {
        let draws = &mut draws[..out.len()];
        stream.fill_row(draws, row, block * BLOCK_UNITS);
        for (out, &draw) in out.iter_mut().zip(draws.iter()) {
            *out = if draw >= threshold { scale } else { M::ZERO };
        }
    }
}

/// The slow, obvious form, to test against: each unit by its own draw.
pub mod reference {
    use super::*;

    /// See [`super::dropout`].
    pub fn dropout<E: Float>(y: &mut [E], x: &[E], width: usize, rows: &[RowKey], key: DrawKey, rate: Rate) {
        for i in 0..y.len() {
            y[i] = E::of(x[i].to_f64() * keep_scale(rows[i / width], i % width, key, rate));
        }
    }

    /// What a unit of a row is multiplied by; see [`keep_scales`](super::keep_scales).
    pub fn keep_scale(row: RowKey, unit: usize, key: DrawKey, rate: Rate) -> f64 {
        if key.stream().draw(row, 0, unit) >= rate.threshold() { rate.scale() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;

    const KEY: DrawKey = DrawKey { seed: 1, op: 2, step: 3 };

    fn rows(n: u32) -> Vec<RowKey> {
        (0..n).map(|i| RowKey { sequence: i / 7, token: i % 7 }).collect()
    }

    fn drawn<E: Float>(width: usize, rows: &[RowKey], rate: f64) -> Vec<E> {
        let x = vec![E::of(1.0); rows.len() * width];
        let mut y = vec![E::default(); x.len()];
        dropout(&mut y, &x, width, rows, KEY, Rate::new(rate).expect("in range"));
        y
    }

    #[test]
    fn every_unit_follows_its_own_draw() {
        let (width, rate) = (300, Rate::new(0.3).expect("in range"));
        let rows = rows(70);
        let (y, low) = (drawn::<f64>(width, &rows, 0.3), drawn::<bf16>(width, &rows, 0.3));
        for (i, (&y, low)) in y.iter().zip(low).enumerate() {
            let scale = reference::keep_scale(rows[i / width], i % width, KEY, rate);
            assert_eq!(y, scale);
            assert_eq!(low, bf16::of(scale));
        }
    }

    #[test]
    fn a_row_draws_the_same_wherever_it_lies() {
        let mut rows = rows(40);
        let before = drawn::<f32>(50, &rows, 0.5);
        rows.reverse();
        let after = drawn::<f32>(50, &rows, 0.5);
        assert!(before.chunks(50).eq(after.chunks(50).rev()));
    }

    #[test]
    fn the_mean_stays_and_the_rate_is_met() {
        let y = drawn::<f64>(1000, &rows(400), 0.1);
        let dropped = y.iter().filter(|y| **y == 0.0).count() as f64 / 400_000.0;
        assert!((dropped - 0.1).abs() < 0.003, "dropped {dropped}"); // six standard deviations
        let mean = y.iter().sum::<f64>() / 400_000.0;
        assert!((mean - 1.0).abs() < 0.004, "mean {mean}");
    }

    #[test]
    fn rate_zero_copies_and_no_rows_are_fine() {
        assert!(drawn::<f32>(9, &rows(5), 0.0).iter().all(|y| *y == 1.0));
        assert!(drawn::<f32>(9, &[], 0.5).is_empty() && drawn::<f32>(0, &rows(3), 0.5).is_empty());
    }
}
