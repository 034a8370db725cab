//! Laws of loss weightings.

use std::collections::BTreeMap;

use mtl_sharing::strategies::{Course, Shown, all_losses, courses, weighting_kinds};
use mtl_sharing::weighting::{
    Fixed, NormalDraws, RandomWeighting, coba, dwa, famo, geometric, gradnorm, imtl_l, random,
    smooth_tchebycheff, uncertainty,
};
use mtl_sharing::{LossWeighting, TaskLoss, WeightingKind, WeightingState};
use proptest::prelude::*;

/// A weighting of these tasks with its default settings, evaluated once.
fn make(kind: WeightingKind, tasks: &[TaskLoss]) -> Box<dyn LossWeighting> {
    let mut weighting = kind.configure(&BTreeMap::new()).unwrap().build(tasks, 7).unwrap();
    weighting.dev_losses(&vec![1.0; tasks.len()]).unwrap();
    weighting
}

/// Tells a weighting all that it needs of a step; gives the weights.
fn walk(weighting: &mut dyn LossWeighting, step: usize, shown: &Shown) -> Vec<f64> {
    let (step, needs) = (step as u64, weighting.needs());
    let weights = weighting.weights(step, &shown.losses).unwrap();
    if needs.gradient_norms {
        weighting.gradient_norms(step, &shown.norms).unwrap();
    }
    if needs.losses_again {
        weighting.after_update(step, &shown.after).unwrap();
    }
    if needs.epochs && shown.ends_epoch {
        weighting.end_epoch();
    }
    if let (true, Some(losses)) = (needs.dev_losses, &shown.dev_losses) {
        weighting.dev_losses(losses).unwrap();
    }
    weights
}

fn walk_all(weighting: &mut dyn LossWeighting, course: &Course) -> Vec<Vec<f64>> {
    course.steps.iter().enumerate().map(|(step, shown)| walk(weighting, step, shown)).collect()
}

/// The weighted losses after many steps with the same losses.
fn settle(kind: WeightingKind, tasks: &[TaskLoss], losses: &[f64]) -> Vec<f64> {
    let mut weighting = make(kind, tasks);
    let losses: Vec<Option<f64>> = losses.iter().copied().map(Some).collect();
    let mut weights = Vec::new();
    for step in 0..1000 {
        weights = weighting.weights(step, &losses).unwrap();
    }
    weights.iter().zip(losses).map(|(weight, loss)| weight * loss.unwrap()).collect()
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// The entries of `values` in another order: that of `keys`, sorted.
fn permuted<T: Clone>(values: &[T], keys: &[u32]) -> Vec<T> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&i| keys[i]);
    order.into_iter().map(|i| values[i].clone()).collect()
}

fn close(first: f64, second: f64, tolerance: f64) -> bool {
    (first - second).abs() <= tolerance * first.abs().max(second.abs()).max(1e-300)
}

/// The derivative of `function` in its coordinate `i`, by central differences.
fn derivative(function: impl Fn(&[f64]) -> f64, at: &[f64], i: usize) -> f64 {
    let width = 1e-6 * at[i].abs().max(1e-3);
    let moved = |by: f64| {
        let mut point = at.to_vec();
        point[i] += by;
        function(&point)
    };
    (moved(width) - moved(-width)) / (2.0 * width)
}

