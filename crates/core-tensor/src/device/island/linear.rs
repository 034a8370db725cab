//! Products by three plain loops.

use super::{Island, IslandBuffer};
use crate::device::{Activation, LinearOps, LinearSizes, Trace};
use crate::element::Float;
use crate::kernels::gemm::{self, Epilogue, Mat};
use crate::kernels::reduce;
use std::ops::Range;

/// c = a b.
fn product<E: Float>(a: Mat<'_, f64>, b: Mat<'_, f64>) -> IslandBuffer<E> {
    let (m, n) = (a.rows, b.cols);
    IslandBuffer::filled(m * n, |c| gemm::reference(c, n, a, b, false, Epilogue::default()))
}

impl LinearOps for Island {
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
        let (x, w) = (Mat::new(&x, rows, inputs), Mat::new(&w, outputs, inputs).t());
        let mut traced = trace.map(|kind| (kind, vec![0.0; rows * outputs]));
        let trace = traced.as_mut().map(|(kind, values)| (*kind, &mut values[..]));
        let epilogue = Epilogue { bias: bias.as_deref(), activation, trace };
        let y = IslandBuffer::filled(rows * outputs, |y| gemm::reference(y, outputs, x, w, false, epilogue));
        (y, traced.map(|(_, values)| IslandBuffer::rounded(values)))
    }

    fn linear_input<E: Float>(
        &self,
        du: &IslandBuffer<E>,
        w: &IslandBuffer<E::Master>,
        sizes: LinearSizes,
    ) -> IslandBuffer<E> {
        let LinearSizes { rows, inputs, outputs } = sizes;
        product(Mat::new(&du.wide(), rows, outputs), Mat::new(&w.wide(), outputs, inputs))
    }

    fn linear_weight<E: Float>(
        &self,
        du: &IslandBuffer<E>,
        x: &IslandBuffer<E>,
        rows: Range<usize>,
        sizes: LinearSizes,
    ) -> IslandBuffer<E::Master> {
        let LinearSizes { rows: n, inputs, outputs } = sizes;
        let (du, x) = (du.wide(), x.wide());
        product(Mat::new(&du, n, outputs).rows(rows.clone()).t(), Mat::new(&x, n, inputs).rows(rows))
    }

    fn column_sums<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> IslandBuffer<E::Master> {
        IslandBuffer::filled(width, |sums| reduce::reference::column_sums(&x.wide(), width, rows, sums))
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
        let left = if a.1 { Mat::new(&x, k, m).t() } else { Mat::new(&x, m, k) };
        let right = if b.1 { Mat::new(&y, n, k).t() } else { Mat::new(&y, k, n) };
        product(left, right)
    }
}
