//! Laws of gradient combining.

use std::collections::BTreeMap;

use mtl_sharing::gradient::{
    CrossGram, EigenvalueScale, GradientKind, GradientNormalization, Gram, Needs, Rescale, SdmGradRule,
    aligned_mtl, cagrad, config, dual_projection, fair_grad, grad_drop, grad_vac, imtl_g, mgda, nash_mtl,
    pcgrad, sdm_grad, sum, up_grad,
};
use mtl_sharing::strategies::{general_jacobians, gram_of, grams, jacobians};
use mtl_sharing::{SharingError, WeightingState};
use proptest::prelude::*;

fn mean(gram: &Gram) -> Vec<f64> {
    vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()]
}

/// `g_t · d` for every task.
fn gains(gram: &Gram, weights: &[f64]) -> Vec<f64> {
    (0..gram.n_tasks()).map(|i| weights.iter().enumerate().map(|(j, w)| w * gram.get(i, j)).sum()).collect()
}

/// The largest `w_t |g_t|`: the unit of what rounding does to the direction.
fn size(gram: &Gram, weights: &[f64]) -> f64 {
    weights.iter().enumerate().map(|(i, w)| w.abs() * gram.norm(i)).fold(f64::MIN_POSITIVE, f64::max)
}

/// The gradients times a factor for each.
fn scaled(rows: &[Vec<f64>], factor: impl Fn(usize) -> f64) -> Gram {
    let rows: Vec<Vec<f64>> =
        rows.iter().enumerate().map(|(i, row)| row.iter().map(|x| x * factor(i)).collect()).collect();
    gram_of(&rows)
}

fn orders(n_tasks: usize) -> Vec<Vec<usize>> {
    (0..n_tasks).map(|task| (0..n_tasks).map(|other| (other + task) % n_tasks).collect()).collect()
}

/// The methods that are functions of the Gram matrix alone.
fn pure(kind: GradientKind, gram: &Gram) -> Result<Vec<f64>, SharingError> {
    let mean = mean(gram);
    Ok(match kind {
        GradientKind::Sum => sum(gram),
        GradientKind::Mgda => mgda(gram, &mean, GradientNormalization::None)?,
        GradientKind::CaGrad => cagrad(gram, 0.5, Rescale::None)?,
        GradientKind::ImtlG => imtl_g(gram),
        GradientKind::NashMtl => nash_mtl(gram)?,
        GradientKind::AlignedMtl => aligned_mtl(gram, &mean, EigenvalueScale::Min)?,
        GradientKind::FairGrad => fair_grad(gram, 2.0)?,
        GradientKind::ConFig => config(gram),
        GradientKind::DualProjection => dual_projection(gram, &mean)?,
        GradientKind::UpGrad => up_grad(gram, &mean)?,
        other => panic!("{other} is not a function of the gram matrix alone"),
    }
    .weights)
}

const PURE: [GradientKind; 10] = [
    GradientKind::Sum,
    GradientKind::Mgda,
    GradientKind::CaGrad,
    GradientKind::ImtlG,
    GradientKind::NashMtl,
    GradientKind::AlignedMtl,
    GradientKind::FairGrad,
    GradientKind::ConFig,
    GradientKind::DualProjection,
    GradientKind::UpGrad,
];

/// Gradients, and a permutation of their tasks.
fn permuted_jacobians() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<usize>)> {
    general_jacobians().prop_flat_map(|rows| {
        let places: Vec<usize> = (0..rows.len()).collect();
        (Just(rows), Just(places).prop_shuffle())
    })
}

/// Whether each entry is near its fellow, both in units of the largest.
fn near(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let size = a.iter().chain(b).fold(f64::MIN_POSITIVE, |size, x| size.max(x.abs()));
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * size)
}

/// The longest gradient over the shortest that is not zero.
fn spread(gram: &Gram) -> f64 {
    let norms = || (0..gram.n_tasks()).map(|i| gram.norm(i)).filter(|norm| *norm > 0.0);
    norms().fold(0.0, f64::max) / norms().fold(f64::INFINITY, f64::min)
}

