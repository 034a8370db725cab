//! Optimizer updates, each in one sweep over a parameter and its state.
//!
//! AdamW: Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2019, algorithm 2, as PyTorch applies it:
//! p -= lr wd p; m += (1 - b1)(g - m); v = b2 v + (1 - b2) g^2; p -= lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps).
//! SGD with momentum, as PyTorch: g += wd p; b = mu b + g; p -= lr b, or p -= lr (g + mu b) with Nesterov's.

use super::reduce::{CHUNK, rows_per_chunk};
use super::rows::SparseRows;
use crate::dispatch;
use crate::element::Real;
use rayon::prelude::*;

/// The settings of AdamW for one parameter in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// The fading of the first moment, in [0, 1); usually 0.9.
    pub beta1: f64,
    /// The fading of the second moment, in [0, 1); usually 0.999.
    pub beta2: f64,
    /// Added to the root of the second moment; positive, usually 1e-8.
    pub eps: f64,
    /// The decoupled weight decay; 0 for biases and norms.
    pub weight_decay: f64,
    /// How many updates this parameter has had, this one included: 1 in the first.
    pub step: u64,
    /// What the gradient is multiplied with first: the clipping factor, else 1.
    pub gradient_scale: f64,
}

/// The constants of an AdamW update in the computing type.
#[derive(Clone, Copy)]
struct Constants<M> {
    scale: M,
    keep: M,
    beta2: M,
    rest1: M,
    rest2: M,
    step_size: M,
    root_scale: M,
    eps: M,
}

impl AdamW {
    fn constants<M: Real>(&self) -> Constants<M> {
        let step = self.step.max(1) as f64;
        let (correction1, correction2) = (1.0 - self.beta1.powf(step), 1.0 - self.beta2.powf(step));
        Constants {
            scale: M::from_f64(self.gradient_scale),
            keep: M::from_f64(1.0 - self.learning_rate * self.weight_decay),
            beta2: M::from_f64(self.beta2),
            rest1: M::from_f64(1.0 - self.beta1),
            rest2: M::from_f64(1.0 - self.beta2),
            step_size: M::from_f64(self.learning_rate / correction1),
            root_scale: M::from_f64(1.0 / correction2.sqrt()),
            eps: M::from_f64(self.eps),
        }
    }
}

/// One element's update; the gradient is already scaled.
#[inline(always)]
fn adamw_element<M: Real>(c: &Constants<M>, gradient: M, parameter: &mut M, first: &mut M, second: &mut M) {
    *first += c.rest1 * (gradient - *first);
    *second = c.beta2 * *second + c.rest2 * gradient * gradient;
    let denominator = second.sqrt() * c.root_scale + c.eps;
    *parameter = *parameter * c.keep - c.step_size * *first / denominator;
}

#[inline(always)]
fn adamw_body<M: Real>(
    c: Constants<M>,
    gradient: &[M],
    parameter: &mut [M],
    first: &mut [M],
    second: &mut [M],
) {
    for (((g, p), m), v) in gradient.iter().zip(parameter).zip(first).zip(second) {
        adamw_element(&c, *g * c.scale, p, m, v);
    }
}

/// Updates a parameter and its two moments by AdamW. All slices have one length.
pub fn adamw<M: Real>(
    settings: &AdamW,
    gradient: &[M],
    parameter: &mut [M],
    first: &mut [M],
    second: &mut [M],
) {
    assert!([parameter.len(), first.len(), second.len()] == [gradient.len(); 3], "slices of one length");
    let c = settings.constants();
    let state = (parameter.par_chunks_mut(CHUNK), first.par_chunks_mut(CHUNK), second.par_chunks_mut(CHUNK));
    (gradient.par_chunks(CHUNK), state.0, state.1, state.2)
        .into_par_iter()
        .for_each(|(g, p, m, v)| dispatch!(adamw_body(c, g, p, m, v)));
}

/// Which rows of a table have a moment that is not zero: what [`adamw_rows`] must update even without a gradient.
///
/// # Shapes
/// `first, second: (rows, width)`.
pub fn live_rows<M: Real>(first: &[M], second: &[M], width: usize) -> Vec<bool> {
    let width = width.max(1);
    let rows = (first.par_chunks(width), second.par_chunks(width)).into_par_iter();
    rows.map(|(m, v)| m.iter().chain(v).any(|x| *x != M::ZERO)).collect()
}

