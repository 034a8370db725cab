//! Layer normalisation with an optional dropout and residual before it.
//!
//! Forward, for each row: z = s x + r (s the dropout scales, r the residual, each optional),
//! h = (z - mean z) / sqrt(var z + eps) with the biased variance, y = gamma h + beta.
//! Ba, Kiros and Hinton, *Layer Normalization*, 2016, equation 4.
//!
//! What is kept for the backward pass is h in the stored type and 1/sqrt(var + eps) per row in the master type, not
//! z: h has unit scale, so rounding it to bf16 loses the same relative part whatever the mean of z is, and the
//! backward pass needs neither the mean nor a subtraction.
//!
//! Backward, with g = gamma dy: from dh/dz = rstd (I - 1 1'/n - h h'/n) follows
//! dz = rstd (g - mean(g) - h mean(g h)); the residual receives dz and x receives s dz.
//! dgamma = sum over rows of dy h, dbeta = sum over rows of dy.

use super::reduce::{accumulate_rows, add_assign, rows_per_chunk, sum_of, sum_of_pairs};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;
use std::ops::Range;

/// Factors for the elements of a row: what dropout is to a kernel that it is fused into.
///
/// The factors of a row are the same each time: the backward pass asks again.
pub trait RowScales<M>: Sync {
    /// Fills `out` with the factors of row `row`: 0 for a dropped unit, 1/(1 - p) for a kept one.
    fn fill(&self, row: usize, out: &mut [M]);
}

/// What the forward pass keeps for the backward pass.
#[derive(Debug)]
pub struct Kept<'a, E: Float> {
    /// The normalised rows, `(rows, width)`.
    pub normalised: &'a mut [E],
    /// 1 / sqrt(variance + eps), `(rows,)`.
    pub rstd: &'a mut [E::Master],
}

/// `y = gamma (z - mean) / sqrt(var + eps) + beta` for each row of `z = s x + r`.
///
/// # Shapes
/// `x, residual, y: (rows, width)`, `gamma, beta: (width,)`; `eps > 0`. With `kept` as `None` nothing is kept.
pub fn forward<E: Float>(
    x: &[E],
    residual: Option<&[E]>,
    dropout: Option<&dyn RowScales<E::Master>>,
    gamma: &[E::Master],
    beta: &[E::Master],
    eps: f64,
    y: &mut [E],
    kept: Option<Kept<'_, E>>,
) {
    let width = gamma.len().max(1);
    assert!(x.len() == y.len() && x.len().is_multiple_of(width), "whole rows");
    assert!(residual.is_none_or(|r| r.len() == x.len()), "a residual of the input's shape");
    assert_eq!(beta.len(), gamma.len(), "one bias per column");
    let per_chunk = rows_per_chunk(width);
    let norm = Norm { x, residual, dropout, gamma, beta, eps: E::Master::from_f64(eps) };
    let elements = per_chunk * width;
    match kept {
        None => y.par_chunks_mut(elements).enumerate().for_each(|(chunk, y)| {
            dispatch!(forward_rows(&norm, chunk * per_chunk, y, None));
        }),
        Some(kept) => {
            assert!(kept.normalised.len() == x.len() && kept.rstd.len() * width == x.len(), "whole rows");
            let normalised = kept.normalised.par_chunks_mut(elements);
            let chunks = (y.par_chunks_mut(elements), normalised, kept.rstd.par_chunks_mut(per_chunk));
            chunks.into_par_iter().enumerate().for_each(|(chunk, (y, normalised, rstd))| {
                let kept = Kept { normalised, rstd };
                dispatch!(forward_rows(&norm, chunk * per_chunk, y, Some(kept)));
            });
        }
    }
}

/// The inputs of the forward pass.
struct Norm<'a, E: Float> {
    x: &'a [E],
    residual: Option<&'a [E]>,
    dropout: Option<&'a dyn RowScales<E::Master>>,
    gamma: &'a [E::Master],
    beta: &'a [E::Master],
    eps: E::Master,
}

