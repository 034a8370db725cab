//! Ten steps of given losses, as TorchJD, LibMTL and the authors of FAMO and CoBa weigh them.
//!
//! `golden/make_weighting.py` and `golden/make_weighting_repositories.py` made the numbers and name the versions.

use std::collections::BTreeMap;

use mtl_sharing::weighting::{
    Dwa, DwaConfig, coba, geometric, gradnorm, imtl_l, random, smooth_tchebycheff, uncertainty,
};
use mtl_sharing::{LossWeighting, TaskLoss, WeightingKind};
use serde_json::Value;

const TASKS: usize = 3;

fn torchjd() -> Value {
    serde_json::from_str(include_str!("golden/weighting.json")).unwrap()
}

fn repositories() -> Value {
    serde_json::from_str(include_str!("golden/weighting_repositories.json")).unwrap()
}

fn row(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(row).collect()
}

/// The weighting with the keys that the golden run was made with.
fn make(kind: WeightingKind, run: &Value, keys: &[&str]) -> Box<dyn LossWeighting> {
    let mut values: BTreeMap<String, f64> =
        keys.iter().map(|&key| (key.to_owned(), run[key].as_f64().unwrap())).collect();
    if let Some(epoch) = run.get("epoch") {
        values.insert("interval".to_owned(), epoch.as_f64().unwrap());
    }
    kind.configure(&values).unwrap().build(&[TaskLoss::regression(1.0); TASKS], 0).unwrap()
}

fn some(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

fn assert_close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            (got - expected).abs() <= 1e-10 * expected.abs().max(1.0),
            "{what}: {got}, expected {expected}"
        );
    }
}

/// Walks the ten steps and compares every step's weights.
fn check(golden: &Value, run: &str, kind: WeightingKind, keys: &[&str]) {
    let mut weighting = make(kind, &golden[run], keys);
    let needs = weighting.needs();
    let (losses, expected) = (rows(&golden["losses"]), rows(&golden[run]["weights"]));
    assert_eq!(expected.len(), 10);
    for (step, (losses, expected)) in losses.iter().zip(&expected).enumerate() {
        let weights = weighting.weights(step as u64, &some(losses)).unwrap();
        assert_close(&weights, expected, &format!("{run}, step {step}"));
        if needs.gradient_norms {
            weighting.gradient_norms(step as u64, &some(&row(&golden["norms"][step]))).unwrap();
        }
        if needs.losses_again {
            weighting.after_update(step as u64, &some(&row(&golden["after"][step]))).unwrap();
        }
    }
}

#[test]
fn torchjd_uncertainty() {
    check(&torchjd(), "uncertainty", WeightingKind::Uncertainty, &["learning_rate"]);
}

#[test]
fn torchjd_imtl_l() {
    check(&torchjd(), "imtl_l", WeightingKind::ImtlL, &["learning_rate"]);
}

#[test]
fn torchjd_dwa() {
    check(&torchjd(), "dwa", WeightingKind::Dwa, &["temperature"]);
}

#[test]
fn torchjd_famo() {
    check(&torchjd(), "famo", WeightingKind::Famo, &["learning_rate", "decay"]);
}

#[test]
fn torchjd_geometric_mean() {
    check(&torchjd(), "geometric", WeightingKind::Geometric, &[]);
}

#[test]
fn torchjd_smooth_tchebycheff() {
    let golden = torchjd();
    for run in golden["smooth_tchebycheff"].as_array().unwrap() {
        let (mu, preferences, ideal) =
            (run["mu"].as_f64().unwrap(), row(&run["preferences"]), row(&run["ideal"]));
        for (step, losses) in rows(&golden["losses"]).iter().enumerate() {
            let value = smooth_tchebycheff::value(losses, &preferences, &ideal, mu);
            assert_close(&[value], &[run["values"][step].as_f64().unwrap()], "value");
            let gradient = smooth_tchebycheff::gradient(losses, &preferences, &ideal, mu);
            assert_close(&gradient, &row(&run["gradients"][step]), "gradient");
        }
    }
}

#[test]
fn gradnorm_by_autograd_and_torch_adam() {
    check(&torchjd(), "gradnorm", WeightingKind::GradNorm, &["alpha", "learning_rate"]);
}

#[test]
fn libmtl_uncertainty() {
    check(&repositories(), "uncertainty", WeightingKind::Uncertainty, &["learning_rate", "initial"]);
}

#[test]
fn libmtl_dwa() {
    check(&repositories(), "dwa", WeightingKind::Dwa, &["temperature"]);
}