/// Checks that `gradient` is the gradient of `function`.
fn check_gradient(
    function: impl Fn(&[f64]) -> f64,
    gradient: &[f64],
    at: &[f64],
) -> Result<(), TestCaseError> {
    let scale = gradient.iter().fold(1e-3_f64, |scale, slope| scale.max(slope.abs()));
    for (i, slope) in gradient.iter().enumerate() {
        let expected = derivative(&function, at, i);
        prop_assert!((slope - expected).abs() < 1e-4 * scale, "{i}: {slope}, by differences {expected}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn there_is_one_positive_weight_for_each_task_that_is_there(
        (kind, course) in (weighting_kinds(), courses())
    ) {
        let mut weighting = make(kind, &course.tasks);
        for (shown, weights) in course.steps.iter().zip(walk_all(weighting.as_mut(), &course)) {
            prop_assert_eq!(weights.len(), course.tasks.len());
            for (weight, loss) in weights.iter().zip(&shown.losses) {
                prop_assert!(*weight >= 0.0 && weight.is_finite());
                prop_assert!(*weight > 0.0 || loss.is_none());
            }
        }
    }

    #[test]
    fn resume_continues_to_the_same_bits(
        (kind, course, stop) in (weighting_kinds(), courses(), any::<prop::sample::Index>())
    ) {
        let mut whole = make(kind, &course.tasks);
        let stop = stop.index(course.steps.len());
        for (step, shown) in course.steps[..stop].iter().enumerate() {
            walk(whole.as_mut(), step, shown);
        }
        let saved = serde_json::to_string(&whole.state()).unwrap();
        let mut resumed = make(kind, &course.tasks);
        resumed.restore(&serde_json::from_str::<WeightingState>(&saved).unwrap()).unwrap();
        for (step, shown) in course.steps.iter().enumerate().skip(stop) {
            let bits = |weights: Vec<f64>| weights.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            let (resumed, whole) = (walk(resumed.as_mut(), step, shown), walk(whole.as_mut(), step, shown));
            prop_assert_eq!(bits(resumed), bits(whole));
        }
        prop_assert_eq!(resumed.state(), whole.state());
    }

    #[test]
    fn permuting_the_tasks_permutes_the_weights(
        (kind, course, keys) in (weighting_kinds(), courses(), prop::collection::vec(any::<u32>(), 6))
    ) {
        // The draws of random weighting belong to the index of a task; its pure function is tested below.
        prop_assume!(kind != WeightingKind::Random);
        let shuffled = Course {
            tasks: permuted(&course.tasks, &keys),
            steps: course.steps.iter().map(|shown| Shown {
                losses: permuted(&shown.losses, &keys),
                norms: permuted(&shown.norms, &keys),
                after: permuted(&shown.after, &keys),
                ends_epoch: shown.ends_epoch,
                dev_losses: shown.dev_losses.as_ref().map(|losses| permuted(losses, &keys)),
            }).collect(),
        };
        let plain = walk_all(make(kind, &course.tasks).as_mut(), &course);
        let shuffled = walk_all(make(kind, &shuffled.tasks).as_mut(), &shuffled);
        for (plain, shuffled) in plain.iter().zip(&shuffled) {
            for (plain, shuffled) in permuted(plain, &keys).iter().zip(shuffled) {
                prop_assert!(close(*plain, *shuffled, 1e-6), "{plain} {shuffled}");
            }
        }
    }

    #[test]
    fn fixed_does_not_look_at_the_losses(course in courses()) {
        let given: Vec<f64> = course.tasks.iter().map(|task| task.weight).collect();
        let mut weighting = Fixed::new(given.clone()).unwrap();
        for weights in walk_all(&mut weighting, &course) {
            prop_assert_eq!(&weights, &given);
        }
    }

    #[test]
    fn dwa_weights_sum_to_the_number_of_tasks(rates in all_losses(), temperature in 0.1..10.0_f64) {
        let weights = dwa::weights(&rates, temperature);
        prop_assert!(close(sum(&weights), rates.len() as f64, 1e-12));
    }

    #[test]
    fn dwa_is_equal_when_all_losses_fall_alike(losses in all_losses(), fall in 0.1..1.0_f64) {
        let rates = vec![fall; losses.len()];
        for weight in dwa::weights(&rates, 2.0) {
            prop_assert!(close(weight, 1.0, 1e-12));
        }
    }

    #[test]
    fn dwa_does_not_see_the_scale_of_a_loss(course in courses(), factor in 0.01..100.0_f64) {
        let scaled = Course { steps: course.steps.iter().map(|shown| scale_first(shown, factor)).collect(), ..course.clone() };
        let plain = walk_all(make(WeightingKind::Dwa, &course.tasks).as_mut(), &course);
        let scaled = walk_all(make(WeightingKind::Dwa, &course.tasks).as_mut(), &scaled);
        for (plain, scaled) in plain.concat().into_iter().zip(scaled.concat()) {
            prop_assert!(close(plain, scaled, 1e-9));
        }
    }

    #[test]
    fn gradnorm_weights_sum_to_the_number_of_tasks(course in courses()) {
        let mut weighting = make(WeightingKind::GradNorm, &course.tasks);
        for weights in walk_all(weighting.as_mut(), &course) {
            prop_assert!(close(sum(&weights), weights.len() as f64, 1e-12));
        }
    }

    #[test]
    fn gradnorm_gradient_is_that_of_its_loss_at_constant_targets(
        norms in all_losses(), seed in any::<u64>(), alpha in 0.0..3.0_f64
    ) {
        let weights = random::weights(&NormalDraws::new(seed).draw(0, norms.len()));
        let rates: Vec<f64> = NormalDraws::new(seed).draw(1, norms.len()).iter().map(|x| x.exp()).collect();
        let mean = weights.iter().zip(&norms).map(|(w, n)| w * n).sum::<f64>() / norms.len() as f64;
        let targets: Vec<f64> = rates.iter().map(|rate| mean * rate.powf(alpha)).collect();
        let excess = |w: &[f64]| -> Vec<f64> {
            w.iter().zip(&norms).zip(&targets).map(|((w, norm), target)| w * norm - target).collect()
        };
        // Where a norm meets its target, the absolute value has a corner.
        prop_assume!(excess(&weights).iter().all(|excess| excess.abs() > 1e-3));
        let gradient = gradnorm::gradient(&weights, &norms, &rates, alpha);
        check_gradient(|w| excess(w).iter().map(|excess| excess.abs()).sum(), &gradient, &weights)?;
    }

    #[test]
    fn gradnorm_rates_have_mean_one(losses in all_losses()) {
        let rates = gradnorm::relative_rates(&losses, &vec![2.0; losses.len()]);
        prop_assert!(close(sum(&rates), losses.len() as f64, 1e-12));
    }

    #[test]
    fn random_weights_lie_on_the_simplex_and_follow_their_draws(
        seed in any::<u64>(), step in any::<u64>(), n_tasks in 1_usize..7, shift in -5.0..5.0_f64,
        keys in prop::collection::vec(any::<u32>(), 6)
    ) {
        let draws = NormalDraws::new(seed).draw(step, n_tasks);
        let weights = RandomWeighting::new(n_tasks, NormalDraws::new(seed)).unwrap()
            .weights(step, &vec![None; n_tasks]).unwrap();
        prop_assert_eq!(&weights, &random::weights(&draws));
        prop_assert!(close(sum(&weights), 1.0, 1e-12) && weights.iter().all(|weight| *weight > 0.0));
        let shifted: Vec<f64> = draws.iter().map(|draw| draw + shift).collect();
        let moved = random::weights(&permuted(&shifted, &keys));
        for (weight, moved) in permuted(&weights, &keys).iter().zip(moved) {
            prop_assert!(close(*weight, moved, 1e-9));
        }
    }

    #[test]
    fn uncertainty_gradient_is_that_of_its_step_loss(losses in all_losses(), seed in any::<u64>()) {
        let log_variances = NormalDraws::new(seed).draw(0, losses.len());
        let factors: Vec<f64> = (0..losses.len()).map(|i| if i % 2 == 0 { 0.5 } else { 1.0 }).collect();
        let gradient = uncertainty::gradient(&losses, &log_variances, &factors);
        check_gradient(|s| uncertainty::step_loss(&losses, s, &factors), &gradient, &log_variances)?;
        let weights = uncertainty::weights(&log_variances, &factors);
        check_gradient(|losses| uncertainty::step_loss(losses, &log_variances, &factors), &weights, &losses)?;
    }

    #[test]
    fn geometric_weights_are_the_gradient_of_the_geometric_mean(losses in all_losses()) {
        let weights = geometric::weights(&losses);
        check_gradient(geometric::geometric_mean, &weights, &losses)?;
    }

    #[test]
    fn geometric_tasks_all_have_the_same_share(losses in all_losses()) {
        let share = geometric::geometric_mean(&losses) / losses.len() as f64;
        for (weight, loss) in geometric::weights(&losses).iter().zip(&losses) {
            prop_assert!(close(weight * loss, share, 1e-9));
        }
    }

    #[test]
    fn geometric_unit_of_a_loss_moves_all_shares_alike(losses in all_losses(), factor in 0.1..100.0_f64) {
        let mut scaled = losses.clone();
        scaled[0] *= factor;
        let shares = |losses: &[f64]| -> Vec<f64> {
            geometric::weights(losses).iter().zip(losses).map(|(weight, loss)| weight * loss).collect()
        };
        let moved = factor.powf(1.0 / losses.len() as f64);
        for (share, scaled) in shares(&losses).iter().zip(shares(&scaled)) {
            prop_assert!(close(share * moved, scaled, 1e-9));
        }
    }

    #[test]
    fn uncertainty_rests_where_every_weighted_loss_is_a_half(losses in all_losses(), factor in 0.1..2.0_f64) {
        let log_variances: Vec<f64> = losses.iter().map(|loss| (2.0 * factor * loss).ln()).collect();
        let factors = vec![factor; losses.len()];
        let gradient = uncertainty::gradient(&losses, &log_variances, &factors);
        prop_assert!(gradient.iter().all(|slope| slope.abs() < 1e-12));
        for (weight, loss) in uncertainty::weights(&log_variances, &factors).iter().zip(&losses) {
            prop_assert!(close(weight * loss, 0.5, 1e-9));
        }
    }

    #[test]
    fn imtl_l_settles_where_every_scaled_loss_is_one(losses in all_losses()) {
        let tasks = vec![TaskLoss::classification(1.0); losses.len()];
        for weighted in settle(WeightingKind::ImtlL, &tasks, &losses) {
            prop_assert!(close(weighted, 1.0, 0.05));
        }
    }

    #[test]
    fn imtl_l_gradient_is_that_of_its_step_loss(losses in all_losses(), seed in any::<u64>()) {
        let scales = NormalDraws::new(seed).draw(0, losses.len());
        let gradient = imtl_l::gradient(&losses, &scales);
        check_gradient(|scales| imtl_l::step_loss(&losses, scales), &gradient, &scales)?;
        check_gradient(|losses| imtl_l::step_loss(losses, &scales), &imtl_l::weights(&scales), &losses)?;
    }

    #[test]
    fn famo_weights_lie_on_the_simplex(losses in all_losses(), seed in any::<u64>()) {
        let logits = NormalDraws::new(seed).draw(0, losses.len());
        let weights = famo::weights(&logits, &losses);
        prop_assert!(close(sum(&weights), 1.0, 1e-12) && weights.iter().all(|weight| *weight > 0.0));
    }

    #[test]
    fn famo_does_not_move_when_all_losses_fall_alike(
        losses in all_losses(), seed in any::<u64>(), fall in 0.5..1.0_f64
    ) {
        let logits = NormalDraws::new(seed).draw(0, losses.len());
        let after: Vec<f64> = losses.iter().map(|loss| loss * fall).collect();
        let gradient = famo::gradient(&logits, &losses, &after);
        prop_assert!(gradient.iter().all(|slope| slope.abs() < 1e-4));
    }

    #[test]
    fn famo_gradient_does_not_see_the_unit_of_a_loss(
        losses in all_losses(), seed in any::<u64>(), factor in 0.1..100.0_f64
    ) {
        let logits = NormalDraws::new(seed).draw(0, losses.len());
        let falls: Vec<f64> = NormalDraws::new(seed).draw(1, losses.len()).iter().map(|x| x.exp()).collect();
        let after = |losses: &[f64]| -> Vec<f64> { losses.iter().zip(&falls).map(|(l, f)| l * f).collect() };
        let mut scaled = losses.clone();
        scaled[0] *= factor;
        let plain = famo::gradient(&logits, &losses, &after(&losses));
        for (plain, scaled) in plain.iter().zip(famo::gradient(&logits, &scaled, &after(&scaled))) {
            prop_assert!((plain - scaled).abs() < 1e-3);
        }
    }

    #[test]
    fn famo_gradient_sums_to_zero(before in all_losses(), seed in any::<u64>()) {
        let logits = NormalDraws::new(seed).draw(0, before.len());
        let after: Vec<f64> = NormalDraws::new(seed).draw(1, before.len()).iter().map(|x| x.exp()).collect();
        prop_assert!(sum(&famo::gradient(&logits, &before, &after)).abs() < 1e-12);
    }

    #[test]
    fn smooth_tchebycheff_lies_between_the_largest_and_its_bound(
        objectives in all_losses(), mu in 0.01..2.0_f64
    ) {
        let (ones, zeros) = (vec![1.0; objectives.len()], vec![0.0; objectives.len()]);
        let value = smooth_tchebycheff::value(&objectives, &ones, &zeros, mu);
        let largest = objectives.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        prop_assert!(value >= largest - 1e-9);
        prop_assert!(value <= largest + mu * (objectives.len() as f64).ln() + 1e-9);
    }

    #[test]
    fn smooth_tchebycheff_gradient_is_that_of_its_value(
        objectives in all_losses(), seed in any::<u64>(), mu in 0.5..2.0_f64
    ) {
        let preferences = random::weights(&NormalDraws::new(seed).draw(0, objectives.len()));
        let ideal = NormalDraws::new(seed).draw(1, objectives.len());
        let gradient = smooth_tchebycheff::gradient(&objectives, &preferences, &ideal, mu);
        check_gradient(|f| smooth_tchebycheff::value(f, &preferences, &ideal, mu), &gradient, &objectives)?;
    }

    #[test]
    fn smooth_tchebycheff_weights_do_not_see_the_unit_of_a_loss(
        losses in all_losses(), factor in 0.01..100.0_f64, mu in 0.5..2.0_f64
    ) {
        let reference = vec![1.5; losses.len()];
        let weights = smooth_tchebycheff::weights(&losses, &reference, mu);
        let scale = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value * factor).collect() };
        let scaled = smooth_tchebycheff::weights(&scale(&losses), &scale(&reference), mu);
        for (weight, scaled) in weights.iter().zip(scaled) {
            prop_assert!(close(*weight, scaled * factor, 1e-9));
        }
    }

    #[test]
    fn coba_weights_lie_on_the_simplex(course in courses()) {
        let mut weighting = make(WeightingKind::CoBa, &course.tasks);
        for weights in walk_all(weighting.as_mut(), &course) {
            prop_assert!(close(sum(&weights), 1.0, 1e-12));
        }
    }

    #[test]
    fn coba_divergence_factor_lies_between_zero_and_one(
        slopes in prop::collection::vec(-1.0..1.0_f64, 1..20), tau in 0.1..10.0_f64
    ) {
        let factor = coba::divergence_factor(&slopes, tau);
        prop_assert!((0.0..=1.0).contains(&factor));
    }

    #[test]
    fn coba_slope_of_a_line_is_its_slope(slope in -5.0..5.0_f64, start in -5.0..5.0_f64, n in 2_usize..12) {
        let values: Vec<f64> = (0..n).map(|i| start + slope * i as f64).collect();
        prop_assert!((coba::slope(&values) - slope).abs() < 1e-9);
    }

    #[test]
    fn coba_counts_a_slower_task_more(first in -1.0..0.0_f64, second in -1.0..0.0_f64) {
        prop_assume!((first - second).abs() > 1e-6);
        let scores = coba::relative_scores(&[first, second]);
        prop_assert_eq!(first > second, scores[0] > scores[1]);
    }
}

fn scale_first(shown: &Shown, factor: f64) -> Shown {
    let mut scaled = shown.clone();
    scaled.losses[0] = scaled.losses[0].map(|loss| loss * factor);
    scaled
}
