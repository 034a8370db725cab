//! Two losses that pull one parameter vector in different directions, descended with every combining.
//!
//! `cargo run -p mtl-sharing --example gradient_combining`

use std::collections::BTreeMap;

use mtl_sharing::gradient::{Gram, Needs};
use mtl_sharing::{GradientKind, SharingError};

/// `L_t = curvature_t |x - target_t|²/2`: the second task's loss is ten times as steep.
const TASKS: [(f64, [f64; 2]); 2] = [(1.0, [0.0, 1.0]), (10.0, [1.0, 0.0])];

fn losses_and_gradients(x: [f64; 2]) -> (Vec<f64>, Vec<Vec<f64>>) {
    TASKS
        .iter()
        .map(|(curvature, target)| {
            let away = [x[0] - target[0], x[1] - target[1]];
            let loss = 0.5 * curvature * (away[0] * away[0] + away[1] * away[1]);
            (loss, away.iter().map(|value| curvature * value).collect())
        })
        .unzip()
}

fn main() -> Result<(), SharingError> {
    println!("{:<16} {:>8} {:>8}  {:>16}", "combining", "loss 1", "loss 2", "last weights");
    for &kind in GradientKind::ALL.iter().filter(|kind| kind.needs() == Needs::Gram) {
        let mut combining = kind.build(TASKS.len(), 1, &BTreeMap::new())?;
        let (mut x, mut weights) = ([-1.0, -1.0], Vec::new());
        for step in 0..200 {
            let (losses, gradients) = losses_and_gradients(x);
            let gram = Gram::of_gradients(&gradients.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            weights = combining.weights(step, &gram, &losses)?.weights;
            for (weight, gradient) in weights.iter().zip(&gradients) {
                x.iter_mut().zip(gradient).for_each(|(x, g)| *x -= 0.02 * weight * g);
            }
        }
        let (losses, _) = losses_and_gradients(x);
        println!(
            "{:<16} {:>8.4} {:>8.4}  ({:.3}, {:.3})",
            kind.name(),
            losses[0],
            losses[1],
            weights[0],
            weights[1]
        );
    }
    Ok(())
}
