//! Laws of the matrix product, on every path that the processor has.

use super::{Epilogue, Mat, Trace, matmul_by, reference};
use crate::element::{Float, Real, bf16};
use crate::kernels::activation::{Activation, forward};
use crate::kernels::isa::Isa;
use proptest::prelude::*;

/// A product to compute: sizes, layouts, and what happens to the result.
#[derive(Debug, Clone)]
struct Case {
    rows: usize,
    cols: usize,
    depth: usize,
    /// Elements between the rows of a, b and c beyond their own.
    gaps: [usize; 3],
    transposed: [bool; 2],
    accumulate: bool,
    bias: bool,
    trace: Option<Trace>,
    activation: Activation,
    seed: u32,
}

fn case() -> impl Strategy<Value = Case> {
    let size = || prop_oneof![1usize..6, 6usize..40, 40usize..150];
    let depth = prop_oneof![0usize..4, 4usize..80, 80usize..300, 500usize..1100];
    let activation = prop::sample::select(vec![
        Activation::None,
        Activation::Relu,
        Activation::Tanh,
        Activation::Gelu,
        Activation::GeluTanh,
    ]);
    let trace = prop::sample::select(vec![None, Some(Trace::Argument), Some(Trace::Slope)]);
    let flags = (any::<[bool; 2]>(), any::<bool>(), any::<bool>(), trace);
    let gaps = prop::array::uniform3(prop_oneof![Just(0usize), 1usize..20]);
    (size(), size(), depth, gaps, flags, activation, any::<u32>()).prop_map(
        |(rows, cols, depth, gaps, (transposed, accumulate, bias, trace), activation, seed)| Case {
            rows,
            cols,
            depth,
            gaps,
            transposed,
            accumulate,
            bias,
            trace,
            activation,
            seed,
        },
    )
}

/// Values of about unit size from a multiplicative congruential sequence.
fn values<T: Float>(len: usize, seed: u32) -> Vec<T> {
    let mut state = u64::from(seed) * 2 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 23) as f64 - 1.0
    };
    (0..len).map(|_| T::of(next())).collect()
}

/// The data of a strided matrix, with what a product should never read in the gaps.
fn operand<T: Float>(rows: usize, cols: usize, gap: usize, seed: u32) -> Vec<T> {
    let mut data = values::<T>(rows * (cols + gap), seed);
    for row in data.chunks_mut((cols + gap).max(1)) {
        row[cols..].fill(T::of(f64::NAN));
    }
    data
}

fn view<T>(data: &[T], rows: usize, cols: usize, gap: usize, transposed: bool) -> Mat<'_, T> {
    if transposed {
        Mat::with_stride(data, cols, rows, rows + gap).t()
    } else {
        Mat::with_stride(data, rows, cols, cols + gap)
    }
}

fn stored(rows: usize, cols: usize, transposed: bool) -> (usize, usize) {
    if transposed { (cols, rows) } else { (rows, cols) }
}