#[test]
fn libmtl_dwa_with_the_epochs_of_training() {
    let golden = repositories();
    let mut weighting = Dwa::new(TASKS, DwaConfig::default()).unwrap();
    assert!(weighting.needs().epochs);
    for (step, losses) in rows(&golden["losses"]).iter().enumerate() {
        let weights = weighting.weights(step as u64, &some(losses)).unwrap();
        assert_close(&weights, &row(&golden["dwa"]["weights"][step]), "dwa");
        if step % 2 == 1 {
            weighting.end_epoch();
        }
    }
}

#[test]
fn libmtl_random() {
    let run = &repositories()["random"];
    for (draws, expected) in rows(&run["draws"]).iter().zip(rows(&run["weights"])) {
        assert_close(&random::weights(draws), &expected, "random");
    }
}

#[test]
fn libmtl_geometric() {
    check(&repositories(), "geometric", WeightingKind::Geometric, &[]);
}

#[test]
fn libmtl_smooth_tchebycheff() {
    let keys = ["mu", "warmup_epochs"];
    check(&repositories(), "smooth_tchebycheff", WeightingKind::SmoothTchebycheff, &keys);
}

#[test]
fn libmtl_famo() {
    check(&repositories(), "famo", WeightingKind::Famo, &["learning_rate", "decay"]);
}

#[test]
fn authors_famo() {
    check(&repositories(), "famo_authors", WeightingKind::Famo, &["learning_rate", "decay"]);
}

/// LibMTL learns logits `x` with `w = T softmax(x)`. The gradient in them, by the chain rule from that in the weights:
/// `w_t (g_t - mean over u of w_u g_u)`, the mean being the sum divided by T.
#[test]
fn libmtl_gradnorm_gradient() {
    let golden = repositories();
    let (run, losses) = (&golden["gradnorm"], rows(&golden["losses"]));
    for (step, losses_now) in losses.iter().enumerate() {
        let weights = row(&run["weights"][step]);
        let rates = gradnorm::relative_rates(losses_now, &losses[0]);
        let alpha = run["alpha"].as_f64().unwrap();
        let gradient = gradnorm::gradient(&weights, &row(&run["norms"][step]), &rates, alpha);
        let mean = weights.iter().zip(&gradient).map(|(w, g)| w * g).sum::<f64>() / TASKS as f64;
        let chained: Vec<f64> = weights.iter().zip(&gradient).map(|(w, g)| w * (g - mean)).collect();
        assert_close(&chained, &row(&run["gradients"][step]), &format!("step {step}"));
    }
}

/// The authors' code puts the scores together in its own way (see the module's docs), which is repeated here.
#[test]
fn authors_coba_scores() {
    let run = &repositories()["coba"];
    let (ratios, tau) = (rows(&run["ratios"]), run["tau"].as_f64().unwrap());
    let of_task =
        |task_idx: usize, n: usize| ratios[..n].iter().map(|row| row[task_idx]).collect::<Vec<f64>>();
    let mut histories = vec![Vec::new(); TASKS];
    let mut total = Vec::new();
    for (expected, n) in rows(&run["weights"]).iter().zip(2..) {
        let slopes: Vec<f64> = (0..TASKS).map(|task_idx| coba::slope(&of_task(task_idx, n))).collect();
        for (history, slope) in histories.iter_mut().zip(&slopes) {
            history.push(*slope);
        }
        let largest = ratios[..n].iter().map(|row| row.iter().copied().fold(0.0, f64::max));
        total.push(coba::slope(&largest.collect::<Vec<_>>()));
        let factor = coba::divergence_factor(&total, tau);
        let scores =
            coba::weights(&coba::relative_scores(&slopes), &coba::absolute_scores(&histories), factor);
        let logits: Vec<f64> = scores.iter().map(|score| TASKS as f64 * score).collect();
        assert_close(&random::weights(&logits), expected, &format!("evaluation {n}"));
    }
}

#[test]
fn pure_functions_give_the_weights_of_the_first_step() {
    let golden = torchjd();
    let losses = row(&golden["losses"][0]);
    let first = |run: &str| row(&golden[run]["weights"][0]);
    assert_close(&uncertainty::weights(&[0.0; TASKS], &[0.5; TASKS]), &first("uncertainty"), "uncertainty");
    assert_close(&imtl_l::weights(&[0.0; TASKS]), &first("imtl_l"), "imtl-l");
    assert_close(&geometric::weights(&losses), &first("geometric"), "geometric");
}
