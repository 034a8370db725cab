//! Elementwise arithmetic, broadcasts of a row vector, and casts.
//!
//! Every function reads and writes slices of one length in parallel chunks of a fixed size; the arithmetic is in
//! the master type. Broadcast operands may be stored in the element type or in its master.

use super::activation::{self, Activation};
use super::reduce::{CHUNK, rows_per_chunk};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unary {
    /// `e^x`.
    Exp,
    /// The natural logarithm.
    Ln,
    /// The square root.
    Sqrt,
    /// `x^2`.
    Square,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `a x + b`.
    Affine(f64, f64),
    /// An activation function.
    Activation(Activation),
}

/// A function of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a b`.
    Mul,
    /// `a / b`.
    Div,
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<M: Real>(x: M) -> M {
    M::ONE / (M::ONE + (-x).exp())
}

/// `y[i] = f(x[i])`. A large `f` is best a closure marked `#[inline(always)]`: a function's name is called out of line.
pub fn map<E: Float>(x: &[E], y: &mut [E], f: impl Fn(E::Master) -> E::Master + Sync + Copy) {
    assert_eq!(x.len(), y.len(), "slices of one length");
    let chunks = (x.par_chunks(CHUNK), y.par_chunks_mut(CHUNK));
    chunks.into_par_iter().for_each(|(x, y)| dispatch!(map_body(x, y, f)));
}

#[inline(always)]
fn map_body<E: Float>(x: &[E], y: &mut [E], f: impl Fn(E::Master) -> E::Master) {
    for (x, y) in x.iter().zip(y) {
        *y = E::narrow(f(x.widen()));
    }
}

/// `y[i] = f(a[i], b[i])`.
pub fn map2<E: Float>(
    a: &[E],
    b: &[E],
    y: &mut [E],
    f: impl Fn(E::Master, E::Master) -> E::Master + Sync + Copy,
) {
    assert!(a.len() == y.len() && b.len() == y.len(), "slices of one length");
    let chunks = (a.par_chunks(CHUNK), b.par_chunks(CHUNK), y.par_chunks_mut(CHUNK));
    chunks.into_par_iter().for_each(|(a, b, y)| dispatch!(map2_body(a, b, y, f)));
}

#[inline(always)]
fn map2_body<A: Float, B: Float<Master = A::Master>>(
    a: &[A],
    b: &[B],
    y: &mut [A],
    f: impl Fn(A::Master, A::Master) -> A::Master,
) {
    for ((a, b), y) in a.iter().zip(b).zip(y) {
        *y = A::narrow(f(a.widen(), b.widen()));
    }
}

/// `y = op(x)`, elementwise.
#[allow(clippy::redundant_closure)] // see `map`
pub fn unary<E: Float>(op: Unary, x: &[E], y: &mut [E]) {
    match op {
        Unary::Exp => map(
            x,
            y,
            #[inline(always)]
            |x| x.exp(),
        ),
        Unary::Ln => map(
            x,
            y,
            #[inline(always)]
            |x| x.ln(),
        ),
        Unary::Sqrt => map(
            x,
            y,
            #[inline(always)]
            |x| x.sqrt(),
        ),
        Unary::Sigmoid => map(
            x,
            y,
            #[inline(always)]
            |x| sigmoid(x),
        ),
        Unary::Square => map(x, y, |x| x * x),
        Unary::Affine(a, b) => {
            let (a, b) = (E::Master::from_f64(a), E::Master::from_f64(b));
            map(x, y, move |x| a * x + b);
        }
        Unary::Activation(f) => activation::forward(f, x, y),
    }
}