/// Updates a table by AdamW from a gradient that is zero outside some rows; the result is that of [`adamw`] with the
/// zeros written out. A row without gradient still decays and its moments fade; where both moments are zero they stay
/// zero and only the decay is applied, which is the same update: 0 / (0 + eps) = 0.
///
/// `live` says which rows may have moments; it is kept by the caller from step to step, begins as all `false` with
/// zero moments, and comes from [`live_rows`] for a state that was loaded. A row with a gradient becomes live.
///
/// # Shapes
/// `parameter, first, second: (rows, width)`, `live: (rows,)`.
pub fn adamw_rows<M: Real>(
    settings: &AdamW,
    width: usize,
    gradient: &SparseRows<M>,
    parameter: &mut [M],
    first: &mut [M],
    second: &mut [M],
    live: &mut [bool],
) {
    let length = live.len() * width;
    assert!([parameter.len(), first.len(), second.len()] == [length; 3], "slices of one length");
    assert_eq!(gradient.values.len(), gradient.rows.len() * width, "one gradient per row");
    let (c, rows) = (settings.constants(), rows_per_chunk(width));
    let elements = (rows * width).max(1);
    let state = (
        parameter.par_chunks_mut(elements),
        first.par_chunks_mut(elements),
        second.par_chunks_mut(elements),
        live.par_chunks_mut(rows),
    );
    state.into_par_iter().enumerate().with_max_len(1).for_each(|(chunk, (p, m, v, live))| {
        let mut next = gradient.rows.partition_point(|row| (*row as usize) < chunk * rows);
        for (i, live) in live.iter_mut().enumerate() {
            let part = i * width..(i + 1) * width;
            let (p, m, v) = (&mut p[part.clone()], &mut m[part.clone()], &mut v[part]);
            if gradient.rows.get(next).is_some_and(|row| *row as usize == chunk * rows + i) {
                let g = &gradient.values[next * width..(next + 1) * width];
                next += 1;
                *live = true;
                dispatch!(adamw_body(c, g, p, m, v));
            } else if *live {
                dispatch!(adamw_fade(c, p, m, v));
            } else {
                dispatch!(decay(c.keep, p));
            }
        }
    });
}

/// The update of [`adamw_body`] for a gradient of zero.
#[inline(always)]
fn adamw_fade<M: Real>(c: Constants<M>, parameter: &mut [M], first: &mut [M], second: &mut [M]) {
    for ((p, m), v) in parameter.iter_mut().zip(first).zip(second) {
        adamw_element(&c, M::ZERO, p, m, v);
    }
}

#[inline(always)]
fn decay<M: Real>(keep: M, parameter: &mut [M]) {
    if keep != M::ONE {
        parameter.iter_mut().for_each(|p| *p *= keep);
    }
}

/// The settings of stochastic gradient descent for one parameter in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// The fading of the velocity, in [0, 1); 0 for none.
    pub momentum: f64,
    /// The weight decay, added to the gradient.
    pub weight_decay: f64,
    /// Whether the step looks ahead along the velocity (Nesterov's form).
    pub nesterov: bool,
    /// What the gradient is multiplied with first: the clipping factor, else 1.
    pub gradient_scale: f64,
}

/// Updates a parameter and its velocity, which begins at zero. All slices have one length.
pub fn sgd<M: Real>(settings: &Sgd, gradient: &[M], parameter: &mut [M], velocity: &mut [M]) {
    assert!([parameter.len(), velocity.len()] == [gradient.len(); 2], "slices of one length");
    let (p, b) = (parameter.par_chunks_mut(CHUNK), velocity.par_chunks_mut(CHUNK));
    (gradient.par_chunks(CHUNK), p, b)
        .into_par_iter()
        .for_each(|(g, p, b)| dispatch!(sgd_body(settings, g, p, b)));
}

#[inline(always)]
fn sgd_body<M: Real>(settings: &Sgd, gradient: &[M], parameter: &mut [M], velocity: &mut [M]) {
    let of = M::from_f64;
    let (scale, decay) = (of(settings.gradient_scale), of(settings.weight_decay));
    let (rate, momentum) = (of(settings.learning_rate), of(settings.momentum));
    // With Nesterov's form the step is g + mu b, else b: the gradient and the velocity weighted so.
    let (direct, along) = if settings.nesterov { (M::ONE, momentum) } else { (M::ZERO, M::ONE) };
    for ((g, p), b) in gradient.iter().zip(parameter).zip(velocity) {
        let g = *g * scale + decay * *p;
        *b = momentum * *b + g;
        *p -= rate * (direct * g + along * *b);
    }
}

