//! The processor: pooled memory and the fast kernels.

use super::pool::{Pooled, SLACK};
use super::{
    Activation, AdamWStep, AttentionShape, Binary, Broadcast, Device, LinearSizes, RowDropout, SgdStep,
    Trace, Unary,
};
use crate::element::{Element, Float, Real};
use crate::kernels::gemm::{Epilogue, Mat, matmul};
use crate::kernels::random::Stream;
use crate::kernels::rows::SparseRows;
use crate::kernels::{
    activation, attention, bce, cross_entropy, dropout, elementwise, embedding, layer_norm, mse, optimizer,
    reduce, rows, softmax,
};
use crate::profile::Work;
use std::marker::PhantomData;
use std::ops::Range;

/// The processor, on rayon's current thread pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cpu;

impl Cpu {
    /// The memory that buffers hold at most, used and free, as a multiple of the most that was in use at once.
    pub const HELD: f64 = SLACK.0 as f64 / SLACK.1 as f64;
}

/// Host memory from the pool.
#[derive(Debug)]
pub struct CpuBuffer<E: Element> {
    memory: Pooled,
    len: usize,
    element: PhantomData<E>,
}

impl<E: Element> CpuBuffer<E> {
    /// Contents unspecified; the flag says whether they are all zero.
    fn scratch(len: usize) -> (Self, bool) {
        let bytes = len.checked_mul(size_of::<E>()).expect("a buffer's size fits the address space");
        let (memory, zero) = Pooled::take(bytes);
        (CpuBuffer { memory, len, element: PhantomData }, zero)
    }

    fn zeros(len: usize) -> Self {
        let (mut buffer, zero) = Self::scratch(len);
        if !zero {
            buffer.slice_mut().fill(E::default());
        }
        buffer
    }

    /// The elements.
    pub fn slice(&self) -> &[E] {
        // SAFETY: the block holds at least `len` elements, is aligned to 64 bytes and always initialised; every
        // bit pattern is an element (`Pod`).
        unsafe { std::slice::from_raw_parts(self.memory.start().cast().as_ptr(), self.len) }
    }

    /// The elements, to be changed.
    pub fn slice_mut(&mut self) -> &mut [E] {
        // SAFETY: as in `slice`; the block is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.memory.start().cast().as_ptr(), self.len) }
    }
}

/// A new buffer that `fill` writes whole.
fn made<E: Element>(len: usize, fill: impl FnOnce(&mut [E])) -> CpuBuffer<E> {
    let (mut buffer, _) = CpuBuffer::scratch(len);
    fill(buffer.slice_mut());
    buffer
}

/// The dropout of a row, for kernels that it is fused into.
struct Scales<'a> {
    stream: Stream,
    dropout: RowDropout<'a>,
}

impl<'a> Scales<'a> {
    fn new(dropout: RowDropout<'a>) -> Self {
        Scales { stream: dropout.key.stream(), dropout }
    }
}

impl<M: Real> layer_norm::RowScales<M> for Scales<'_> {
    /// Called through a pointer, so compiled by itself: it has to choose its instructions.
    fn fill(&self, row: usize, out: &mut [M]) {
        let RowDropout { rows, rate, .. } = self.dropout;
        crate::dispatch!(dropout::keep_scales(out, self.stream, rows[row], rate));
    }
}

/// The kernels' form of a gradient of some rows.
fn sparse<M: Real>(rows: &[u32], values: &CpuBuffer<M>) -> SparseRows<M> {
    SparseRows { rows: rows.to_vec(), values: values.slice().to_vec() }
}

fn from_sparse<M: Real>(sparse: SparseRows<M>) -> (Vec<u32>, CpuBuffer<M>) {
    let values = Cpu.upload(&sparse.values);
    (sparse.rows, values)
}

/// The log-sum-exp of each row and the summed loss.
fn log_sum_exp<E: Float>(
    logits: &CpuBuffer<E>,
    targets: cross_entropy::Targets<'_>,
    classes: usize,
) -> (CpuBuffer<E::Master>, f64) {
    let rows = logits.len / classes.max(1);
    let (mut losses, mut kept) = (CpuBuffer::scratch(rows).0, CpuBuffer::scratch(rows).0);
    let sum = cross_entropy::forward(logits.slice(), targets, losses.slice_mut(), kept.slice_mut());
    (kept, sum)
}

impl Device for Cpu {
    type Buffer<E: Element> = CpuBuffer<E>;

    fn len<E: Element>(buffer: &CpuBuffer<E>) -> usize {
        buffer.len
    }