/// `dx = dy op'(x)`, from the input `x` and the output `y` of [`unary`].
pub fn unary_backward<E: Float>(op: Unary, x: &[E], y: &[E], dy: &[E], dx: &mut [E]) {
    let one = E::Master::ONE;
    match op {
        Unary::Exp => map2(dy, y, dx, |dy, y| dy * y),
        Unary::Ln => map2(dy, x, dx, |dy, x| dy / x),
        Unary::Sqrt => map2(dy, y, dx, |dy, y| dy / (y + y)),
        Unary::Sigmoid => map2(dy, y, dx, |dy, y| dy * y * (one - y)),
        Unary::Square => map2(dy, x, dx, |dy, x| dy * (x + x)),
        Unary::Affine(a, _) => scale(dy, E::Master::from_f64(a), dx),
        Unary::Activation(f) => {
            dx.copy_from_slice(dy);
            activation::backward(f, x, dx);
        }
    }
}

/// `x` becomes `x factors`, elementwise.
pub fn multiply<E: Float>(x: &mut [E], factors: &[E]) {
    assert_eq!(x.len(), factors.len(), "slices of one length");
    let chunks = (x.par_chunks_mut(CHUNK), factors.par_chunks(CHUNK)).into_par_iter();
    chunks.for_each(|(x, factors)| dispatch!(multiply_body(x, factors)));
}

#[inline(always)]
fn multiply_body<E: Float>(x: &mut [E], factors: &[E]) {
    for (x, factor) in x.iter_mut().zip(factors) {
        *x = E::narrow(x.widen() * factor.widen());
    }
}

/// `y = op(a, b)`, elementwise.
pub fn binary<E: Float>(op: Binary, a: &[E], b: &[E], y: &mut [E]) {
    match op {
        Binary::Add => map2(a, b, y, |a, b| a + b),
        Binary::Sub => map2(a, b, y, |a, b| a - b),
        Binary::Mul => map2(a, b, y, |a, b| a * b),
        Binary::Div => map2(a, b, y, |a, b| a / b),
    }
}

/// `y = factor x`; its gradient is `dx = factor dy`.
pub fn scale<E: Float>(x: &[E], factor: E::Master, y: &mut [E]) {
    map(x, y, |x| x * factor);
}

/// `y += alpha x`.
pub fn axpy<E: Float>(alpha: E::Master, x: &[E], y: &mut [E]) {
    assert_eq!(x.len(), y.len(), "slices of one length");
    let chunks = (x.par_chunks(CHUNK), y.par_chunks_mut(CHUNK));
    chunks.into_par_iter().for_each(|(x, y)| dispatch!(axpy_body(alpha, x, y)));
}

#[inline(always)]
fn axpy_body<E: Float>(alpha: E::Master, x: &[E], y: &mut [E]) {
    for (x, y) in x.iter().zip(y) {
        *y = E::narrow(y.widen() + alpha * x.widen());
    }
}

/// Calls `body(row of x, row of y)` for every row, in parallel chunks of rows.
fn for_rows<E: Float>(x: &[E], width: usize, y: &mut [E], body: impl Fn(&[E], &mut [E]) + Sync) {
    assert_eq!(x.len(), y.len(), "slices of one length");
    let width = width.max(1);
    let rows = rows_per_chunk(width);
    let chunks = (x.par_chunks(rows * width), y.par_chunks_mut(rows * width)).into_par_iter();
    chunks.for_each(|(x, y)| {
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            body(x, y);
        }
    });
}

/// `y[i, j] = x[i, j] + v[j]`. Gradients: `dx = dy`, `dv` by [`super::reduce::column_sums`].
///
/// # Shapes
/// `x, y: (rows, width)`, `v: (width,)`.
pub fn add_row_vector<E: Float, V: Float<Master = E::Master>>(x: &[E], v: &[V], y: &mut [E]) {
    let add = |x: E::Master, v: E::Master| x + v;
    for_rows(x, v.len(), y, |x, y| dispatch!(map2_body(x, v, y, add)));
}

/// `y[i, j] = x[i, j] v[j]`. Gradients: `dx` by this function from `dy`, `dv` by
/// [`super::reduce::column_sums`] of `dy x`.
///
/// # Shapes
/// `x, y: (rows, width)`, `v: (width,)`.
pub fn mul_row_vector<E: Float, V: Float<Master = E::Master>>(x: &[E], v: &[V], y: &mut [E]) {
    let mul = |x: E::Master, v: E::Master| x * v;
    for_rows(x, v.len(), y, |x, y| dispatch!(map2_body(x, v, y, mul)));
}

