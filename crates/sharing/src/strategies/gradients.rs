//! Gradients of several tasks, and their products.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::gradient::Gram;

/// Gradients of up to eight tasks over up to twelve parameters: in general position, or with zero ones, equal ones,
/// exactly opposing ones and norms that differ by up to six orders of magnitude among them.
///
/// # Shapes
///
/// `(tasks, parameters)`.
pub fn jacobians() -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop_oneof![general_jacobians(), degenerate_jacobians()]
}

/// Gradients in general position: at least as many parameters as tasks, norms within one order of magnitude, no two of
/// them nearly parallel.
///
/// # Shapes
///
/// `(tasks, parameters)`.
pub fn general_jacobians() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (1_usize..=8)
        .prop_flat_map(|n_tasks| (Just(n_tasks), n_tasks + 2..=n_tasks + 4))
        .prop_flat_map(|(n_tasks, n_parameters)| {
            vec((vec(-1.0..1.0, n_parameters), 1.5..4.0), n_tasks).prop_map(|mut rows| {
                // A multiple of its own axis keeps each gradient apart from the others.
                rows.iter_mut().enumerate().for_each(|(task, (row, own))| row[task] += *own);
                rows.into_iter().map(|(row, _)| row).collect()
            })
        })
        .prop_map(flip_some)
}

/// Turns every second gradient's shared parameters around, so that about half of the pairs conflict.
fn flip_some(mut rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n_tasks = rows.len();
    for (task, row) in rows.iter_mut().enumerate() {
        let sign = if task % 2 == 0 { 1.0 } else { -1.0 };
        row[n_tasks..].iter_mut().for_each(|value| *value = sign * (*value + 1.0));
    }
    rows
}

/// Gradients among which some are zero, copies of another, or its exact opposite, or very short or long.
///
/// # Shapes
///
/// `(tasks, parameters)`.
pub fn degenerate_jacobians() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let kinds = vec((0_usize..6, any::<proptest::sample::Index>(), -3_i32..=3), 8);
    (general_jacobians(), kinds).prop_map(|(mut rows, kinds)| {
        for task in 0..rows.len() {
            let (kind, other, exponent) = &kinds[task];
            let scale = match kind {
                0 => 0.0,
                1 => 1.0,
                2 => -1.0,
                3 => 10_f64.powi(*exponent),
                _ => continue,
            };
            let source = if *kind == 3 { task } else { other.index(rows.len()) };
            rows[task] = rows[source].iter().map(|value| value * scale).collect();
        }
        rows
    })
}

/// The products of [`jacobians`].
pub fn grams() -> impl Strategy<Value = Gram> {
    jacobians().prop_map(|rows| gram_of(&rows))
}

/// The products of these gradients, of tasks 0, 1, ...
///
/// # Panics
///
/// If there are none, or they are not finite and of one length.
pub fn gram_of(rows: &[Vec<f64>]) -> Gram {
    Gram::of_gradients(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>())
        .expect("finite gradients of one length")
}
