//! Gradients that leave a method no choice or too many: zero, equal, opposing, and norms of 1e-20 and 1e20.
//!
//! TorchJD is followed wherever it has an answer that its paper's formula allows. Where it has none, or another, it is said
//! here why, and what this crate documents is asserted instead.

use mtl_sharing::SharingError;
use mtl_sharing::gradient::fair_grad;

use super::*;

/// What this crate gives where it differs from TorchJD.
enum Ours {
    /// This direction, by hand.
    Is([f64; 3]),
    /// The mean of the gradients, because the method's equations have no solution or none that can be found.
    Mean,
    /// So many times what it gives in the case `nothing`, in which TorchJD agrees.
    Times(f64),
    /// What it gives in the case `nothing`, but for its length.
    Along,
    /// A direction in CAGrad's ball that is as good for the worst task as TorchJD's, to 1e-6 of the largest gradient.
    AsGood,
}

const ROW: [f64; 3] = [1.0, 2.0, -1.0];

/// `(-2, -1/2, 1)` without its part along `ROW`, whose product with it is -4.
const OTHER_ALONE: [f64; 3] = [-4.0 / 3.0, 5.0 / 6.0, 1.0 / 3.0];

/// `ROW` without its part along `(-2, -1/2, 1)`.
const ROW_ALONE: [f64; 3] = [-11.0 / 21.0, 34.0 / 21.0, -5.0 / 21.0];

fn times(factor: f64, vector: [f64; 3]) -> [f64; 3] {
    vector.map(|value| factor * value)
}

/// `ROW/|ROW| + (-2, -1/2, 1)/|(-2, -1/2, 1)|`: squared norms 6 and 21/4.
fn unit_sum() -> [f64; 3] {
    let (row, other) = (6.0_f64.sqrt(), 5.25_f64.sqrt());
    [1.0 / row - 2.0 / other, 2.0 / row - 0.5 / other, -1.0 / row + 1.0 / other]
}

/// FairGrad's direction along g where g alone counts: `w |g|² = w^(-1/alpha)`, so `w = |g|^(-2 alpha/(1 + alpha))`.
fn fair(alpha: f64, g: [f64; 3]) -> [f64; 3] {
    let squared: f64 = g.iter().map(|value| value * value).sum();
    times(squared.powf(-alpha / (1.0 + alpha)), g)
}

/// Where this crate differs from TorchJD, and how.
fn difference(case: &str, method: &str) -> Option<Ours> {
    use Ours::*;
    Some(match (case, method) {
        // TorchJD divides by the norm, or finds no positive weight: nothing can be made of nothing.
        ("all zero", "dual-projection" | "upgrad" | "nash-mtl") => Is([0.0; 3]),
        ("all zero", "fairgrad 0.5" | "fairgrad 1.0" | "fairgrad 2.0") => Is([0.0; 3]),
        // No weight solves the zero gradient's equation; here it has none, and the other's is solved.
        ("one zero", "fairgrad 0.5") => Is(fair(0.5, ROW)),
        ("one zero", "fairgrad 1.0") => Is(fair(1.0, ROW)),
        // The zero gradient gains 0 whatever d is, so the maximum is taken at many.
        ("one zero", "cagrad .4") => AsGood,
        // Weights (1/3, 2/3) sum to 1 and give equal projections, of 0; TorchJD's pseudoinverse gives unequal ones.
        ("opposing", "imtl-g") => Is([0.0; 3]),
        // TorchJD's pseudoinverse leaves a direction of 2e-8, which is rounding.
        ("opposing", "config") => Is([0.0; 3]),
        // No direction helps both.
        ("opposing" | "opposing, of one norm", "fairgrad 0.5" | "fairgrad 1.0" | "fairgrad 2.0") => Mean,
        // Below the 1e-10 that is added to TorchJD's Gram matrix the smaller gradient is not seen.
        ("one of 1e-20", "dual-projection" | "upgrad") => Is(times(0.5, OTHER_ALONE)),
        ("one of 1e20", "dual-projection" | "upgrad") => Is(times(0.5e20, ROW_ALONE)),
        ("1e-20 and 1e20", "dual-projection" | "upgrad") => Is(times(0.5e20, OTHER_ALONE)),
        // Nor is it by the pseudoinverse for IMTL-G, whose d is 0 if the sum of the unscaled weights is below 1e-12. The
        // shorter gradient has weight 1, and the other as much as makes it as short.
        ("one of 1e-20" | "1e-20 and 1e20", "imtl-g") => Is(times(1e-20 * 6.0_f64.sqrt(), unit_sum())),
        ("one of 1e20", "imtl-g") => Is(times(5.25_f64.sqrt(), unit_sum())),
        ("all of 1e20", "imtl-g") => Times(1e20),
        // TorchJD's Gram matrix is 0 below 1e-12, and so is d near a Pareto point.
        ("all of 1e-20", "cagrad .4") => Times(1e-20),
        ("one of 1e-20" | "one of 1e20" | "1e-20 and 1e20", "cagrad .4") => AsGood,
        // TorchJD adds 1e-8 to the square of the mean norm.
        ("all of 1e-20", "sdmgrad") => Times(1.0),
        // The bargaining solution does not depend on the tasks' units; TorchJD's programs end at their start.
        ("one of 1e-20" | "one of 1e20" | "all of 1e20" | "1e-20 and 1e20", "nash-mtl") => Times(1.0),
        // Too short to be clipped.
        ("all of 1e-20", "nash-mtl") => Along,
        // Nor does proportional fairness, the same equations.
        (
            "one of 1e-20" | "one of 1e20" | "all of 1e-20" | "all of 1e20" | "1e-20 and 1e20",
            "fairgrad 1.0",
        ) => Times(1.0),
        // Least squares see absolute errors: the smaller gradient's equation is not solved. Scaling all gradients by s
        // scales d by s^((1 - alpha)/(1 + alpha)).
        ("all of 1e-20", "fairgrad 0.5") | ("all of 1e20", "fairgrad 2.0") => Times(1e-20_f64.cbrt()),
        ("all of 1e-20", "fairgrad 2.0") | ("all of 1e20", "fairgrad 0.5") => Times(1e20_f64.cbrt()),
        // d has no part along the gradient that needs the least to gain much.
        ("one of 1e-20", "fairgrad 2.0") => Is(fair(2.0, times(1e-20, ROW_ALONE))),
        ("one of 1e20", "fairgrad 2.0") => Is(fair(2.0, OTHER_ALONE)),
        // The solution gives one task a gain below the rounding of its terms, so it cannot be found in f64.
        ("one of 1e-20" | "one of 1e20" | "1e-20 and 1e20", "fairgrad 0.5") => Mean,
        ("1e-20 and 1e20", "fairgrad 2.0") => Mean,
        _ => return None,
    })
}