/// The largest breach of `g_t · d >= |d|²` at MGDA's weights, for unit vectors `g_t/|g_t|`, in units of the larger of the
/// shortest gradient and of what rounding does to the direction.
fn mgda_breach(gram: &Gram) -> f64 {
    let weights = mgda(gram, &mean(gram), GradientNormalization::None).unwrap().weights;
    let squared = gram.norm_of(&weights).powi(2);
    let shortest = (0..gram.n_tasks()).map(|i| gram.norm(i)).fold(f64::INFINITY, f64::min);
    let unit = size(gram, &weights).max(shortest);
    let breach = |(i, gain): (usize, f64)| (squared - gain) / (gram.norm(i) * unit).max(f64::MIN_POSITIVE);
    gains(gram, &weights).into_iter().enumerate().map(breach).fold(0.0, f64::max)
}

/// Why [`mgda_meets_the_kkt_conditions`] asks for less where norms lie far apart: of two opposing gradients and one 3e5
/// times shorter, the shortest vector is what is left of the long ones, and rounding leaves a breach above 1e-6.
#[test]
fn mgda_breaks_the_tight_bound_where_norms_lie_far_apart() {
    let gram = gram_of(&[vec![-332.9, 49.063], vec![0.0, 0.001], vec![332.9, -49.063]]);
    let (spread, breach) = (spread(&gram), mgda_breach(&gram));
    assert!(spread > 1e5, "{spread}");
    assert!((1e-6..1e-4).contains(&breach), "{breach}");
}

