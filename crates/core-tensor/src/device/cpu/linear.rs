//! Linear layers by one matrix product with bias and activation in its epilogue.

use super::{Cpu, CpuBuffer, made};
use crate::device::{Activation, LinearOps, LinearSizes, Memory, Trace};
use crate::element::Float;
use crate::kernels::gemm::{Epilogue, Mat, matmul};
use crate::kernels::reduce;
use crate::profile::Work;
use std::ops::Range;

impl LinearOps for Cpu {
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
        let sizes = LinearSizes { rows: m, inputs: k, outputs: n };
        let _timer = Work::LinearForward.begin_product(|| sizes.flops(m));
        let left = if a.1 { Mat::new(a.0.slice(), k, m).t() } else { Mat::new(a.0.slice(), m, k) };
        let right = if b.1 { Mat::new(b.0.slice(), n, k).t() } else { Mat::new(b.0.slice(), k, n) };
        made(m * n, |c| matmul(c, n, left, right, false, Epilogue::default()))
    }
}