    fn zeros<E: Element>(&self, len: usize) -> CpuBuffer<E> {
        CpuBuffer::zeros(len)
    }

    fn upload<E: Element>(&self, host: &[E]) -> CpuBuffer<E> {
        made(host.len(), |y| y.copy_from_slice(host))
    }

    fn download<E: Element>(&self, buffer: &CpuBuffer<E>) -> Vec<E> {
        buffer.slice().to_vec()
    }

    fn duplicate<E: Element>(&self, buffer: &CpuBuffer<E>) -> CpuBuffer<E> {
        self.upload(buffer.slice())
    }

    fn cast<A: Float, B: Float>(&self, a: &CpuBuffer<A>) -> CpuBuffer<B> {
        made(a.len, |y| elementwise::cast(a.slice(), y))
    }

    fn linear<E: Float>(
        &self,
        x: &CpuBuffer<E>,
        w: &CpuBuffer<E::Master>,
        bias: Option<&CpuBuffer<E::Master>>,
        activation: Activation,
        trace: Option<Trace>,
        sizes: LinearSizes,
    ) -> (CpuBuffer<E>, Option<CpuBuffer<E>>) {
        let _timer = Work::LinearForward.begin_product(|| sizes.flops(sizes.rows));
        let LinearSizes { rows, inputs, outputs } = sizes;
        let (x, w) = (Mat::new(x.slice(), rows, inputs), Mat::new(w.slice(), outputs, inputs).t());
        let mut traced = trace.map(|kind| (kind, CpuBuffer::<E>::scratch(rows * outputs).0));
        let trace = traced.as_mut().map(|(kind, buffer)| (*kind, buffer.slice_mut()));
        let epilogue = Epilogue { bias: bias.map(CpuBuffer::slice), activation, trace };
        let y = made(rows * outputs, |y| matmul(y, outputs, x, w, false, epilogue));
        (y, traced.map(|(_, buffer)| buffer))
    }

    fn linear_input<E: Float>(
        &self,
        du: &CpuBuffer<E>,
        w: &CpuBuffer<E::Master>,
        sizes: LinearSizes,
    ) -> CpuBuffer<E> {
        let _timer = Work::LinearInput.begin_product(|| sizes.flops(sizes.rows));
        let LinearSizes { rows, inputs, outputs } = sizes;
        let (du, w) = (Mat::new(du.slice(), rows, outputs), Mat::new(w.slice(), outputs, inputs));
        made(rows * inputs, |dx| matmul(dx, inputs, du, w, false, Epilogue::default()))
    }

    fn linear_weight<E: Float>(
        &self,
        du: &CpuBuffer<E>,
        x: &CpuBuffer<E>,
        rows: Range<usize>,
        sizes: LinearSizes,
    ) -> CpuBuffer<E::Master> {
        let _timer = Work::LinearWeight.begin_product(|| sizes.flops(rows.len()));
        let LinearSizes { rows: n, inputs, outputs } = sizes;
        let du = Mat::new(du.slice(), n, outputs).rows(rows.clone()).t();
        let x = Mat::new(x.slice(), n, inputs).rows(rows);
        made(outputs * inputs, |dw| matmul(dw, inputs, du, x, false, Epilogue::default()))
    }

