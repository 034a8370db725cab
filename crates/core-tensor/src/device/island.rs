//! A device for tests: its memory is private, and its kernels are slow and obvious.
//!
//! The host reads an [`IslandBuffer`] only through [`Device::download`]. Every kernel widens to `f64`, follows the
//! textbook, and rounds once at the end, so it is the reference for the fast kernels of [`Cpu`](super::Cpu).

use super::{
    Activation, AdamWStep, AttentionShape, Binary, Broadcast, Device, LinearSizes, RowDropout, SgdStep,
    Trace, Unary,
};
use crate::element::{Element, Float, Real};
use crate::kernels::activation::reference::{slope as activation_slope, value as activation_value};
use crate::kernels::attention;
use std::collections::BTreeMap;
use std::ops::Range;

/// The test device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Island;

/// Memory of the test device, which the host cannot reach.
#[derive(Debug)]
pub struct IslandBuffer<E>(Vec<E>);

impl<E: Float> IslandBuffer<E> {
    fn wide(&self) -> Vec<f64> {
        self.0.iter().map(|x| x.to_f64()).collect()
    }

    fn rounded(values: impl IntoIterator<Item = f64>) -> Self {
        IslandBuffer(values.into_iter().map(E::of).collect())
    }

    fn update(&mut self, f: impl Fn(usize, f64) -> f64) {
        for (i, x) in self.0.iter_mut().enumerate() {
            *x = E::of(f(i, x.to_f64()));
        }
    }
}