/// The rows of one chunk, of which the first is `first`.
#[inline(always)]
fn forward_rows<E: Float>(norm: &Norm<'_, E>, first: usize, y: &mut [E], mut kept: Option<Kept<'_, E>>) {
    let width = norm.gamma.len();
    let count = E::Master::from_f64(width as f64);
    let (mut z, mut scales) = (vec![E::Master::ZERO; width], vec![E::Master::ZERO; width]);
    for (i, y) in y.chunks_exact_mut(width).enumerate() {
        load(norm, first + i, &mut z, &mut scales);
        let mean = sum_of(&z, |z| z) / count;
        let variance = sum_of(&z, |z| (z - mean) * (z - mean)) / count;
        let rstd = E::Master::ONE / (variance + norm.eps).sqrt();
        for z in &mut z {
            *z = (*z - mean) * rstd;
        }
        scale_row(&z, norm.gamma, norm.beta, y);
        if let Some(kept) = &mut kept {
            kept.rstd[i] = rstd;
            for (h, z) in kept.normalised[i * width..][..width].iter_mut().zip(&z) {
                *h = E::narrow(*z);
            }
        }
    }
}

/// `y = gamma h + beta` of one row.
#[inline(always)]
fn scale_row<H: Float, E: Float<Master = H::Master>>(
    h: &[H],
    gamma: &[H::Master],
    beta: &[H::Master],
    y: &mut [E],
) {
    for (((y, h), gamma), beta) in y.iter_mut().zip(h).zip(gamma).zip(beta) {
        *y = E::narrow(h.widen() * *gamma + *beta);
    }
}

/// `y = gamma h + beta` for each normalised row `h`: what [`forward`] made, to the bit if `E` is its own master.
///
/// # Shapes
/// `normalised, y: (rows, width)`, `gamma, beta: (width,)`.
pub fn gain_and_offset<E: Float>(normalised: &[E], gamma: &[E::Master], beta: &[E::Master], y: &mut [E]) {
    let width = gamma.len().max(1);
    assert!(normalised.len() == y.len() && y.len().is_multiple_of(width), "whole rows");
    assert_eq!(beta.len(), gamma.len(), "one bias per column");
    let elements = rows_per_chunk(width) * width;
    let chunks = (normalised.par_chunks(elements), y.par_chunks_mut(elements)).into_par_iter();
    chunks.for_each(|(h, y)| dispatch!(scale_rows(h, gamma, beta, y)));
}

#[inline(always)]
fn scale_rows<E: Float>(h: &[E], gamma: &[E::Master], beta: &[E::Master], y: &mut [E]) {
    let width = gamma.len();
    for (h, y) in h.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
        scale_row(h, gamma, beta, y);
    }
}

/// `z = s x + r` of one row.
#[inline(always)]
fn load<E: Float>(norm: &Norm<'_, E>, row: usize, z: &mut [E::Master], scales: &mut [E::Master]) {
    let elements = row * z.len()..(row + 1) * z.len();
    let x = &norm.x[elements.clone()];
    match norm.dropout {
        None => z.iter_mut().zip(x).for_each(|(z, x)| *z = x.widen()),
        Some(dropout) => {
            dropout.fill(row, scales);
            z.iter_mut().zip(x).zip(scales).for_each(|((z, x), s)| *z = x.widen() * *s);
        }
    }
    if let Some(residual) = norm.residual {
        z.iter_mut().zip(&residual[elements]).for_each(|(z, r)| *z += r.widen());
    }
}

/// The gradient of [`forward`] with respect to its input: `dz` is that of the residual (and of `x` without dropout),
/// `dx = s dz` that of `x` under the dropout whose scales are given.
///
/// # Shapes
/// `dy, normalised, dz, dx: (rows, width)`, `rstd: (rows,)`, `gamma: (width,)`.
pub fn backward<E: Float>(
    dy: &[E],
    normalised: &[E],
    rstd: &[E::Master],
    gamma: &[E::Master],
    dz: &mut [E],
    dropped: Option<(&dyn RowScales<E::Master>, &mut [E])>,
) {
    let width = gamma.len().max(1);
    assert!([normalised.len(), dz.len(), rstd.len() * width] == [dy.len(); 3], "whole rows");
    let per_chunk = rows_per_chunk(width);
    let elements = per_chunk * width;
    let kept = |chunk: usize, rows: usize| {
        let first = chunk * per_chunk;
        let part = first * width..(first + rows) * width;
        (first, &dy[part.clone()], &normalised[part], &rstd[first..first + rows])
    };
    match dropped {
        None => dz.par_chunks_mut(elements).enumerate().for_each(|(chunk, dz)| {
            let (_, dy, normalised, rstd) = kept(chunk, dz.len() / width);
            dispatch!(backward_rows(dy, normalised, rstd, gamma, dz));
        }),
        Some((scales, dx)) => {
            assert_eq!(dx.len(), dy.len(), "whole rows");
            let chunks = (dz.par_chunks_mut(elements), dx.par_chunks_mut(elements)).into_par_iter();
            chunks.enumerate().for_each(|(chunk, (dz, dx))| {
                let (first, dy, normalised, rstd) = kept(chunk, dz.len() / width);
                dispatch!(backward_rows(dy, normalised, rstd, gamma, dz));
                dispatch!(drop_rows(scales, first, width, dz, dx));
            });
        }
    }
}

