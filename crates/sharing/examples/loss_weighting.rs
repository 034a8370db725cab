//! Every loss weighting on a toy: one parameter that two tasks pull to 1 and to -1, in units that differ by a hundred.
//!
//! Equal weights follow the larger unit to -1; weightings that balance units end between the two.
//!
//! `cargo run -p mtl-sharing --example loss_weighting`

use std::collections::BTreeMap;

use mtl_sharing::{LossWeighting, SharingError, TaskLoss, WeightingKind};

const STEPS: u64 = 200;
const TARGETS: [f64; 2] = [1.0, -1.0];
const UNITS: [f64; 2] = [1.0, 100.0];

fn losses(x: f64) -> [f64; 2] {
    [0, 1].map(|task_idx| UNITS[task_idx] * ((x - TARGETS[task_idx]).powi(2) + 1.0))
}

fn gradients(x: f64) -> [f64; 2] {
    [0, 1].map(|task_idx| 2.0 * UNITS[task_idx] * (x - TARGETS[task_idx]))
}

/// Descends along the sign of the weighted gradient, as Adam does; gives the parameter and the last weights.
fn train(weighting: &mut dyn LossWeighting) -> Result<(f64, Vec<f64>), SharingError> {
    let (mut x, mut weights) = (0.5, Vec::new());
    weighting.dev_losses(&losses(x))?;
    for step in 0..STEPS {
        weights = weighting.weights(step, &losses(x).map(Some))?;
        weighting.gradient_norms(step, &gradients(x).map(|gradient| Some(gradient.abs())))?;
        let slope: f64 = weights.iter().zip(gradients(x)).map(|(weight, gradient)| weight * gradient).sum();
        x -= 0.02 * slope.signum();
        weighting.after_update(step, &losses(x).map(Some))?;
        if step % 20 == 19 {
            weighting.end_epoch();
            weighting.dev_losses(&losses(x))?;
        }
    }
    Ok((x, weights))
}

fn main() -> Result<(), SharingError> {
    println!("{:<20}{:>8}{:>12}{:>12}", "weighting", "x", "w of 1", "w of -1");
    for &kind in WeightingKind::ALL {
        let tasks = [TaskLoss::regression(1.0), TaskLoss::regression(0.01)];
        let mut weighting = kind.configure(&BTreeMap::new())?.build(&tasks, 1)?;
        let (x, weights) = train(weighting.as_mut())?;
        println!("{:<20}{x:>8.2}{:>12.4}{:>12.4}", kind.name(), weights[0], weights[1]);
    }
    Ok(())
}