/// The same updates, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::adamw`].
    pub fn adamw<M: Real>(settings: &AdamW, gradient: &[M], p: &mut [M], m: &mut [M], v: &mut [M]) {
        let of = M::from_f64;
        let s = settings;
        let correction1 = of(1.0 - s.beta1.powf(s.step as f64));
        let correction2 = of(1.0 - s.beta2.powf(s.step as f64));
        for i in 0..p.len() {
            let g = gradient[i] * of(s.gradient_scale);
            p[i] *= of(1.0 - s.learning_rate * s.weight_decay);
            m[i] = of(s.beta1) * m[i] + of(1.0 - s.beta1) * g;
            v[i] = of(s.beta2) * v[i] + of(1.0 - s.beta2) * g * g;
            p[i] -= of(s.learning_rate) * (m[i] / correction1) / ((v[i] / correction2).sqrt() + of(s.eps));
        }
    }

    /// See [`super::adamw_rows`].
    pub fn adamw_rows<M: Real>(
        settings: &AdamW,
        width: usize,
        gradient: &SparseRows<M>,
        parameter: &mut [M],
        first: &mut [M],
        second: &mut [M],
        live: &mut [bool],
    ) {
        let mut dense = vec![M::ZERO; parameter.len()];
        gradient.add_to(width, &mut dense);
        adamw(settings, &dense, parameter, first, second);
        gradient.rows.iter().for_each(|row| live[*row as usize] = true);
    }

    /// See [`super::sgd`].
    pub fn sgd<M: Real>(settings: &Sgd, gradient: &[M], p: &mut [M], velocity: &mut [M]) {
        let of = M::from_f64;
        for i in 0..p.len() {
            let g = gradient[i] * of(settings.gradient_scale) + of(settings.weight_decay) * p[i];
            velocity[i] = of(settings.momentum) * velocity[i] + g;
            let ahead = g + of(settings.momentum) * velocity[i];
            let step = if settings.nesterov { ahead } else { velocity[i] };
            p[i] -= of(settings.learning_rate) * step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{assert_close, tolerance, values};

    fn adamw_at(step: u64) -> AdamW {
        AdamW {
            learning_rate: 1e-2,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.1,
            step,
            gradient_scale: 0.5,
        }
    }

    fn agrees<M: Real>() {
        let n = CHUNK + 5;
        let start = || (values::<M>(n, 1), vec![M::ZERO; n], vec![M::ZERO; n], vec![M::ZERO; n]);
        let (mut fast, mut slow) = (start(), start());
        for step in 1..=4 {
            let gradient = values::<M>(n, 10 + step);
            adamw(&adamw_at(step), &gradient, &mut fast.0, &mut fast.1, &mut fast.2);
            reference::adamw(&adamw_at(step), &gradient, &mut slow.0, &mut slow.1, &mut slow.2);
            let sgd_settings = Sgd {
                learning_rate: 0.1,
                momentum: 0.9,
                weight_decay: 0.01,
                nesterov: step % 2 == 0,
                gradient_scale: 0.5,
            };
            sgd(&sgd_settings, &gradient, &mut fast.0, &mut fast.3);
            reference::sgd(&sgd_settings, &gradient, &mut slow.0, &mut slow.3);
        }
        for (got, want) in [(&fast.0, &slow.0), (&fast.1, &slow.1), (&fast.2, &slow.2), (&fast.3, &slow.3)] {
            assert_close(got, want, tolerance::<M>());
        }
    }

    #[test]
    fn agrees_with_the_reference() {
        agrees::<f32>();
        agrees::<f64>();
    }

    #[test]
    fn sparse_rows_are_the_dense_update_to_the_bit() {
        let (rows, width) = (600, 33);
        let n = rows * width;
        let start = || (values::<f32>(n, 1), vec![0.0f32; n], vec![0.0f32; n]);
        let (mut sparse, mut dense) = (start(), start());
        let mut live = vec![false; rows];
        for step in 1..=6u64 {
            let picked: Vec<u32> =
                (0..600).filter(|row| (u64::from(*row) + step).is_multiple_of(7 * step)).collect();
            let gradient = SparseRows { values: values(picked.len() * width, step), rows: picked };
            let mut whole = vec![0.0; n];
            gradient.add_to(width, &mut whole);
            let settings = adamw_at(step);
            adamw_rows(&settings, width, &gradient, &mut sparse.0, &mut sparse.1, &mut sparse.2, &mut live);
            adamw(&settings, &whole, &mut dense.0, &mut dense.1, &mut dense.2);
            assert_eq!(sparse, dense);
            assert_eq!(live, live_rows(&dense.1, &dense.2, width));
        }
        assert!(live.contains(&false), "a row that never had a gradient");
    }
}