proptest! {
    #[test]
    fn mgda_weights_lie_on_simplex(gram in grams()) {
        let weights = mgda(&gram, &mean(&gram), GradientNormalization::None).unwrap().weights;
        prop_assert!(weights.iter().all(|weight| *weight >= 0.0));
        prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn mgda_meets_the_kkt_conditions(gram in grams()) {
        // Norms far apart leave fewer digits to the shortest gradient: `mgda` promises 1e-4 there.
        let bound = if spread(&gram) <= 1e3 { 1e-6 } else { 1e-4 };
        let breach = mgda_breach(&gram);
        prop_assert!(breach <= bound, "{breach} > {bound}");
    }

    #[test]
    fn mgda_norm_is_at_most_every_task_norm(gram in grams()) {
        let weights = mgda(&gram, &mean(&gram), GradientNormalization::None).unwrap().weights;
        let norm = gram.norm_of(&weights);
        for i in 0..gram.n_tasks() {
            prop_assert!(norm <= gram.norm(i) * (1.0 + 1e-9) + 1e-7 * size(&gram, &weights));
        }
    }

    #[test]
    fn pcgrad_is_sum_when_nothing_conflicts(rows in jacobians()) {
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().map(|x| x.abs()).collect()).collect();
        let gram = gram_of(&rows);
        prop_assert_eq!(pcgrad(&gram, &orders(rows.len())).unwrap(), sum(&gram));
    }

    #[test]
    fn grad_vac_with_targets_held_at_zero_is_pcgrad(gram in grams()) {
        let mut targets = vec![0.0; gram.n_tasks() * gram.n_tasks()];
        let orders = orders(gram.n_tasks());
        let vaccine = grad_vac(&gram, &orders, &mut targets, 0.0).unwrap().weights;
        let surgery = pcgrad(&gram, &orders).unwrap().weights;
        let difference: Vec<f64> = vaccine.iter().zip(&surgery).map(|(a, b)| a - b).collect();
        prop_assert!(gram.norm_of(&difference) <= 1e-6 * size(&gram, &surgery));
    }

    #[test]
    fn cagrad_with_c_zero_is_the_mean(gram in grams()) {
        prop_assert_eq!(cagrad(&gram, 0.0, Rescale::None).unwrap().weights, mean(&gram));
    }

    #[test]
    fn cagrad_stays_in_its_ball(gram in grams(), c in 0.0..2.0) {
        let weights = cagrad(&gram, c, Rescale::None).unwrap().weights;
        let mean = mean(&gram);
        let away: Vec<f64> = weights.iter().zip(&mean).map(|(weight, mean)| weight - mean).collect();
        let slack = 1e-7 * size(&gram, &weights);
        prop_assert!(gram.norm_of(&away) <= c * gram.norm_of(&mean) * (1.0 + 1e-7) + slack);
    }

    #[test]
    fn cagrad_worst_gain_is_at_least_that_of_the_mean(gram in grams(), c in 0.0..1.0) {
        let worst = |weights: &[f64]| gains(&gram, weights).into_iter().fold(f64::INFINITY, f64::min);
        let weights = cagrad(&gram, c, Rescale::None).unwrap().weights;
        let largest = (0..gram.n_tasks()).map(|i| gram.norm(i)).fold(0.0, f64::max);
        prop_assert!(worst(&weights) >= worst(&mean(&gram)) - 1e-4 * largest * largest);
    }

    #[test]
    fn upgrad_conflicts_with_no_task(gram in grams()) {
        let weights = up_grad(&gram, &mean(&gram)).unwrap().weights;
        for (i, gain) in gains(&gram, &weights).iter().enumerate() {
            prop_assert!(*gain >= -1e-8 * gram.norm(i) * size(&gram, &weights));
        }
    }

    #[test]
    fn dual_projection_conflicts_with_no_task(gram in grams()) {
        let weights = dual_projection(&gram, &mean(&gram)).unwrap().weights;
        for (i, gain) in gains(&gram, &weights).iter().enumerate() {
            prop_assert!(*gain >= -1e-8 * gram.norm(i) * size(&gram, &weights));
        }
    }

    #[test]
    fn imtl_g_weights_sum_to_one_and_projections_are_equal(rows in general_jacobians()) {
        let gram = gram_of(&rows);
        let combined = imtl_g(&gram);
        prop_assert!((combined.weights.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        let projections: Vec<f64> =
            gains(&gram, &combined.weights).iter().enumerate().map(|(i, gain)| gain / gram.norm(i)).collect();
        for projection in &projections {
            prop_assert!((projection - projections[0]).abs() <= 1e-6 * size(&gram, &combined.weights));
        }
    }

    #[test]
    fn nash_mtl_solves_its_equations_and_helps_every_task(rows in general_jacobians()) {
        let gram = gram_of(&rows);
        let frobenius = gram.values().iter().map(|value| value * value).sum::<f64>().sqrt();
        let weights = nash_mtl(&gram).unwrap().weights;
        for (gain, weight) in gains(&gram, &weights).iter().zip(&weights) {
            prop_assert!(*weight > 0.0 && (gain * weight / frobenius - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn fairgrad_solves_its_equations(rows in general_jacobians(), alpha in 0.2..5.0) {
        let gram = gram_of(&rows);
        let weights = fair_grad(&gram, alpha).unwrap().weights;
        for (gain, weight) in gains(&gram, &weights).iter().zip(&weights) {
            prop_assert!((gain * weight.powf(1.0 / alpha) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn config_has_one_angle_to_every_gradient(rows in general_jacobians()) {
        let gram = gram_of(&rows);
        let weights = config(&gram).weights;
        let norm = gram.norm_of(&weights);
        let cosines: Vec<f64> =
            gains(&gram, &weights).iter().enumerate().map(|(i, gain)| gain / gram.norm(i) / norm).collect();
        prop_assert!(cosines.iter().all(|cosine| *cosine > 0.0 && (cosine - cosines[0]).abs() < 1e-6));
    }

    #[test]
    fn aligned_mtl_makes_the_components_equally_long(rows in general_jacobians()) {
        // The columns of w as a function of the preference align the system: BᵀGB is a multiple of the identity.
        let gram = gram_of(&rows);
        let n = gram.n_tasks();
        let column = |t: usize| {
            let preference: Vec<f64> = (0..n).map(|s| f64::from(u8::from(s == t))).collect();
            aligned_mtl(&gram, &preference, EigenvalueScale::Min).unwrap().weights
        };
        let columns: Vec<Vec<f64>> = (0..n).map(column).collect();
        let length = gram.norm_of(&columns[0]);
        for s in 0..n {
            prop_assert!((gram.norm_of(&columns[s]) / length - 1.0).abs() < 1e-6);
            let along = gains(&gram, &columns[s]);
            for t in 0..s {
                let product: f64 = along.iter().zip(&columns[t]).map(|(a, b)| a * b).sum();
                prop_assert!(product.abs() < 1e-6 * length * length);
            }
        }
    }

    #[test]
    fn grad_drop_elements_are_sums_of_one_sign(rows in jacobians(), draw in 0.0..1.0_f64) {
        let gradients: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let n_elements = rows[0].len();
        let mut combined = vec![0.0; n_elements];
        grad_drop(&gradients, &vec![0.0; rows.len()], &vec![draw; n_elements], &mut combined).unwrap();
        for (i, got) in combined.iter().enumerate() {
            let positive: f64 = rows.iter().map(|row| row[i].max(0.0)).sum();
            let negative: f64 = rows.iter().map(|row| row[i].min(0.0)).sum();
            prop_assert!(*got == 0.0 || (got - positive).abs() < 1e-12 || (got - negative).abs() < 1e-12);
        }
    }

    #[test]
    fn grad_drop_with_a_full_leak_is_the_sum(rows in jacobians(), draw in 0.0..1.0_f64) {
        let gradients: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let n_elements = rows[0].len();
        let mut combined = vec![0.0; n_elements];
        grad_drop(&gradients, &vec![1.0; rows.len()], &vec![draw; n_elements], &mut combined).unwrap();
        for (i, got) in combined.iter().enumerate() {
            prop_assert!((got - rows.iter().map(|row| row[i]).sum::<f64>()).abs() < 1e-9);
        }
    }

    #[test]
    fn sdmgrad_weights_lie_on_simplex(rows in jacobians(), lambda in 0.0..2.0) {
        let gram = gram_of(&rows);
        let cross = CrossGram::new(gram.values().to_vec(), gram.tasks().to_vec()).unwrap();
        let mut w = mean(&gram);
        let weights = sdm_grad(&cross, &mut w, SdmGradRule { lambda, ..SdmGradRule::default() }).unwrap().weights;
        for on_simplex in [&w, &weights] {
            prop_assert!(on_simplex.iter().all(|weight| *weight >= 0.0));
            prop_assert!((on_simplex.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn permuting_the_tasks_permutes_the_weights((rows, places) in permuted_jacobians()) {
        let gram = gram_of(&rows);
        let permuted_rows: Vec<Vec<f64>> = places.iter().map(|&place| rows[place].clone()).collect();
        let permuted = gram_of(&permuted_rows);
        let follow = |weights: &[f64]| places.iter().map(|&place| weights[place]).collect::<Vec<_>>();
        for kind in PURE {
            let (got, from) = (pure(kind, &permuted).unwrap(), pure(kind, &gram).unwrap());
            prop_assert!(near(&got, &follow(&from), 1e-5), "{}: {:?}, {:?}", kind, got, follow(&from));
        }
        // The orders are permuted too: task t of the second problem is task places[t] of the first.
        let n = rows.len();
        let new_place = |old: usize| places.iter().position(|place| *place == old).unwrap();
        let first = orders(n);
        let second: Vec<Vec<usize>> =
            places.iter().map(|&old| first[old].iter().map(|&other| new_place(other)).collect()).collect();
        let (got, from) = (pcgrad(&permuted, &second).unwrap(), pcgrad(&gram, &first).unwrap());
        prop_assert!(near(&got.weights, &follow(&from.weights), 1e-9));
        let got = grad_vac(&permuted, &second, &mut vec![0.3; n * n], 0.5).unwrap();
        let from = grad_vac(&gram, &first, &mut vec![0.3; n * n], 0.5).unwrap();
        prop_assert!(near(&got.weights, &follow(&from.weights), 1e-9));
    }

    #[test]
    fn scaling_every_gradient_scales_the_direction(rows in general_jacobians(), exponent in -20_i32..=20) {
        let factor = 10_f64.powi(exponent);
        let (gram, larger) = (gram_of(&rows), scaled(&rows, |_| factor));
        for kind in PURE {
            // The alpha-fair equations make w shrink by the factor to the power 2 alpha/(1 + alpha), alpha 2 here.
            // Nash-MTL solves for the normalized matrix: its weights, too, do not depend on the unit.
            let power = if kind == GradientKind::FairGrad { -4.0 / 3.0 } else { 0.0 };
            let expected: Vec<f64> =
                pure(kind, &gram).unwrap().iter().map(|weight| weight * factor.powf(power)).collect();
            let got = pure(kind, &larger).unwrap();
            prop_assert!(near(&got, &expected, 1e-6), "{}: {:?}, {:?}", kind, got, expected);
        }
    }

    #[test]
    fn nash_direction_ignores_the_scale_of_each_loss(rows in general_jacobians(), exponents in proptest::array::uniform8(-3_i32..=3)) {
        // Claim of the paper: the bargaining solution is invariant to changes of the losses' scales.
        let other = scaled(&rows, |task| 10_f64.powi(exponents[task]));
        let gram = gram_of(&rows);
        let (one, two) = (fair_grad(&gram, 1.0).unwrap().weights, fair_grad(&other, 1.0).unwrap().weights);
        let back: Vec<f64> = two.iter().enumerate().map(|(task, weight)| weight * 10_f64.powi(exponents[task])).collect();
        prop_assert!(near(&one, &back, 1e-7));
    }

    #[test]
    fn imtl_g_direction_does_not_turn_with_the_scale_of_a_loss(rows in general_jacobians(), exponents in proptest::array::uniform8(-2_i32..=2)) {
        let other = scaled(&rows, |task| 10_f64.powi(exponents[task]));
        let (one, two) = (imtl_g(&gram_of(&rows)).weights, imtl_g(&other).weights);
        let back: Vec<f64> = two.iter().enumerate().map(|(task, weight)| weight * 10_f64.powi(exponents[task])).collect();
        let unit = |weights: &[f64]| -> Vec<f64> {
            let largest = weights.iter().copied().fold(0.0_f64, |a, b| if b.abs() > a.abs() { b } else { a });
            weights.iter().map(|weight| weight / largest).collect()
        };
        prop_assert!(near(&unit(&one), &unit(&back), 1e-5), "{:?} {:?}", unit(&one), unit(&back));
    }

    #[test]
    fn upgrad_grows_with_each_gradient(rows in general_jacobians(), factor in 0.01..100.0) {
        // Quinton & Rey: d is linear under scaling, here of one gradient by a positive factor.
        let n = rows.len();
        let weights = |factor: f64| {
            let gram = scaled(&rows, |task| if task == 0 { factor } else { 1.0 });
            let weights = up_grad(&gram, &mean(&gram)).unwrap().weights;
            let lengths: Vec<f64> = (0..n).map(|i| weights[i] * if i == 0 { factor } else { 1.0 }).collect();
            lengths
        };
        let (at_one, at_two, at) = (weights(1.0), weights(2.0), weights(factor));
        let line: Vec<f64> = (0..n).map(|i| at_one[i] + (factor - 1.0) * (at_two[i] - at_one[i])).collect();
        prop_assert!(near(&line, &at, 1e-6), "{:?} {:?}", line, at);
    }

    #[test]
    fn every_kind_answers_any_gradients_with_finite_weights(rows in jacobians(), exponents in proptest::array::uniform8(-20_i32..=20), seed in any::<u64>()) {
        let gram = scaled(&rows, |task| 10_f64.powi(exponents[task]));
        for &kind in GradientKind::ALL.iter().filter(|kind| matches!(kind.needs(), Needs::Gram | Needs::Representation)) {
            let mut combining = kind.build(rows.len(), seed, &BTreeMap::new()).unwrap();
            for step in 0..2 {
                let combined = combining.weights(step, &gram, &vec![1.0; rows.len()]);
                let Ok(combined) = combined else {
                    return Err(TestCaseError::fail(format!("{kind}: {combined:?} on {gram:?}")));
                };
                prop_assert!(combined.weights.iter().all(|weight| weight.is_finite()), "{}: {:?}", kind, combined);
                prop_assert_eq!(combined.weights.len(), rows.len());
            }
        }
    }

    #[test]
    fn products_rounded_as_in_f32_are_combined_as_well(gram in grams(), noise in proptest::collection::vec(-1.0..1.0_f64, 64)) {
        let n = gram.n_tasks();
        let error = |i: usize, j: usize| {
            4.0 * f64::from(f32::EPSILON) * noise[i.min(j) * 8 + i.max(j)] * gram.norm(i) * gram.norm(j)
        };
        let values = (0..n * n).map(|at| gram.get(at / n, at % n) + error(at / n, at % n)).collect();
        let rounded = Gram::new(values, gram.tasks().to_vec()).unwrap();
        for &kind in GradientKind::ALL.iter().filter(|kind| kind.needs() == Needs::Gram) {
            let combined = kind.build(n, 0, &BTreeMap::new()).unwrap().weights(0, &rounded, &vec![1.0; n]);
            prop_assert!(combined.is_ok(), "{}: {:?} on {:?}", kind, combined, rounded);
        }
    }

    #[test]
    fn one_task_keeps_the_direction_of_its_gradient(row in proptest::collection::vec(0.1..1.0_f64, 1..5)) {
        let gram = gram_of(&[row]);
        for kind in PURE {
            prop_assert!(pure(kind, &gram).unwrap()[0] > 0.0, "{}", kind);
        }
        prop_assert_eq!(pcgrad(&gram, &[vec![0]]).unwrap().weights, vec![1.0]);
    }

    #[test]
    fn resume_continues_the_weights(rows in general_jacobians(), seed in any::<u64>()) {
        let (gram, other) = (gram_of(&rows), scaled(&rows, |task| if task == 0 { -0.5 } else { 1.0 }));
        let n = rows.len();
        for &kind in GradientKind::ALL.iter().filter(|kind| kind.needs() == Needs::Gram) {
            let mut whole = kind.build(n, seed, &BTreeMap::new()).unwrap();
            whole.weights(0, &gram, &vec![1.0; n]).unwrap();
            let saved = serde_json::to_string(&whole.state()).unwrap();
            let mut resumed = kind.build(n, seed, &BTreeMap::new()).unwrap();
            resumed.restore(&serde_json::from_str::<WeightingState>(&saved).unwrap()).unwrap();
            for step in 1..3 {
                let (a, b) = (resumed.weights(step, &other, &vec![1.0; n]), whole.weights(step, &other, &vec![1.0; n]));
                prop_assert_eq!(a, b, "{}", kind);
            }
        }
    }

    #[test]
    fn resume_continues_sdmgrad(rows in general_jacobians()) {
        let gram = gram_of(&rows);
        let cross = CrossGram::new(gram.values().to_vec(), gram.tasks().to_vec()).unwrap();
        let build = || GradientKind::SdmGrad.build(rows.len(), 0, &BTreeMap::new()).unwrap();
        let (mut whole, mut resumed) = (build(), build());
        whole.three_batches().unwrap().cross_weights(&cross).unwrap();
        resumed.restore(&whole.state()).unwrap();
        prop_assert_eq!(
            resumed.three_batches().unwrap().cross_weights(&cross),
            whole.three_batches().unwrap().cross_weights(&cross)
        );
    }
}

#[test]
fn a_state_of_another_combining_is_an_error() {
    let state = GradientKind::SdmGrad.build(2, 0, &BTreeMap::new()).unwrap().state();
    let error = GradientKind::GradVac.build(2, 0, &BTreeMap::new()).unwrap().restore(&state).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a saved state for gradient combining grad-vac: `w` has 2 values, expected 0"
    );
    let error = GradientKind::SdmGrad.build(3, 0, &BTreeMap::new()).unwrap().restore(&state).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a saved state for gradient combining sdmgrad: `w` has 2 values, expected 3"
    );
}