    fn column_sums<E: Float>(
        &self,
        x: &CpuBuffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> CpuBuffer<E::Master> {
        let _timer = Work::LinearWeight.begin();
        let mut sums = self.zeros(width);
        reduce::column_sums(x.slice(), width, rows, sums.slice_mut());
        sums
    }

    fn matmul<E: Float>(
        &self,
        a: (&CpuBuffer<E>, bool),
        b: (&CpuBuffer<E>, bool),
        m: usize,
        k: usize,
        n: usize,
    ) -> CpuBuffer<E> {
        let _timer = Work::LinearForward.begin_product(|| 2 * (m * k * n) as u64);
        let left = if a.1 { Mat::new(a.0.slice(), k, m).t() } else { Mat::new(a.0.slice(), m, k) };
        let right = if b.1 { Mat::new(b.0.slice(), n, k).t() } else { Mat::new(b.0.slice(), k, n) };
        made(m * n, |c| matmul(c, n, left, right, false, Epilogue::default()))
    }

    fn layer_norm<E: Float>(
        &self,
        x: &CpuBuffer<E>,
        residual: Option<&CpuBuffer<E>>,
        gamma: &CpuBuffer<E::Master>,
        beta: &CpuBuffer<E::Master>,
        epsilon: f64,
        dropout: Option<RowDropout<'_>>,
        keep: bool,
    ) -> (CpuBuffer<E>, CpuBuffer<E>, CpuBuffer<E::Master>) {
        let _timer = Work::NormDropout.begin();
        let (len, rows) = if keep { (x.len, x.len / gamma.len.max(1)) } else { (0, 0) };
        let (mut normalised, mut rstd) = (CpuBuffer::<E>::scratch(len).0, CpuBuffer::scratch(rows).0);
        let scales = dropout.map(Scales::new);
        let scales = scales.as_ref().map(|scales| scales as &dyn layer_norm::RowScales<E::Master>);
        let residual = residual.map(CpuBuffer::slice);
        let (gamma, beta) = (gamma.slice(), beta.slice());
        let y = made(x.len, |y| {
            let kept = layer_norm::Kept { normalised: normalised.slice_mut(), rstd: rstd.slice_mut() };
            layer_norm::forward(x.slice(), residual, scales, gamma, beta, epsilon, y, keep.then_some(kept));
        });
        (y, normalised, rstd)
    }

    fn gain_and_offset<E: Float>(
        &self,
        normalised: &CpuBuffer<E>,
        gamma: &CpuBuffer<E::Master>,
        beta: &CpuBuffer<E::Master>,
    ) -> CpuBuffer<E> {
        let _timer = Work::NormDropout.begin();
        let (normalised, gamma, beta) = (normalised.slice(), gamma.slice(), beta.slice());
        made(normalised.len(), |y| layer_norm::gain_and_offset(normalised, gamma, beta, y))
    }

    fn layer_norm_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        normalised: &CpuBuffer<E>,
        rstd: &CpuBuffer<E::Master>,
        gamma: &CpuBuffer<E::Master>,
        dropout: Option<RowDropout<'_>>,
    ) -> (CpuBuffer<E>, Option<CpuBuffer<E>>) {
        let _timer = Work::NormDropout.begin();
        let mut dx = dropout.map(|_| CpuBuffer::<E>::scratch(dy.len).0);
        let scales = dropout.map(Scales::new);
        let dz = made(dy.len, |dz| {
            let scales = scales.as_ref().map(|scales| scales as &dyn layer_norm::RowScales<E::Master>);
            let dropped = scales.zip(dx.as_mut().map(CpuBuffer::slice_mut));
            layer_norm::backward(dy.slice(), normalised.slice(), rstd.slice(), gamma.slice(), dz, dropped);
        });
        (dz, dx)
    }

    fn layer_norm_weights<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        normalised: &CpuBuffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> (CpuBuffer<E::Master>, CpuBuffer<E::Master>) {
        let _timer = Work::NormDropout.begin();
        let (mut dgamma, mut dbeta) = (self.zeros(width), self.zeros(width));
        let (normalised, sums) = (normalised.slice(), (dgamma.slice_mut(), dbeta.slice_mut()));
        layer_norm::backward_weights(dy.slice(), normalised, rows, sums.0, sums.1);
        (dgamma, dbeta)
    }

    fn attention<E: Float>(
        &self,
        qkv: &CpuBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> (CpuBuffer<E>, CpuBuffer<E::Master>) {
        let _timer = Work::AttentionForward.begin_product(|| shape.flops());
        let mut log_sum_exp = CpuBuffer::scratch(shape.tokens() * shape.heads).0;
        let out = made(shape.tokens() * shape.width(), |out| {
            attention::forward(out, Some(log_sum_exp.slice_mut()), qkv.slice(), shape);
        });
        (out, log_sum_exp)
    }

    fn attention_backward<E: Float>(
        &self,
        dout: &CpuBuffer<E>,
        out: &CpuBuffer<E>,
        log_sum_exp: &CpuBuffer<E::Master>,
        qkv: &CpuBuffer<E>,
        shape: &AttentionShape<'_>,
    ) -> CpuBuffer<E> {
        let _timer = Work::AttentionBackward.begin_product(|| 2 * shape.flops());
        let (dout, out) = (dout.slice(), out.slice());
        made(qkv.len, |dqkv| attention::backward(dqkv, dout, out, log_sum_exp.slice(), qkv.slice(), shape))
    }

    fn embedding<E: Float>(&self, lookups: &[(&CpuBuffer<E::Master>, &[u32])], width: usize) -> CpuBuffer<E> {
        let _timer = Work::Embedding.begin();
        let ids = lookups.first().map_or(0, |(_, ids)| ids.len());
        if let [(a, i), (b, j), (c, k)] = lookups {
            let tables = [a.slice(), b.slice(), c.slice()];
            return made(ids * width, |y| embedding::lookup_sum(tables, [i, j, k], width, y));
        }
        let mut sum = self.zeros(ids * width);
        for (table, ids) in lookups {
            let rows = made(ids.len() * width, |y| embedding::lookup(table.slice(), ids, width, y));
            elementwise::axpy(E::Master::ONE, rows.slice(), sum.slice_mut());
        }
        sum
    }

    fn embedding_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        ids: &[u32],
        rows: Range<usize>,
        width: usize,
    ) -> (Vec<u32>, CpuBuffer<E::Master>) {
        let _timer = Work::Embedding.begin();
        from_sparse(embedding::sparse_gradient(ids, dy.slice(), width, std::slice::from_ref(&rows)))
    }