/// Runs a case by `f` and returns the result and the trace of the activation.
fn run<A, B, C, M>(
    case: &Case,
    f: impl Fn(&mut [C], usize, Mat<'_, A>, Mat<'_, B>, bool, Epilogue<'_, C>),
) -> (Vec<C>, Vec<C>)
where
    A: Float<Master = M>,
    B: Float<Master = M>,
    C: Float<Master = M>,
    M: Real,
{
    let Case { rows, cols, depth, gaps, transposed, seed, .. } = *case;
    let (a_stored, b_stored) = (stored(rows, depth, transposed[0]), stored(depth, cols, transposed[1]));
    let a = operand::<A>(a_stored.0, a_stored.1, gaps[0], seed);
    let b = operand::<B>(b_stored.0, b_stored.1, gaps[1], seed ^ 1);
    let bias = values::<M>(cols, seed ^ 2);
    let mut c = values::<C>(rows * (cols + gaps[2]), seed ^ 3);
    let mut trace = vec![C::default(); c.len()];
    let epilogue = Epilogue {
        bias: case.bias.then_some(&bias),
        activation: case.activation,
        trace: case.trace.map(|kind| (kind, &mut trace[..])),
    };
    let a = view(&a, rows, depth, gaps[0], transposed[0]);
    let b = view(&b, depth, cols, gaps[1], transposed[1]);
    f(&mut c, cols + gaps[2], a, b, case.accumulate, epilogue);
    (c, trace)
}

/// Sums of `depth` products of values below 1, one rounding each, in the worst order: depth eps sum|a b| with
/// mean |a b| = 1/4; an eighth of that bound holds for random signs. `stored` is half a unit of the result's type.
fn check<A, B, C, M>(case: &Case, eps: f64, stored: f64)
where
    A: Float<Master = M>,
    B: Float<Master = M>,
    C: Float<Master = M>,
    M: Real,
{
    let (expected, expected_trace) =
        run::<A, B, C, M>(case, |c, ldc, a, b, add, e| reference(c, ldc, a, b, add, e));
    let depth = case.depth as f64;
    let tolerance = eps * (8.0 + depth * depth.sqrt() / 8.0);
    for isa in Isa::ALL.into_iter().filter(|isa| *isa <= Isa::detect()) {
        let (c, trace) = run::<A, B, C, M>(case, |c, ldc, a, b, add, e| matmul_by(isa, c, ldc, a, b, add, e));
        for (got, wanted) in [(c, &expected), (trace, &expected_trace)] {
            for (at, (x, y)) in got.iter().zip(wanted).enumerate() {
                let (x, y) = (x.to_f64(), y.to_f64());
                let error = (x - y).abs();
                // At its corner the slope of ReLU is 0 or 1.
                let corner = case.activation == Activation::Relu && expected[at].to_f64() <= tolerance;
                assert!(
                    error <= tolerance + 2.0 * stored * y.abs() || corner,
                    "{isa}: element {at}: {x} not {y}: {case:?}"
                );
            }
        }
    }
}

const F32_EPS: f64 = f32::EPSILON as f64;
const BF16_HALF_UNIT: f64 = 1.0 / 256.0;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_path_computes_the_product_of_f32(case in case()) {
        check::<f32, f32, f32, _>(&case, F32_EPS, F32_EPS);
    }

    #[test]
    fn every_path_computes_the_product_of_f64(case in case()) {
        check::<f64, f64, f64, _>(&case, f64::EPSILON * 8.0, f64::EPSILON);
    }

    #[test]
    fn every_path_rounds_both_operands_of_a_bf16_product(case in case()) {
        check::<bf16, f32, f32, _>(&case, F32_EPS, F32_EPS);
        check::<f32, bf16, f32, _>(&case, F32_EPS, F32_EPS);
        check::<bf16, bf16, f32, _>(&case, F32_EPS, F32_EPS);
    }

    #[test]
    fn every_path_rounds_a_bf16_result_once(case in case()) {
        check::<bf16, f32, bf16, _>(&case, F32_EPS, BF16_HALF_UNIT);
        check::<f32, f32, bf16, _>(&case, F32_EPS, BF16_HALF_UNIT);
    }

    #[test]
    fn threads_do_not_change_the_bits(case in case(), factor in 1usize..8) {
        let case = Case { rows: case.rows * factor, ..case };
        for isa in Isa::ALL.into_iter().filter(|isa| *isa <= Isa::detect()) {
            let on = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
                pool.install(|| {
                    let f32s = run::<f32, f32, f32, _>(&case, |c, l, a, b, add, e| matmul_by(isa, c, l, a, b, add, e));
                    let bf16s = run::<bf16, f32, bf16, _>(&case, |c, l, a, b, add, e| matmul_by(isa, c, l, a, b, add, e));
                    (f32s, bf16s)
                })
            };
            let one = on(1);
            prop_assert!(one == on(2) && one == on(3), "{}", isa);
        }
    }

    #[test]
    fn products_over_ranges_of_the_depth_sum_to_the_whole(case in case(), cut in 0.0..1.0) {
        let case = Case { transposed: [true, false], activation: Activation::None, accumulate: false, ..case };
        let cut = (cut * case.depth as f64) as usize;
        for isa in Isa::ALL.into_iter().filter(|isa| *isa <= Isa::detect()) {
            let (whole, _) = run::<bf16, bf16, f32, _>(&case, |c, l, a, b, add, e| matmul_by(isa, c, l, a, b, add, e));
            let (parts, _) = run::<bf16, bf16, f32, _>(&case, |c, l, a, b, _, e| {
                let at = a.cols;
                matmul_by(isa, c, l, a.t().rows(0..cut).t(), b.rows(0..cut), false, e);
                matmul_by(isa, c, l, a.t().rows(cut..at).t(), b.rows(cut..at), true, Epilogue::default());
            });
            for (x, y) in whole.iter().zip(&parts) {
                prop_assert!((x - y).abs() <= 1e-4 * (1.0 + y.abs()), "{}: {} not {}", isa, y, x);
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_rows_around_it(case in case(), at in 0.0..1.0) {
        let case = Case { transposed: [false, true], trace: None, ..case };
        let row = (at * case.rows as f64) as usize;
        for isa in Isa::ALL.into_iter().filter(|isa| *isa <= Isa::detect()) {
            let (whole, _) = run::<bf16, f32, f32, _>(&case, |c, l, a, b, add, e| matmul_by(isa, c, l, a, b, add, e));
            let (alone, _) = run::<bf16, f32, f32, _>(&case, |c, l, a, b, add, e| {
                matmul_by(isa, &mut c[row * l..], l, a.rows(row..row + 1), b, add, e);
            });
            let ldc = case.cols + case.gaps[2];
            let place = row * ldc..row * ldc + case.cols;
            prop_assert_eq!(&whole[place.clone()], &alone[place], "{}", isa);
        }
    }
}

#[test]
fn a_value_is_had_again_from_its_argument_to_the_bit() {
    fn check<C: Float>() {
        for activation in [Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::GeluTanh] {
            let case = Case {
                rows: 67,
                cols: 45,
                depth: 33,
                gaps: [0, 0, 0],
                transposed: [false, true],
                accumulate: false,
                bias: true,
                trace: Some(Trace::Argument),
                activation,
                seed: 5,
            };
            let product = |c: &mut [C], ldc, a: Mat<'_, C>, b: Mat<'_, C>, add, e: Epilogue<'_, C>| {
                matmul_by(Isa::current(), c, ldc, a, b, add, e);
            };
            let (values, arguments) = run::<C, C, C, _>(&case, product);
            let mut again = vec![C::default(); values.len()];
            forward(activation, &arguments, &mut again);
            assert_eq!(again, values, "{activation:?}");
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn a_bf16_result_is_rounded_to_nearest_with_ties_to_even() {
    // A product over nothing is its bias. Every float with a step of 4099 between their bits: ties among them by hand.
    let ties = [0x3f80_8000, 0x3f81_8000, 0xbf80_8000, 0xbf81_8000, 0x3f80_7fff, 0x3f80_8001, 0x7f7f_ffff];
    let bits = (0x0080_0000..0x7f80_0000).step_by(4099).flat_map(|bits| [bits, bits | 1 << 31]).chain(ties);
    let bias: Vec<f32> = bits.map(f32::from_bits).collect();
    let (cols, none): (usize, [bf16; 0]) = (bias.len(), []);
    let wanted: Vec<bf16> = bias.iter().map(|x| bf16::from_f32(*x)).collect();
    for isa in Isa::ALL.into_iter().filter(|isa| *isa <= Isa::detect()) {
        for trace in [None, Some(Trace::Argument)] {
            let (mut c, mut argument) = (vec![bf16::ZERO; cols], vec![bf16::ZERO; cols]);
            let epilogue = Epilogue {
                bias: Some(&bias),
                trace: trace.map(|kind| (kind, &mut argument[..])),
                ..Epilogue::default()
            };
            matmul_by(isa, &mut c, cols, Mat::new(&none, 1, 0), Mat::new(&none, 0, cols), false, epilogue);
            assert!(c == wanted, "{isa}");
            assert!(trace.is_none() || argument == wanted, "{isa}");
        }
    }
}

#[test]
fn what_is_not_finite_stays_so() {
    for isa in Isa::ALL.into_iter().filter(|isa| *isa <= Isa::detect()) {
        for (bad, activation) in [(f32::NAN, Activation::Relu), (f32::INFINITY, Activation::None)] {
            let (mut a, b, mut c) = (vec![1.0f32; 40 * 70], vec![1.0f32; 70 * 33], vec![0.0f32; 40 * 33]);
            a[7 * 70 + 68] = bad;
            let epilogue = Epilogue { activation, ..Epilogue::default() };
            matmul_by(isa, &mut c, 33, Mat::new(&a, 40, 70), Mat::new(&b, 70, 33), false, epilogue);
            for (at, x) in c.iter().enumerate() {
                assert_eq!(x.is_finite(), at / 33 != 7, "{isa}: element {at} is {x}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "a has 3 columns but b has 4 rows")]
fn depths_that_differ_are_refused() {
    let (a, b, mut c) = ([0.0f32; 6], [0.0f32; 8], [0.0f32; 4]);
    matmul_by(Isa::Portable, &mut c, 2, Mat::new(&a, 2, 3), Mat::new(&b, 4, 2), false, Epilogue::default());
}