#[inline(always)]
fn backward_rows<E: Float>(
    dy: &[E],
    normalised: &[E],
    rstd: &[E::Master],
    gamma: &[E::Master],
    dz: &mut [E],
) {
    let width = gamma.len();
    let count = E::Master::from_f64(width as f64);
    let mut g = vec![E::Master::ZERO; width];
    let rows = dy.chunks_exact(width).zip(normalised.chunks_exact(width));
    for (((dy, h), rstd), dz) in rows.zip(rstd).zip(dz.chunks_exact_mut(width)) {
        for ((g, dy), gamma) in g.iter_mut().zip(dy).zip(gamma) {
            *g = dy.widen() * *gamma;
        }
        let mean = sum_of(&g, |g| g) / count;
        let along = sum_of_pairs(&g, h, |g, h| g * h.widen()) / count;
        for ((dz, g), h) in dz.iter_mut().zip(&g).zip(h) {
            *dz = E::narrow(*rstd * (*g - mean - h.widen() * along));
        }
    }
}

/// `dx = s dz` for the rows of one chunk.
#[inline(always)]
fn drop_rows<E: Float>(
    scales: &dyn RowScales<E::Master>,
    first: usize,
    width: usize,
    dz: &[E],
    dx: &mut [E],
) {
    let mut factors = vec![E::Master::ZERO; width];
    for (i, (dz, dx)) in dz.chunks_exact(width).zip(dx.chunks_exact_mut(width)).enumerate() {
        scales.fill(first + i, &mut factors);
        for ((dx, dz), factor) in dx.iter_mut().zip(dz).zip(&factors) {
            *dx = E::narrow(dz.widen() * *factor);
        }
    }
}

/// Adds the gradients of gamma and beta over a range of rows: `dgamma += sum dy h`, `dbeta += sum dy`.
///
/// # Shapes
/// `dy, normalised: (any, width)`, of which `rows` are read; `dgamma, dbeta: (width,)`.
pub fn backward_weights<E: Float>(
    dy: &[E],
    normalised: &[E],
    rows: Range<usize>,
    dgamma: &mut [E::Master],
    dbeta: &mut [E::Master],
) {
    let width = dgamma.len();
    assert_eq!(dbeta.len(), width, "one bias per column");
    let mut sums = vec![E::Master::ZERO; 2 * width];
    accumulate_rows(rows, &mut sums, |rows, sums| {
        let part = rows.start * width..rows.end * width;
        dispatch!(backward_weights_rows(&dy[part.clone()], &normalised[part], sums));
    });
    add_assign(dgamma, &sums[..width]);
    add_assign(dbeta, &sums[width..]);
}

#[inline(always)]
fn backward_weights_rows<E: Float>(dy: &[E], normalised: &[E], sums: &mut [E::Master]) {
    let width = (sums.len() / 2).max(1);
    let (dgamma, dbeta) = sums.split_at_mut(width);
    for (dy, h) in dy.chunks_exact(width).zip(normalised.chunks_exact(width)) {
        for (((dgamma, dbeta), dy), h) in dgamma.iter_mut().zip(dbeta.iter_mut()).zip(dy).zip(h) {
            *dgamma += dy.widen() * h.widen();
            *dbeta += dy.widen();
        }
    }
}

/// The same arithmetic as written above, row by row.
pub mod reference {
    use super::*;