/// `y[i]` is the value of `x[i]` in another type, to nearest; from `f64` to bf16 by way of `f32`.
pub fn cast<A: Float, B: Float>(x: &[A], y: &mut [B]) {
    assert_eq!(x.len(), y.len(), "slices of one length");
    let chunks = (x.par_chunks(CHUNK), y.par_chunks_mut(CHUNK));
    chunks.into_par_iter().for_each(|(x, y)| dispatch!(cast_body(x, y)));
}

#[inline(always)]
fn cast_body<A: Float, B: Float>(x: &[A], y: &mut [B]) {
    for (x, y) in x.iter().zip(y) {
        *y = B::of(x.to_f64());
    }
}

/// The same arithmetic, one element after another, on one thread.
pub mod reference {
    use super::*;

    fn value<M: Real>(op: Unary, x: M) -> M {
        match op {
            Unary::Exp => x.exp(),
            Unary::Ln => x.ln(),
            Unary::Sqrt => x.sqrt(),
            Unary::Square => x * x,
            Unary::Sigmoid => M::ONE / (M::ONE + (-x).exp()),
            Unary::Affine(a, b) => M::from_f64(a) * x + M::from_f64(b),
            Unary::Activation(f) => M::from_f64(activation::reference::value(f, x.as_f64())),
        }
    }

    fn slope<M: Real>(op: Unary, x: M, y: M) -> M {
        let two = M::ONE + M::ONE;
        match op {
            Unary::Exp => y,
            Unary::Ln => M::ONE / x,
            Unary::Sqrt => M::ONE / (two * y),
            Unary::Square => two * x,
            Unary::Sigmoid => y * (M::ONE - y),
            Unary::Affine(a, _) => M::from_f64(a),
            Unary::Activation(f) => M::from_f64(activation::reference::slope(f, x.as_f64())),
        }
    }

    /// See [`super::unary`].
    pub fn unary<E: Float>(op: Unary, x: &[E], y: &mut [E]) {
        for i in 0..y.len() {
            y[i] = E::narrow(value(op, x[i].widen()));
        }
    }

    /// See [`super::unary_backward`].
    pub fn unary_backward<E: Float>(op: Unary, x: &[E], y: &[E], dy: &[E], dx: &mut [E]) {
        for i in 0..dx.len() {
            dx[i] = E::narrow(dy[i].widen() * slope(op, x[i].widen(), y[i].widen()));
        }
    }

    /// See [`super::binary`].
    pub fn binary<E: Float>(op: Binary, a: &[E], b: &[E], y: &mut [E]) {
        for i in 0..y.len() {
            let (a, b) = (a[i].widen(), b[i].widen());
            y[i] = E::narrow(match op {
                Binary::Add => a + b,
                Binary::Sub => a - b,
                Binary::Mul => a * b,
                Binary::Div => a / b,
            });
        }
    }

    /// See [`super::scale`].
    pub fn scale<E: Float>(x: &[E], factor: E::Master, y: &mut [E]) {
        for i in 0..y.len() {
            y[i] = E::narrow(x[i].widen() * factor);
        }
    }

    /// See [`super::axpy`].
    pub fn axpy<E: Float>(alpha: E::Master, x: &[E], y: &mut [E]) {
        for i in 0..y.len() {
            y[i] = E::narrow(y[i].widen() + alpha * x[i].widen());
        }
    }

    /// See [`super::add_row_vector`].
    pub fn add_row_vector<E: Float, V: Float<Master = E::Master>>(x: &[E], v: &[V], y: &mut [E]) {
        for i in 0..y.len() {
            y[i] = E::narrow(x[i].widen() + v[i % v.len()].widen());
        }
    }

    /// See [`super::mul_row_vector`].
    pub fn mul_row_vector<E: Float, V: Float<Master = E::Master>>(x: &[E], v: &[V], y: &mut [E]) {
        for i in 0..y.len() {
            y[i] = E::narrow(x[i].widen() * v[i % v.len()].widen());
        }
    }