/// c (m, n) = a b, with a(i, p) and b(p, j) given as functions.
fn product(
    m: usize,
    k: usize,
    n: usize,
    a: impl Fn(usize, usize) -> f64,
    b: impl Fn(usize, usize) -> f64,
) -> Vec<f64> {
    let cell = |i, j| (0..k).map(|p| a(i, p) * b(p, j)).sum();
    (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| cell(i, j)).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softmax_row(x: &[f64]) -> Vec<f64> {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = x.iter().map(|x| (x - max).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.into_iter().map(|e| e / sum).collect()
}

/// The target distribution of a class under label smoothing.
fn smoothed(target: u32, classes: usize, smoothing: f64) -> Vec<f64> {
    let share = smoothing / classes as f64;
    (0..classes).map(|c| share + if c == target as usize { 1.0 - smoothing } else { 0.0 }).collect()
}

impl Device for Island {
    type Buffer<E: Element> = IslandBuffer<E>;

    fn len<E: Element>(buffer: &IslandBuffer<E>) -> usize {
        buffer.0.len()
    }

    fn zeros<E: Element>(&self, len: usize) -> IslandBuffer<E> {
        IslandBuffer(vec![E::default(); len])
    }

    fn upload<E: Element>(&self, host: &[E]) -> IslandBuffer<E> {
        IslandBuffer(host.to_vec())
    }

    fn download<E: Element>(&self, buffer: &IslandBuffer<E>) -> Vec<E> {
        buffer.0.clone()
    }

    fn duplicate<E: Element>(&self, buffer: &IslandBuffer<E>) -> IslandBuffer<E> {
        IslandBuffer(buffer.0.clone())
    }

    fn cast<A: Float, B: Float>(&self, a: &IslandBuffer<A>) -> IslandBuffer<B> {
        IslandBuffer::rounded(a.wide())
    }

    fn linear<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        w: &IslandBuffer<E::Master>,
        bias: Option<&IslandBuffer<E::Master>>,
        activation: Activation,
        trace: Option<Trace>,
        sizes: LinearSizes,
    ) -> (IslandBuffer<E>, Option<IslandBuffer<E>>) {
        let LinearSizes { rows, inputs, outputs } = sizes;
        let (x, w, bias) = (x.wide(), w.wide(), bias.map(IslandBuffer::wide));
        let mut u = product(rows, inputs, outputs, |i, p| x[i * inputs + p], |p, j| w[j * inputs + p]);
        if let Some(bias) = bias {
            u.iter_mut().enumerate().for_each(|(i, u)| *u += bias[i % outputs]);
        }
        let y = IslandBuffer::rounded(u.iter().map(|&u| activation_value(activation, u)));
        let traced = trace.map(|trace| match trace {
            Trace::Argument => IslandBuffer::rounded(u.iter().copied()),
            Trace::Slope => IslandBuffer::rounded(u.iter().map(|&u| activation_slope(activation, u))),
        });
        (y, traced)
    }

    fn linear_input<E: Float>(
        &self,
        du: &IslandBuffer<E>,
        w: &IslandBuffer<E::Master>,
        sizes: LinearSizes,
    ) -> IslandBuffer<E> {
        let LinearSizes { rows, inputs, outputs } = sizes;
        let (du, w) = (du.wide(), w.wide());
        let dx = product(rows, outputs, inputs, |i, p| du[i * outputs + p], |p, j| w[p * inputs + j]);
        IslandBuffer::rounded(dx)
    }

    fn linear_weight<E: Float>(
        &self,
        du: &IslandBuffer<E>,
        x: &IslandBuffer<E>,
        rows: Range<usize>,
        sizes: LinearSizes,
    ) -> IslandBuffer<E::Master> {
        let (du, x, start) = (du.wide(), x.wide(), rows.start);
        let du_t = |i: usize, p: usize| du[(start + p) * sizes.outputs + i];
        let x = |p: usize, j: usize| x[(start + p) * sizes.inputs + j];
        IslandBuffer::rounded(product(sizes.outputs, rows.len(), sizes.inputs, du_t, x))
    }

    fn column_sums<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> IslandBuffer<E::Master> {
        let x = x.wide();
        IslandBuffer::rounded((0..width).map(|j| rows.clone().map(|i| x[i * width + j]).sum()))
    }

    fn matmul<E: Float>(
        &self,
        a: (&IslandBuffer<E>, bool),
        b: (&IslandBuffer<E>, bool),
        m: usize,
        k: usize,
        n: usize,
    ) -> IslandBuffer<E> {
        let (x, y) = (a.0.wide(), b.0.wide());
        let left = |i: usize, p: usize| if a.1 { x[p * m + i] } else { x[i * k + p] };
        let right = |p: usize, j: usize| if b.1 { y[j * k + p] } else { y[p * n + j] };
        IslandBuffer::rounded(product(m, k, n, left, right))
    }

    fn layer_norm<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        residual: Option<&IslandBuffer<E>>,
        gamma: &IslandBuffer<E::Master>,
        beta: &IslandBuffer<E::Master>,
        epsilon: f64,
        dropout: Option<RowDropout<'_>>,
        _keep: bool,
    ) -> (IslandBuffer<E>, IslandBuffer<E>, IslandBuffer<E::Master>) {
        let (gamma, beta) = (gamma.wide(), beta.wide());
        let width = gamma.len();
        let mut z = x.wide();
        if let Some(dropout) = dropout {
            z = self.dropout(x, dropout).wide();
        }
        if let Some(residual) = residual {
            z.iter_mut().zip(residual.wide()).for_each(|(z, r)| *z += r);
        }
        let (mut y, mut normalised, mut rstd) = (Vec::new(), Vec::new(), Vec::new());
        for row in z.chunks(width) {
            let mean = row.iter().sum::<f64>() / width as f64;
            let variance = row.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / width as f64;
            let r = 1.0 / (variance + epsilon).sqrt();
            rstd.push(r);
            normalised.extend(row.iter().map(|z| (z - mean) * r));
            y.extend(row.iter().enumerate().map(|(j, z)| gamma[j] * (z - mean) * r + beta[j]));
        }
        (IslandBuffer::rounded(y), IslandBuffer::rounded(normalised), IslandBuffer::rounded(rstd))
    }

    fn gain_and_offset<E: Float>(
        &self,
        normalised: &IslandBuffer<E>,
        gamma: &IslandBuffer<E::Master>,
        beta: &IslandBuffer<E::Master>,
    ) -> IslandBuffer<E> {
        let (gamma, beta) = (gamma.wide(), beta.wide());
        let columns = (0..gamma.len()).cycle();
        IslandBuffer::rounded(normalised.wide().into_iter().zip(columns).map(|(h, j)| gamma[j] * h + beta[j]))
    }

    fn layer_norm_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        normalised: &IslandBuffer<E>,
        rstd: &IslandBuffer<E::Master>,
        gamma: &IslandBuffer<E::Master>,
        dropout: Option<RowDropout<'_>>,
    ) -> (IslandBuffer<E>, Option<IslandBuffer<E>>) {
        let (dy, normalised, rstd, gamma) = (dy.wide(), normalised.wide(), rstd.wide(), gamma.wide());
        let width = gamma.len();
        let mut dz = Vec::new();
        for (i, r) in rstd.iter().enumerate() {
            let row = i * width..(i + 1) * width;
            let d: Vec<f64> = dy[row.clone()].iter().zip(&gamma).map(|(dy, g)| dy * g).collect();
            let h = &normalised[row];
            let mean = d.iter().sum::<f64>() / width as f64;
            let along = d.iter().zip(h).map(|(d, h)| d * h).sum::<f64>() / width as f64;
            dz.extend(d.iter().zip(h).map(|(d, h)| r * (d - mean - h * along)));
        }
        let dz = IslandBuffer::rounded(dz);
        let dx = dropout.map(|dropout| self.dropout(&dz, dropout));
        (dz, dx)
    }

    fn layer_norm_weights<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        normalised: &IslandBuffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> (IslandBuffer<E::Master>, IslandBuffer<E::Master>) {
        let (dy, h) = (dy.wide(), normalised.wide());
        let at = |i: usize, j: usize| i * width + j;
        let dgamma = (0..width).map(|j| rows.clone().map(|i| dy[at(i, j)] * h[at(i, j)]).sum());
        let dbeta = (0..width).map(|j| rows.clone().map(|i| dy[at(i, j)]).sum());
        (IslandBuffer::rounded(dgamma), IslandBuffer::rounded(dbeta))
    }

    fn attention<E: Float>(
        &self,
        qkv: &IslandBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> (IslandBuffer<E>, IslandBuffer<E::Master>) {
        let mut out = self.zeros::<E>(shape.tokens() * shape.width());
        let mut log_sum_exp = self.zeros::<E::Master>(shape.tokens() * shape.heads);
        attention::reference::forward(&mut out.0, Some(&mut log_sum_exp.0), &qkv.0, shape);
        (out, log_sum_exp)
    }

    fn attention_backward<E: Float>(
        &self,
        dout: &IslandBuffer<E>,
        _out: &IslandBuffer<E>,
        _log_sum_exp: &IslandBuffer<E::Master>,
        qkv: &IslandBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> IslandBuffer<E> {
        let mut dqkv = self.zeros::<E>(qkv.0.len());
        attention::reference::backward(&mut dqkv.0, &dout.0, &qkv.0, shape);
        dqkv
    }

    fn embedding<E: Float>(
        &self,
        lookups: &[(&IslandBuffer<E::Master>, &[u32])],
        width: usize,
    ) -> IslandBuffer<E> {
        let ids = lookups.first().map_or(0, |(_, ids)| ids.len());
        let tables: Vec<(Vec<f64>, &[u32])> =
            lookups.iter().map(|(table, ids)| (table.wide(), *ids)).collect();
        let cell = |i: usize, j: usize| tables.iter().map(|(t, ids)| t[ids[i] as usize * width + j]).sum();
        IslandBuffer::rounded((0..ids).flat_map(|i| (0..width).map(move |j| (i, j))).map(|(i, j)| cell(i, j)))
    }

    fn embedding_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        ids: &[u32],
        rows: Range<usize>,
        width: usize,
    ) -> (Vec<u32>, IslandBuffer<E::Master>) {
        let dy = dy.wide();
        let mut sums: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for i in rows {
            let sum = sums.entry(ids[i]).or_insert_with(|| vec![0.0; width]);
            sum.iter_mut().zip(&dy[i * width..]).for_each(|(s, d)| *s += d);
        }
        (sums.keys().copied().collect(), IslandBuffer::rounded(sums.into_values().flatten()))
    }

    fn dropout<E: Float>(&self, x: &IslandBuffer<E>, dropout: RowDropout<'_>) -> IslandBuffer<E> {
        let RowDropout { rows, key, rate } = dropout;
        let width = x.0.len() / rows.len().max(1);
        // Each unit's own draw, by the definition: the fast kernels draw many at once.
        let kept = |i: usize| key.stream().draw(rows[i / width], 0, i % width) >= rate.threshold();
        let scale = |i: usize| if kept(i) { rate.scale() } else { 0.0 };
        IslandBuffer::rounded(x.0.iter().enumerate().map(|(i, x)| x.to_f64() * scale(i)))
    }

    fn cross_entropy<E: Float>(
        &self,
        logits: &IslandBuffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
    ) -> f64 {
        let logits = logits.wide();
        let rows = logits.chunks(classes).zip(targets).filter(|(_, target)| **target != ignored);
        rows.map(|(row, &target)| {
            let p = softmax_row(row);
            let terms = smoothed(target, classes, smoothing);
            -terms.iter().zip(&p).filter(|(t, _)| **t > 0.0).map(|(t, p)| t * p.ln()).sum::<f64>()
        })
        .sum()
    }

    fn cross_entropy_backward<E: Float>(
        &self,
        logits: &IslandBuffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
        scale: f64,
    ) -> IslandBuffer<E> {
        let logits = logits.wide();
        let rows = logits.chunks(classes).zip(targets).flat_map(|(row, &target)| {
            if target == ignored {
                return vec![0.0; classes];
            }
            let goal = smoothed(target, classes, smoothing);
            softmax_row(row).iter().zip(goal).map(|(p, t)| scale * (p - t)).collect()
        });
        IslandBuffer::rounded(rows)
    }

    fn squared_error<E: Float>(&self, predicted: &IslandBuffer<E>, targets: &[f64]) -> f64 {
        predicted.wide().iter().zip(targets).map(|(p, t)| (p - t).powi(2)).sum()
    }

    fn squared_error_backward<E: Float>(
        &self,
        predicted: &IslandBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> IslandBuffer<E> {
        IslandBuffer::rounded(predicted.wide().iter().zip(targets).map(|(p, t)| 2.0 * scale * (p - t)))
    }

    fn binary_cross_entropy<E: Float>(&self, logits: &IslandBuffer<E>, targets: &[f64]) -> f64 {
        let pairs = logits.wide().into_iter().zip(targets).filter(|(_, t)| !t.is_nan());
        pairs.map(|(x, t)| x.max(0.0) - x * t + (-x.abs()).exp().ln_1p()).sum()
    }

    fn binary_cross_entropy_backward<E: Float>(
        &self,
        logits: &IslandBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> IslandBuffer<E> {
        let slope = |(x, t): (f64, &f64)| if t.is_nan() { 0.0 } else { scale * (sigmoid(x) - t) };
        IslandBuffer::rounded(logits.wide().into_iter().zip(targets).map(slope))
    }

    fn softmax<E: Float>(&self, x: &IslandBuffer<E>, width: usize) -> IslandBuffer<E> {
        IslandBuffer::rounded(x.wide().chunks(width).flat_map(softmax_row))
    }

    fn softmax_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        y: &IslandBuffer<E>,
        width: usize,
    ) -> IslandBuffer<E> {
        let (dy, y) = (dy.wide(), y.wide());
        let rows = dy.chunks(width).zip(y.chunks(width)).flat_map(|(dy, y)| {
            let along: f64 = dy.iter().zip(y).map(|(d, y)| d * y).sum();
            dy.iter().zip(y).map(move |(d, y)| y * (d - along)).collect::<Vec<_>>()
        });
        IslandBuffer::rounded(rows)
    }

    fn gather_rows<E: Float>(&self, x: &IslandBuffer<E>, indices: &[u32], width: usize) -> IslandBuffer<E> {
        let row = |i: &u32| x.0[*i as usize * width..][..width].to_vec();
        IslandBuffer(indices.iter().flat_map(row).collect())
    }

    fn scatter_add<E: Float>(
        &self,
        target: &mut IslandBuffer<E>,
        source: &IslandBuffer<E>,
        indices: &[u32],
        width: usize,
    ) {
        let mut sums = target.wide();
        for (row, index) in source.wide().chunks(width).zip(indices) {
            sums[*index as usize * width..].iter_mut().zip(row).for_each(|(s, x)| *s += x);
        }
        *target = IslandBuffer::rounded(sums);
    }

    fn mean_pool<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> IslandBuffer<E> {
        let x = x.wide();
        let mean = |ends: &[usize]| {
            let (from, to) = (ends[0], ends[1]);
            let n = (to - from).max(1) as f64;
            (0..width).map(|j| (from..to).map(|i| x[i * width + j]).sum::<f64>() / n).collect::<Vec<_>>()
        };
        IslandBuffer::rounded(boundaries.windows(2).flat_map(mean))
    }

    fn mean_pool_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> IslandBuffer<E> {
        let dy = dy.wide();
        let spread = |(s, ends): (usize, &[usize])| {
            let n = ends[1] - ends[0];
            let row: Vec<f64> = dy[s * width..(s + 1) * width].iter().map(|d| d / n.max(1) as f64).collect();
            row.repeat(n)
        };
        IslandBuffer::rounded(boundaries.windows(2).enumerate().flat_map(spread))
    }

    fn merge_rows<M: Real>(
        &self,
        width: usize,
        a: (&[u32], &IslandBuffer<M>),
        b: (&[u32], &IslandBuffer<M>),
    ) -> (Vec<u32>, IslandBuffer<M>) {
        let ids: Vec<u32> = a.0.iter().chain(b.0).copied().collect();
        let values = IslandBuffer(a.1.0.iter().chain(&b.1.0).copied().collect());
        self.embedding_backward::<M>(&values, &ids, 0..ids.len(), width)
    }

    fn unary<E: Float>(&self, x: &IslandBuffer<E>, f: Unary) -> IslandBuffer<E> {
        IslandBuffer::rounded(x.wide().into_iter().map(|x| match f {
            Unary::Exp => x.exp(),
            Unary::Ln => x.ln(),
            Unary::Sqrt => x.sqrt(),
            Unary::Square => x * x,
            Unary::Sigmoid => sigmoid(x),
            Unary::Affine(a, b) => a * x + b,
            Unary::Activation(activation) => activation_value(activation, x),
        }))
    }

    fn unary_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        x: &IslandBuffer<E>,
        _y: &IslandBuffer<E>,
        f: Unary,
    ) -> IslandBuffer<E> {
        let slope = |x: f64| match f {
            Unary::Exp => x.exp(),
            Unary::Ln => 1.0 / x,
            Unary::Sqrt => 0.5 / x.sqrt(),
            Unary::Square => 2.0 * x,
            Unary::Sigmoid => sigmoid(x) * (1.0 - sigmoid(x)),
            Unary::Affine(a, _) => a,
            Unary::Activation(activation) => activation_slope(activation, x),
        };
        IslandBuffer::rounded(dy.wide().into_iter().zip(x.wide()).map(|(dy, x)| dy * slope(x)))
    }

    fn activation_backward<E: Float>(
        &self,
        dy: IslandBuffer<E>,
        (kind, trace): (Trace, &IslandBuffer<E>),
        activation: Activation,
    ) -> IslandBuffer<E> {
        let slope = |traced: f64| match kind {
            Trace::Argument => activation_slope(activation, traced),
            Trace::Slope => traced,
        };
        IslandBuffer::rounded(dy.wide().into_iter().zip(trace.wide()).map(|(dy, traced)| dy * slope(traced)))
    }

    fn binary<E: Float>(&self, a: &IslandBuffer<E>, b: &IslandBuffer<E>, f: Binary) -> IslandBuffer<E> {
        IslandBuffer::rounded(a.wide().into_iter().zip(b.wide()).map(|(a, b)| match f {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
        }))
    }

    fn broadcast<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        row: &IslandBuffer<E>,
        f: Broadcast,
    ) -> IslandBuffer<E> {
        let row = row.wide();
        IslandBuffer::rounded(x.wide().into_iter().zip(row.iter().cycle()).map(|(x, r)| match f {
            Broadcast::Add => x + r,
            Broadcast::Mul => x * r,
        }))
    }

    fn row_sums<E: Float>(&self, x: &IslandBuffer<E>, width: usize) -> IslandBuffer<E> {
        IslandBuffer::rounded(x.wide().chunks(width).map(|row| row.iter().sum()))
    }

    fn axpy<E: Float>(&self, target: &mut IslandBuffer<E>, factor: f64, source: &IslandBuffer<E>) {
        let source = source.wide();
        target.update(|i, t| t + factor * source[i]);
    }

    fn scale<E: Float>(&self, target: &mut IslandBuffer<E>, factor: f64) {
        target.update(|_, t| t * factor);
    }

    fn sum<E: Float>(&self, x: &IslandBuffer<E>) -> f64 {
        x.wide().iter().sum()
    }

    fn dot<E: Float>(&self, a: &IslandBuffer<E>, b: &IslandBuffer<E>) -> f64 {
        a.wide().iter().zip(b.wide()).map(|(a, b)| a * b).sum()
    }

    fn adamw<M: Real>(
        &self,
        w: &mut IslandBuffer<M>,
        gradient: &IslandBuffer<M>,
        first: &mut IslandBuffer<M>,
        second: &mut IslandBuffer<M>,
        step: AdamWStep,
    ) {
        let g: Vec<f64> = gradient.wide().into_iter().map(|g| g * step.gradient_scale).collect();
        first.update(|i, m| step.beta1 * m + (1.0 - step.beta1) * g[i]);
        second.update(|i, v| step.beta2 * v + (1.0 - step.beta2) * g[i] * g[i]);
        let corrected = |beta: f64| 1.0 - beta.powi(step.step as i32);
        let (m, v) = (first.wide(), second.wide());
        w.update(|i, w| {
            let (m, v) = (m[i] / corrected(step.beta1), v[i] / corrected(step.beta2));
            w - step.learning_rate * (m / (v.sqrt() + step.eps) + step.weight_decay * w)
        });
    }

    fn adamw_rows<M: Real>(
        &self,
        w: &mut IslandBuffer<M>,
        (rows, values, width): (&[u32], &IslandBuffer<M>, usize),
        first: &mut IslandBuffer<M>,
        second: &mut IslandBuffer<M>,
        _live: &mut Vec<bool>,
        step: AdamWStep,
    ) {
        let mut dense = self.zeros::<M>(w.0.len());
        self.scatter_add(&mut dense, values, rows, width);
        self.adamw(w, &dense, first, second, step);
    }

    fn sgd<M: Real>(
        &self,
        w: &mut IslandBuffer<M>,
        gradient: &IslandBuffer<M>,
        velocity: &mut IslandBuffer<M>,
        step: SgdStep,
    ) {
        let (g, before) = (gradient.wide(), w.wide());
        velocity
            .update(|i, v| step.momentum * v + g[i] * step.gradient_scale + step.weight_decay * before[i]);
        let v = velocity.wide();
        w.update(|i, w| w - step.learning_rate * v[i]);
    }
}
