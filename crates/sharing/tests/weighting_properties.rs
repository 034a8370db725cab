//! Laws of loss weightings.

use mtl_sharing::weighting::Fixed;
use mtl_sharing::{LossWeighting, WeightingKind, WeightingState};
use proptest::prelude::*;

/// A kind, the tasks' weights, and the losses of a few steps.
fn runs() -> impl Strategy<Value = (WeightingKind, Vec<f64>, Vec<Vec<Option<f64>>>)> {
    (1_usize..6).prop_flat_map(|n_tasks| {
        let losses = proptest::collection::vec(proptest::option::of(0.0..100.0), n_tasks);
        (
            proptest::sample::select(WeightingKind::ALL),
            proptest::collection::vec(0.01..10.0, n_tasks),
            proptest::collection::vec(losses, 2..6),
        )
    })
}

proptest! {
    #[test]
    fn there_is_one_positive_weight_for_each_task((kind, given, steps) in runs()) {
        let mut weighting = kind.build(&given).unwrap();
        for (step, losses) in steps.iter().enumerate() {
            let weights = weighting.weights(step as u64, losses).unwrap();
            prop_assert_eq!(weights.len(), given.len());
            prop_assert!(weights.iter().all(|weight| *weight > 0.0 && weight.is_finite()));
        }
    }

    #[test]
    fn resume_continues_the_weights((kind, given, steps) in runs()) {
        let mut whole = kind.build(&given).unwrap();
        whole.weights(0, &steps[0]).unwrap();
        let saved = serde_json::to_string(&whole.state()).unwrap();
        let mut resumed = kind.build(&given).unwrap();
        resumed.restore(&serde_json::from_str::<WeightingState>(&saved).unwrap()).unwrap();
        for (step, losses) in steps.iter().enumerate().skip(1) {
            prop_assert_eq!(resumed.weights(step as u64, losses), whole.weights(step as u64, losses));
        }
    }

    #[test]
    fn fixed_does_not_look_at_the_losses((_, given, steps) in runs()) {
        let mut weighting = Fixed::new(given.clone()).unwrap();
        for (step, losses) in steps.iter().enumerate() {
            prop_assert_eq!(&weighting.weights(step as u64, losses).unwrap(), &given);
        }
    }
}