    /// See [`super::cast`].
    pub fn cast<A: Float, B: Float>(x: &[A], y: &mut [B]) {
        for i in 0..y.len() {
            y[i] = B::of(x[i].to_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values, weighted};

    const UNARY: [Unary; 7] = [
        Unary::Exp,
        Unary::Ln,
        Unary::Sqrt,
        Unary::Square,
        Unary::Sigmoid,
        Unary::Affine(-1.5, 0.5),
        Unary::Activation(Activation::Gelu),
    ];
    const BINARY: [Binary; 4] = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div];

    /// Values in [0.5, 4.5), inside every domain.
    fn positive<E: Float>(n: usize, seed: u64) -> Vec<E> {
        values::<f64>(n, seed).into_iter().map(|x| E::of(x + 2.5)).collect()
    }

    fn zeros<E: Float>(n: usize) -> Vec<E> {
        vec![E::default(); n]
    }

    fn functions_agree<E: Float>() {
        let n = CHUNK + 37;
        let (a, b, dy) = (positive::<E>(n, 1), positive::<E>(n, 2), values::<E>(n, 3));
        let (mut got, mut want) = (zeros(n), zeros(n));
        for op in UNARY {
            unary(op, &a, &mut got);
            reference::unary(op, &a, &mut want);
            assert_close(&got, &want, tolerance::<E>());
            let y = want.clone();
            unary_backward(op, &a, &y, &dy, &mut got);
            reference::unary_backward(op, &a, &y, &dy, &mut want);
            assert_close(&got, &want, tolerance::<E>());
        }
        for op in BINARY {
            binary(op, &a, &b, &mut got);
            reference::binary(op, &a, &b, &mut want);
            assert_eq!(got, want);
        }
    }

    fn broadcasts_agree<E: Float>() {
        for (rows, width) in [(1, 1), (700, 37), (2, 20_000)] {
            let n = rows * width;
            let x = values::<E>(n, 4);
            let vector = values::<E::Master>(width, 5);
            let (mut got, mut want) = (zeros(n), zeros(n));
            add_row_vector(&x, &vector, &mut got);
            reference::add_row_vector(&x, &vector, &mut want);
            assert_eq!(got, want);
            mul_row_vector(&x, &vector, &mut got);
            reference::mul_row_vector(&x, &vector, &mut want);
            assert_eq!(got, want);
            axpy(vector[0], &x, &mut got);
            reference::axpy(vector[0], &x, &mut want);
            assert_close(&got, &want, tolerance::<E>());
            scale(&x, vector[0], &mut got);
            reference::scale(&x, vector[0], &mut want);
            assert_eq!(got, want);
        }
    }

    fn casts_agree<A: Float, B: Float>() {
        let x = values::<A>(1000, 7);
        let (mut got, mut want) = (zeros::<B>(1000), zeros::<B>(1000));
        cast(&x, &mut got);
        reference::cast(&x, &mut want);
        assert_eq!(got, want);
    }

    #[test]
    fn arithmetic_agrees_with_the_reference() {
        functions_agree::<f32>();
        functions_agree::<f64>();
        functions_agree::<bf16>();
        broadcasts_agree::<f32>();
        broadcasts_agree::<f64>();
        broadcasts_agree::<bf16>();
        casts_agree::<f32, bf16>();
        casts_agree::<bf16, f32>();
        casts_agree::<f64, f32>();
        casts_agree::<f64, bf16>();
    }

    #[test]
    fn unary_gradients_are_the_differences() {
        let (x, weights) = (positive::<f64>(9, 8), values::<f64>(9, 9));
        for op in UNARY {
            let forward = |x: &[f64]| {
                let mut y = vec![0.0; x.len()];
                unary(op, x, &mut y);
                y
            };
            let mut dx = vec![0.0; x.len()];
            unary_backward(op, &x, &forward(&x), &weights, &mut dx);
            assert_gradient(&x, &dx, |x| weighted(&forward(x), &weights));
        }
    }
}