    fn dropout<E: Float>(&self, x: &CpuBuffer<E>, d: RowDropout<'_>) -> CpuBuffer<E> {
        let _timer = Work::NormDropout.begin();
        let width = x.len / d.rows.len().max(1);
        made(x.len, |y| dropout::dropout(y, x.slice(), width, d.rows, d.key, d.rate))
    }

    fn cross_entropy<E: Float>(
        &self,
        logits: &CpuBuffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
    ) -> f64 {
        let _timer = Work::Loss.begin();
        let targets = cross_entropy::Targets { classes: targets, ignored, smoothing };
        log_sum_exp(logits, targets, classes).1
    }

    fn cross_entropy_backward<E: Float>(
        &self,
        logits: &CpuBuffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
        scale: f64,
    ) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        let targets = cross_entropy::Targets { classes: targets, ignored, smoothing };
        let (kept, _) = log_sum_exp(logits, targets, classes);
        made(logits.len, |dx| cross_entropy::backward(logits.slice(), targets, kept.slice(), scale, dx))
    }

    fn squared_error<E: Float>(&self, predicted: &CpuBuffer<E>, targets: &[f64]) -> f64 {
        let _timer = Work::Loss.begin();
        mse::forward(predicted.slice(), targets)
    }

    fn squared_error_backward<E: Float>(
        &self,
        predicted: &CpuBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(predicted.len, |dx| mse::backward(predicted.slice(), targets, scale, dx))
    }

    fn binary_cross_entropy<E: Float>(&self, logits: &CpuBuffer<E>, targets: &[f64]) -> f64 {
        let _timer = Work::Loss.begin();
        bce::forward(logits.slice(), targets)
    }

    fn binary_cross_entropy_backward<E: Float>(
        &self,
        logits: &CpuBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(logits.len, |dx| bce::backward(logits.slice(), targets, scale, dx))
    }

    fn softmax<E: Float>(&self, x: &CpuBuffer<E>, width: usize) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(x.len, |y| softmax::softmax(x.slice(), width, y))
    }

    fn softmax_backward<E: Float>(&self, dy: &CpuBuffer<E>, y: &CpuBuffer<E>, width: usize) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(dy.len, |dx| softmax::softmax_backward(y.slice(), dy.slice(), width, dx))
    }

    fn gather_rows<E: Float>(&self, x: &CpuBuffer<E>, indices: &[u32], width: usize) -> CpuBuffer<E> {
        made(indices.len() * width, |y| rows::gather(x.slice(), indices, width, y))
    }

    fn scatter_add<E: Float>(
        &self,
        target: &mut CpuBuffer<E>,
        source: &CpuBuffer<E>,
        indices: &[u32],
        width: usize,
    ) {
        rows::scatter_add(source.slice(), indices, width, target.slice_mut());
    }

    fn mean_pool<E: Float>(&self, x: &CpuBuffer<E>, boundaries: &[usize], width: usize) -> CpuBuffer<E> {
        let sequences = boundaries.len().saturating_sub(1);
        made(sequences * width, |y| rows::mean_pool(x.slice(), boundaries, width, y))
    }

    fn mean_pool_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> CpuBuffer<E> {
        let tokens = boundaries.last().copied().unwrap_or(0);
        made(tokens * width, |dx| rows::mean_pool_backward(dy.slice(), boundaries, width, dx))
    }

    fn merge_rows<M: Real>(
        &self,
        width: usize,
        a: (&[u32], &CpuBuffer<M>),
        b: (&[u32], &CpuBuffer<M>),
    ) -> (Vec<u32>, CpuBuffer<M>) {
        let _timer = Work::Embedding.begin();
        let rows = rows::united(a.0, b.0);
        let (x, y) = (a.1.slice(), b.1.slice());
        let values = made(rows.len() * width, |out| rows::add_united(&rows, width, x, y, out));
        (rows.into_iter().map(|(row, _)| row).collect(), values)
    }

    fn unary<E: Float>(&self, x: &CpuBuffer<E>, f: Unary) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        let (x, len) = (x.slice(), x.len);
        made(len, |y| elementwise::unary(f, x, y))
    }

    fn unary_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        x: &CpuBuffer<E>,
        y: &CpuBuffer<E>,
        f: Unary,
    ) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        made(dy.len, |dx| elementwise::unary_backward(f, x.slice(), y.slice(), dy.slice(), dx))
    }

    fn activation_backward<E: Float>(
        &self,
        mut dy: CpuBuffer<E>,
        (kind, trace): (Trace, &CpuBuffer<E>),
        of: Activation,
    ) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        match kind {
            Trace::Argument => activation::backward(of, trace.slice(), dy.slice_mut()),
            Trace::Slope => elementwise::multiply(dy.slice_mut(), trace.slice()),
        }
        dy
    }

    fn binary<E: Float>(&self, a: &CpuBuffer<E>, b: &CpuBuffer<E>, f: Binary) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        made(a.len, |y| elementwise::binary(f, a.slice(), b.slice(), y))
    }

    fn broadcast<E: Float>(&self, x: &CpuBuffer<E>, row: &CpuBuffer<E>, f: Broadcast) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        made(x.len, |y| match f {
            Broadcast::Add => elementwise::add_row_vector(x.slice(), row.slice(), y),
            Broadcast::Mul => elementwise::mul_row_vector(x.slice(), row.slice(), y),
        })
    }

    fn row_sums<E: Float>(&self, x: &CpuBuffer<E>, width: usize) -> CpuBuffer<E> {
        made(x.len / width.max(1), |y| reduce::row_sums(x.slice(), width, y))
    }

    fn axpy<E: Float>(&self, target: &mut CpuBuffer<E>, factor: f64, source: &CpuBuffer<E>) {
        let _timer = Work::Elementwise.begin();
        elementwise::axpy(E::Master::from_f64(factor), source.slice(), target.slice_mut());
    }

    fn scale<E: Float>(&self, target: &mut CpuBuffer<E>, factor: f64) {
        let _timer = Work::Elementwise.begin();
        let scaled = made(target.len, |y| elementwise::scale(target.slice(), E::Master::from_f64(factor), y));
        *target = scaled;
    }

    fn sum<E: Float>(&self, x: &CpuBuffer<E>) -> f64 {
        reduce::sum(x.slice())
    }

    fn dot<E: Float>(&self, a: &CpuBuffer<E>, b: &CpuBuffer<E>) -> f64 {
        let _timer = Work::Optimizer.begin();
        reduce::dot(a.slice(), b.slice())
    }

    fn adamw<M: Real>(
        &self,
        w: &mut CpuBuffer<M>,
        gradient: &CpuBuffer<M>,
        first: &mut CpuBuffer<M>,
        second: &mut CpuBuffer<M>,
        step: AdamWStep,
    ) {
        let _timer = Work::Optimizer.begin();
        optimizer::adamw(&step, gradient.slice(), w.slice_mut(), first.slice_mut(), second.slice_mut());
    }

    fn adamw_rows<M: Real>(
        &self,
        w: &mut CpuBuffer<M>,
        (rows, values, width): (&[u32], &CpuBuffer<M>, usize),
        first: &mut CpuBuffer<M>,
        second: &mut CpuBuffer<M>,
        live: &mut Vec<bool>,
        step: AdamWStep,
    ) {
        let _timer = Work::Optimizer.begin();
        if live.is_empty() {
            *live = optimizer::live_rows(first.slice(), second.slice(), width);
        }
        let (w, gradient) = (w.slice_mut(), sparse(rows, values));
        optimizer::adamw_rows(&step, width, &gradient, w, first.slice_mut(), second.slice_mut(), live);
    }

    fn sgd<M: Real>(
        &self,
        w: &mut CpuBuffer<M>,
        gradient: &CpuBuffer<M>,
        velocity: &mut CpuBuffer<M>,
        step: SgdStep,
    ) {
        let _timer = Work::Optimizer.begin();
        optimizer::sgd(&step, gradient.slice(), w.slice_mut(), velocity.slice_mut());
    }
}