/// Whether both agree, in units of the expected vector's largest entry; where that is no more than rounding beside every
/// gradient, in units of the smallest gradient's. (Nash-MTL, FairGrad and SDMGrad's weights have a size of their own.)
fn agree(method: &str, rows: &[Vec<f64>], expected: &[f64], got: &[f64], tolerance: f64) -> bool {
    let sizes = rows.iter().map(|row| largest(row)).filter(|size| *size > 0.0);
    let smallest = sizes.fold(f64::INFINITY, f64::min);
    let own_size = ["nash-mtl", "fairgrad", "sdmgrad"].iter().any(|name| method.starts_with(name));
    let vanishes = !own_size && largest(expected) <= 1e-7 * smallest;
    near(expected, got, tolerance * if vanishes { smallest } else { largest(expected) })
}

#[test]
fn degenerate_gradients_as_in_torchjd_or_as_documented() {
    let cases = cases("degenerate");
    assert_eq!(cases.len(), 12);
    let nothing = cases.iter().find(|case| case["name"] == "nothing").unwrap();
    for case in &cases {
        let (name, rows) = (case["name"].as_str().unwrap(), rows(&case["jacobian"]));
        assert_eq!(case["answers"].as_object().unwrap().len(), METHODS.len());
        for (method, tolerance) in METHODS {
            let pairs = pairs(method, &rows, &case["answers"]);
            let same = pairs.iter().all(|(expected, got)| {
                expected.as_ref().is_some_and(|expected| agree(method, &rows, expected, got, tolerance))
            });
            match difference(name, method) {
                None => assert!(same, "{method} in {name}: expected and got {pairs:?}"),
                Some(ours) => {
                    assert!(!same, "{method} in {name} is as in TorchJD");
                    check(ours, method, &rows, &pairs, nothing);
                }
            }
        }
    }
}

fn check(ours: Ours, method: &str, rows: &[Vec<f64>], pairs: &Pairs, nothing: &Value) {
    let usual = || super::pairs(method, &super::rows(&nothing["jacobian"]), &nothing["answers"]);
    let all = |expected: &dyn Fn(usize) -> Vec<f64>| {
        for (step, (_, got)) in pairs.iter().enumerate() {
            let expected = expected(step);
            assert!(
                agree(method, rows, &expected, got, 1e-6),
                "{method} on {rows:?}: {expected:?}, got {got:?}"
            );
        }
    };
    match ours {
        Ours::Is(expected) => all(&|_| expected.to_vec()),
        Ours::Mean => {
            all(&|_| direction(rows, &mean(&gram_of(rows))));
            let alpha =
                method.strip_prefix("fairgrad ").expect("the method that falls back").parse().unwrap();
            assert!(matches!(fair_grad(&gram_of(rows), alpha), Err(SharingError::NotConverged { .. })));
        }
        Ours::Times(factor) => {
            all(&|step| usual()[step].1.iter().map(|value| factor * value).collect());
        }
        Ours::Along => {
            let unit =
                |vector: &[f64]| -> Vec<f64> { vector.iter().map(|value| value / largest(vector)).collect() };
            assert!(near(&unit(&usual()[0].1), &unit(&pairs[0].1), 1e-6), "{method} on {rows:?}: {pairs:?}");
        }
        Ours::AsGood => assert_as_good(rows, &pairs[0]),
    }
}

/// Asserts that a direction lies in the ball of radius .4 around the mean, and that its worst gain is as good.
fn assert_as_good(rows: &[Vec<f64>], (torchjd, got): &(Option<Vec<f64>>, Vec<f64>)) {
    let norm = |vector: &[f64]| vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    let mean = direction(rows, &mean(&gram_of(rows)));
    let away: Vec<f64> = got.iter().zip(&mean).map(|(got, mean)| got - mean).collect();
    assert!(norm(&away) <= 0.4 * norm(&mean) * (1.0 + 1e-9), "{got:?}");
    let gain = |row: &[f64], direction: &[f64]| row.iter().zip(direction).map(|(a, b)| a * b).sum::<f64>();
    let worst = |direction: &[f64]| rows.iter().map(|row| gain(row, direction)).fold(f64::INFINITY, f64::min);
    let longest = rows.iter().map(|row| norm(row)).fold(0.0, f64::max);
    let expected = torchjd.as_ref().expect("TorchJD has an answer");
    assert!(worst(got) >= worst(expected) - 1e-6 * longest * norm(got), "{got:?}, {expected:?}");
}
