//! Laws of penalties, in f64 over the copies of a soft architecture.

mod common;

use common::*;
use mtl_base::Value;
use mtl_base::registry::find;
use mtl_core_tensor::device::{Cpu, Memory};
use mtl_core_tensor::{Copies, Gradient, Gradients, Init, ParamId, Penalty};
use mtl_sharing::penalty::penalties;
use proptest::prelude::*;

fn l2(strength: f64, n_tasks: usize) -> Box<dyn Penalty<f64, Cpu>> {
    let rows = penalties::<f64, Cpu>();
    let row = find(&rows, "l2").expect("registered");
    (row.build)(&settings(&row.method, &[("strength", Value::Number(strength))]), n_tasks).expect("valid")
}

fn soft(n_tasks: usize, seed: u64) -> AnyArchitecture {
    shaken(&Choice::plain("soft"), &STILL, n_tasks, seed)
}

/// The value, and the gradients by name.
fn add(
    penalty: &mut dyn Penalty<f64, Cpu>,
    architecture: &AnyArchitecture,
    copies: &[Vec<ParamId>],
) -> (f64, Gradients<f64, Cpu>) {
    let mut gradients = Gradients::new();
    let value =
        penalty.add(&Copies::of(&Cpu, &**architecture, copies), &mut gradients).expect("copies of one size");
    (value, gradients)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn penalty_of_strength_zero_changes_nothing(n_tasks in 1usize..4, seed in 0u64..1000) {
        let architecture = soft(n_tasks, seed);
        let mut gradients = Gradients::new();
        architecture.visit(&mut |name, view| {
            let drawn = Init::new(seed).normal::<f64>(name, view.len(), 1.0);
            gradients.add(&Cpu, view.id, Gradient::Dense(Cpu.upload(&drawn)));
        });
        let before = dense(&*architecture, &gradients);
        let copies = Copies::of(&Cpu, &*architecture, &architecture.copies());
        prop_assert_eq!(l2(0.0, n_tasks).add(&copies, &mut gradients).expect("adds"), 0.0);
        prop_assert_eq!(dense(&*architecture, &gradients), before);
    }

    #[test]
    fn penalty_of_equal_copies_is_zero(n_tasks in 1usize..4, seed in 0u64..1000) {
        let init = Init::new(seed);
        let architecture = over(&Choice::plain("soft"), n_tasks, &init, &|_| bert(&STILL, &init));
        let (value, gradients) = add(&mut *l2(0.7, n_tasks), &architecture, &architecture.copies());
        prop_assert!(value <= 1e-30, "{}", value);
        prop_assert!(dense(&*architecture, &gradients).values().flatten().all(|x| x.abs() <= 1e-15));
    }

    #[test]
    fn penalty_does_not_depend_on_the_order_of_tasks(order in Just([0usize, 1, 2]).prop_shuffle(), seed in 0u64..1000) {
        let architecture = soft(3, seed);
        let permuted: Vec<Vec<ParamId>> =
            architecture.copies().iter().map(|ids| order.iter().map(|&task| ids[task]).collect()).collect();
        let (value, gradients) = add(&mut *l2(0.7, 3), &architecture, &architecture.copies());
        let (of_permuted, gradients_of_permuted) = add(&mut *l2(0.7, 3), &architecture, &permuted);
        assert_near(&[of_permuted], &[value]);
        assert_close(&dense(&*architecture, &gradients_of_permuted), &dense(&*architecture, &gradients), 1e-14);
    }

    #[test]
    fn penalty_is_half_the_squared_distance_to_the_mean(strength in 0.01..2.0_f64, seed in 0u64..1000) {
        let architecture = soft(2, seed);
        let mut values = Vec::new();
        architecture.visit(&mut |_, view| values.extend::<Vec<f64>>(view.to_vec()));
        let (a, b) = values.split_at(values.len() / 2);
        // Of two copies: strength/2 times |a - b|²/2.
        let expected = strength / 4.0 * a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let (value, _) = add(&mut *l2(strength, 2), &architecture, &architecture.copies());
        assert_near(&[value / expected], &[1.0]);
    }

    #[test]
    fn gradients_of_penalties_are_those_of_finite_differences(n_tasks in 2usize..4, seed in 0u64..1000) {
        let architecture = soft(n_tasks, seed);
        let (_, gradients) = add(&mut *l2(0.7, n_tasks), &architecture, &architecture.copies());
        let gradients = dense(&*architecture, &gradients);
        architecture.visit(&mut |name, view| {
            let values: Vec<f64> = view.to_vec();
            let at = seed as usize % values.len();
            if !name.contains("layer.1.") {
                return;
            }
            let value_at = |moved: f64| {
                let mut values = values.clone();
                values[at] += moved;
                view.set(&values).expect("the same size");
                add(&mut *l2(0.7, n_tasks), &architecture, &architecture.copies()).0
            };
            // A quadratic: the difference is exact but for rounding.
            let expected = (value_at(0.5) - value_at(-0.5)) / 1.0;
            view.set(&values).expect("the same size");
            assert!((gradients[name][at] - expected).abs() <= 1e-10, "{name}: {}, expected {expected}", gradients[name][at]);
        });
    }
}