    /// See [`super::forward`].
    pub fn forward<E: Float>(
        x: &[E],
        residual: Option<&[E]>,
        dropout: Option<&dyn RowScales<E::Master>>,
        gamma: &[E::Master],
        beta: &[E::Master],
        eps: f64,
        y: &mut [E],
        mut kept: Option<Kept<'_, E>>,
    ) {
        let width = gamma.len();
        for row in 0..x.len() / width {
            let mut scales = vec![E::Master::ONE; width];
            if let Some(dropout) = dropout {
                dropout.fill(row, &mut scales);
            }
            let residual = |at: usize| residual.map_or(0.0, |r| r[at].to_f64());
            let at = |j: usize| row * width + j;
            let z = (0..width).map(|j| x[at(j)].to_f64() * scales[j].as_f64() + residual(at(j)));
            let z: Vec<f64> = z.collect();
            let mean = z.iter().sum::<f64>() / width as f64;
            let variance = z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / width as f64;
            let rstd = 1.0 / (variance + eps).sqrt();
            for j in 0..width {
                let h = (z[j] - mean) * rstd;
                y[at(j)] = E::of(h * gamma[j].as_f64() + beta[j].as_f64());
                if let Some(kept) = &mut kept {
                    kept.normalised[at(j)] = E::of(h);
                    kept.rstd[row] = E::Master::from_f64(rstd);
                }
            }
        }
    }

    /// See [`super::gain_and_offset`].
    pub fn gain_and_offset<E: Float>(normalised: &[E], gamma: &[E::Master], beta: &[E::Master], y: &mut [E]) {
        for i in 0..y.len() {
            let j = i % gamma.len();
            y[i] = E::of(normalised[i].to_f64() * gamma[j].as_f64() + beta[j].as_f64());
        }
    }

    /// See [`super::backward`].
    pub fn backward<E: Float>(
        dy: &[E],
        normalised: &[E],
        rstd: &[E::Master],
        gamma: &[E::Master],
        dz: &mut [E],
        mut dropped: Option<(&dyn RowScales<E::Master>, &mut [E])>,
    ) {
        let width = gamma.len();
        for row in 0..dy.len() / width {
            let at = |j: usize| row * width + j;
            let g: Vec<f64> = (0..width).map(|j| dy[at(j)].to_f64() * gamma[j].as_f64()).collect();
            let h: Vec<f64> = (0..width).map(|j| normalised[at(j)].to_f64()).collect();
            let mean = g.iter().sum::<f64>() / width as f64;
            let along = g.iter().zip(&h).map(|(g, h)| g * h).sum::<f64>() / width as f64;
            let mut scales = vec![E::Master::ONE; width];
            if let Some((dropout, _)) = &dropped {
                dropout.fill(row, &mut scales);
            }
            for j in 0..width {
                dz[at(j)] = E::of(rstd[row].as_f64() * (g[j] - mean - h[j] * along));
                if let Some((_, dx)) = &mut dropped {
                    dx[at(j)] = E::of(dz[at(j)].to_f64() * scales[j].as_f64());
                }
            }
        }
    }

