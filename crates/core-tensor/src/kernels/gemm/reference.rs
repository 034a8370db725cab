//! The matrix product as its definition says it.

use super::{Epilogue, Mat, Trace};
use crate::element::{DType, Float, Real, bf16};
use crate::kernels::activation::reference as activation;

/// [`matmul`](super::matmul) by three plain loops in `f64`: slow and obvious, to test the kernels against.
///
/// Operands are rounded to `bf16` first where the kernels round them, so that the results differ by nothing but
/// the rounding of the sums.
///
/// # Shapes
/// As for [`matmul`](super::matmul).
///
/// # Panics
/// As [`matmul`](super::matmul) does.
pub fn reference<A, B, C, M>(
    c: &mut [C],
    ldc: usize,
    a: Mat<'_, A>,
    b: Mat<'_, B>,
    accumulate: bool,
    mut epilogue: Epilogue<'_, C>,
) where
    A: Float<Master = M>,
    B: Float<Master = M>,
    C: Float<Master = M>,
    M: Real,
{
    assert_eq!(a.cols, b.rows, "matmul: a has {} columns but b has {} rows", a.cols, b.rows);
    let rounded = A::DTYPE == DType::Bf16 || B::DTYPE == DType::Bf16;
    let round = |x: f64| if rounded { bf16::of(x).to_f64() } else { x };
    for i in 0..a.rows {
        for j in 0..b.cols {
            let product = |p| round(a.at(i, p).to_f64()) * round(b.at(p, j).to_f64());
            let start = if accumulate { c[i * ldc + j].to_f64() } else { 0.0 };
            let bias = epilogue.bias.map_or(0.0, |bias| bias[j].as_f64());
            let u = start + (0..a.cols).map(product).sum::<f64>() + bias;
            if let Some((kind, trace)) = &mut epilogue.trace {
                trace[i * ldc + j] = C::of(match kind {
                    Trace::Argument => u,
                    Trace::Slope => activation::slope(epilogue.activation, u),
                });
            }
            c[i * ldc + j] = C::of(activation::value(epilogue.activation, u));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::activation::Activation;

    #[test]
    fn two_by_two() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
        let mut c = [1.0; 4];
        let epilogue = Epilogue { bias: Some(&[100.0, -70.0]), activation: Activation::Relu, trace: None };
        reference(&mut c, 2, Mat::new(&a, 2, 2), Mat::new(&b, 2, 2), true, epilogue);
        assert_eq!(c, [120.0, 0.0, 144.0, 0.0]);
    }
}