    /// See [`super::backward_weights`].
    pub fn backward_weights<E: Float>(
        dy: &[E],
        normalised: &[E],
        rows: Range<usize>,
        dgamma: &mut [E::Master],
        dbeta: &mut [E::Master],
    ) {
        let width = dgamma.len();
        for row in rows {
            for j in 0..width {
                let dy = dy[row * width + j].widen();
                dgamma[j] += dy * normalised[row * width + j].widen();
                dbeta[j] += dy;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{Element, bf16};
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values, weighted};

    /// Drops every third unit, counted across rows.
    struct EveryThird;

    impl<M: Real> RowScales<M> for EveryThird {
        fn fill(&self, row: usize, out: &mut [M]) {
            let n = out.len();
            for (j, out) in out.iter_mut().enumerate() {
                *out = if (row * n + j).is_multiple_of(3) { M::ZERO } else { M::from_f64(1.5) };
            }
        }
    }

    fn agrees<E: Float>(rows: usize, width: usize, residual: bool, dropout: bool) {
        let n = rows * width;
        let (x, r, dy) = (values::<E>(n, 1), values::<E>(n, 2), values::<E>(n, 3));
        let (gamma, beta) = (values::<E::Master>(width, 4), values::<E::Master>(width, 5));
        let residual = residual.then_some(&r[..]);
        let scales = dropout.then_some(&EveryThird as &dyn RowScales<E::Master>);
        let run = |fast: bool| {
            let (mut y, mut h, mut rstd) =
                (vec![E::default(); n], vec![E::default(); n], vec![E::Master::ZERO; rows]);
            let (mut dz, mut dx) = (vec![E::default(); n], vec![E::default(); n]);
            let mut weights = vec![E::Master::ONE; 2 * width];
            let (dgamma, dbeta) = weights.split_at_mut(width);
            let kept = Some(Kept { normalised: &mut h, rstd: &mut rstd });
            if fast {
                forward(&x, residual, scales, &gamma, &beta, 1e-5, &mut y, kept);
                backward(&dy, &h, &rstd, &gamma, &mut dz, scales.map(|s| (s, &mut dx[..])));
                backward_weights(&dy, &h, rows / 3..rows, dgamma, dbeta);
                let mut again = vec![E::default(); n];
                gain_and_offset(&h, &gamma, &beta, &mut again);
                if E::DTYPE == <E::Master as Element>::DTYPE {
                    assert_eq!(again, y, "made again to the bit");
                }
                assert_close(&again, &y, 2.0 * tolerance::<E>());
            } else {
                reference::forward(&x, residual, scales, &gamma, &beta, 1e-5, &mut y, kept);
                reference::backward(&dy, &h, &rstd, &gamma, &mut dz, scales.map(|s| (s, &mut dx[..])));
                reference::backward_weights(&dy, &h, rows / 3..rows, dgamma, dbeta);
            }
            (y, h, rstd, dz, dx, weights)
        };
        let (got, want) = (run(true), run(false));
        assert_close(&got.0, &want.0, tolerance::<E>());
        assert_close(&got.1, &want.1, tolerance::<E>());
        assert_close(&got.2, &want.2, 1e-5);
        assert_close(&got.3, &want.3, 2.0 * tolerance::<E>());
        assert_close(&got.4, &want.4, 2.0 * tolerance::<E>());
        assert_close(&got.5, &want.5, tolerance::<E>());
    }

    #[test]
    fn agrees_with_the_reference() {
        for (rows, width) in [(1, 2), (3, 64), (150, 384), (7, 33)] {
            for (residual, dropout) in [(false, false), (true, false), (true, true), (false, true)] {
                agrees::<f32>(rows, width, residual, dropout);
                agrees::<f64>(rows, width, residual, dropout);
                agrees::<bf16>(rows, width, residual, dropout);
            }
        }
    }

    #[test]
    fn gradients_are_the_differences() {
        let (rows, width) = (3, 5);
        let n = rows * width;
        let (x, r, dy) = (values::<f64>(n, 6), values::<f64>(n, 7), values::<f64>(n, 8));
        let (gamma, beta) = (values::<f64>(width, 9), values::<f64>(width, 10));
        let scales = Some(&EveryThird as &dyn RowScales<f64>);
        let loss = |x: &[f64], r: &[f64], gamma: &[f64], beta: &[f64]| {
            let mut y = vec![0.0; n];
            forward(x, Some(r), scales, gamma, beta, 1e-5, &mut y, None);
            weighted(&y, &dy)
        };
        let (mut y, mut h, mut rstd) = (vec![0.0; n], vec![0.0; n], vec![0.0; rows]);
        let kept = Some(Kept { normalised: &mut h, rstd: &mut rstd });
        forward(&x, Some(&r), scales, &gamma, &beta, 1e-5, &mut y, kept);
        let (mut dz, mut dx) = (vec![0.0; n], vec![0.0; n]);
        backward(&dy, &h, &rstd, &gamma, &mut dz, scales.map(|s| (s, &mut dx[..])));
        let (mut dgamma, mut dbeta) = (vec![0.0; width], vec![0.0; width]);
        backward_weights(&dy, &h, 0..rows, &mut dgamma, &mut dbeta);
        assert_gradient(&x, &dx, |x| loss(x, &r, &gamma, &beta));
        assert_gradient(&r, &dz, |r| loss(&x, r, &gamma, &beta));
        assert_gradient(&gamma, &dgamma, |gamma| loss(&x, &r, gamma, &beta));
        assert_gradient(&beta, &dbeta, |beta| loss(&x, &r, &gamma, beta));
    }

    #[test]
    fn a_row_of_two_becomes_minus_one_and_one() {
        let mut y = [0.0f64; 2];
        forward(&[3.0, 5.0], None, None, &[1.0, 2.0], &[0.0, 10.0], 1e-12, &mut y, None);
        assert_close(&y, &[-1.0, 12.0], 1e-9);
    }
}
