//! The combiners beside TorchJD, whose draws are recorded in `golden/gradient.json` by `golden/make_gradient.py`.

use mtl_sharing::gradient::{
    CrossGram, EigenvalueScale, GradientCombining, GradientNormalization, Gram, NashMtl, Rescale,
    SdmGradRule, aligned_mtl, cagrad, config, dual_projection, fair_grad, grad_drop, grad_vac, imtl_g, mgda,
    pcgrad, sdm_grad, sum, up_grad,
};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().expect("a list of lists").iter().map(numbers).collect()
}

fn orders(value: &Value) -> Vec<Vec<usize>> {
    rows(value).iter().map(|order| order.iter().map(|task| *task as usize).collect()).collect()
}

fn views(rows: &[Vec<f64>]) -> Vec<&[f64]> {
    rows.iter().map(Vec::as_slice).collect()
}

fn direction(rows: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    (0..rows[0].len()).map(|i| rows.iter().zip(weights).map(|(row, weight)| row[i] * weight).sum()).collect()
}

/// Asserts that two vectors agree to `tolerance` of the larger entries of the gradients.
fn assert_near(method: &str, rows: &[Vec<f64>], expected: &[f64], got: &[f64], tolerance: f64) {
    let size = rows.iter().flatten().fold(0.0_f64, |size, value| size.max(value.abs()));
    assert_eq!(expected.len(), got.len(), "{method}");
    for (e, g) in expected.iter().zip(got) {
        assert!(
            (e - g).abs() <= tolerance * size,
            "{method} on {rows:?}: expected {expected:?}, got {got:?}"
        );
    }
}

/// Calls `test` with the Jacobian, its Gram matrix and TorchJD's answers, for every case.
fn each_case(test: impl Fn(&[Vec<f64>], &Gram, &Value)) {
    let golden: Value = serde_json::from_str(include_str!("golden/gradient.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let rows = rows(&case["jacobian"]);
        test(&rows, &Gram::of_gradients(&views(&rows)).unwrap(), &case["answers"]);
    }
}

/// Compares the directions of a method that TorchJD has under `name`; cases without it are passed over.
fn compare(name: &str, tolerance: f64, weights: impl Fn(&Gram) -> Vec<f64>) {
    each_case(|rows, gram, answers| {
        if let Some(expected) = answers.get(name) {
            assert_near(name, rows, &numbers(expected), &direction(rows, &weights(gram)), tolerance);
        }
    });
}

fn mean(gram: &Gram) -> Vec<f64> {
    vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()]
}

#[test]
fn sum_as_in_torchjd() {
    compare("sum", 1e-12, |gram| sum(gram).weights);
}

#[test]
fn mgda_as_in_torchjd() {
    // TorchJD's Frank-Wolfe steps end before the minimum.
    compare("mgda", 2e-3, |gram| mgda(gram, &mean(gram), GradientNormalization::None).unwrap().weights);
}

#[test]
fn aligned_mtl_as_in_torchjd() {
    for &(name, scale) in EigenvalueScale::ALL {
        compare(&format!("aligned-mtl {name}"), 1e-8, |gram| {
            aligned_mtl(gram, &mean(gram), scale).unwrap().weights
        });
    }
}

#[test]
fn dual_projection_as_in_torchjd() {
    compare("dual-projection", 1e-6, |gram| dual_projection(gram, &mean(gram)).unwrap().weights);
}

#[test]
fn upgrad_as_in_torchjd() {
    compare("upgrad", 1e-6, |gram| up_grad(gram, &mean(gram)).unwrap().weights);
}

#[test]
fn cagrad_as_in_torchjd() {
    compare("cagrad .4", 1e-4, |gram| cagrad(gram, 0.4, Rescale::None).unwrap().weights);
}

#[test]
fn imtl_g_as_in_torchjd() {
    compare("imtl-g", 1e-8, |gram| imtl_g(gram).weights);
}

#[test]
fn config_as_in_torchjd() {
    compare("config", 1e-8, |gram| config(gram).weights);
}

#[test]
fn fairgrad_as_in_torchjd() {
    for alpha in [0.5, 1.0, 2.0] {
        compare(&format!("fairgrad {alpha:?}"), 1e-6, |gram| fair_grad(gram, alpha).unwrap().weights);
    }
}

#[test]
fn nash_mtl_as_in_torchjd() {
    // TorchJD's convex programs end when the equations hold to 1e-3.
    compare("nash-mtl", 1e-3, |gram| {
        NashMtl::new(gram.n_tasks(), 1.0, 1).unwrap().weights(0, gram, &mean(gram)).unwrap().weights
    });
}

#[test]
fn pcgrad_as_in_torchjd() {
    each_case(|rows, gram, answers| {
        let expected = &answers["pcgrad"];
        let weights = pcgrad(gram, &orders(&expected["orders"])).unwrap().weights;
        assert_near("pcgrad", rows, &numbers(&expected["direction"]), &direction(rows, &weights), 1e-9);
    });
}

#[test]
fn grad_vac_as_in_torchjd() {
    each_case(|rows, _, answers| {
        let Some(steps) = answers.get("grad-vac") else { return };
        let mut targets = vec![0.0; rows.len() * rows.len()];
        for step in steps.as_array().unwrap() {
            let mut rows = rows.to_vec();
            let scale = step["scale_of_first"].as_f64().unwrap();
            rows[0].iter_mut().for_each(|value| *value *= scale);
            let gram = Gram::of_gradients(&views(&rows)).unwrap();
            let weights = grad_vac(&gram, &orders(&step["orders"]), &mut targets, 0.3).unwrap().weights;
            assert_near("grad-vac", &rows, &numbers(&step["direction"]), &direction(&rows, &weights), 1e-8);
        }
    });
}

#[test]
fn grad_drop_as_in_torchjd() {
    each_case(|rows, _, answers| {
        let Some(expected) = answers.get("grad-drop") else { return };
        let mut combined = vec![0.0; rows[0].len()];
        let (leaks, draws) = (numbers(&expected["leaks"]), numbers(&expected["draws"]));
        grad_drop(&views(rows), &leaks, &draws, &mut combined).unwrap();
        assert_near("grad-drop", rows, &numbers(&expected["direction"]), &combined, 1e-12);
    });
}

#[test]
fn sdmgrad_as_in_torchjd() {
    let rule = SdmGradRule { lambda: 0.4, iterations: 10, rate: 0.5, momentum: 0.5 };
    each_case(|rows, _, answers| {
        let Some(expected) = answers.get("sdmgrad") else { return };
        let cross = CrossGram::new(numbers(&expected["cross"]), (0..rows.len()).collect()).unwrap();
        let mut w = vec![1.0 / rows.len() as f64; rows.len()];
        for step in expected["steps"].as_array().unwrap() {
            let weights = sdm_grad(&cross, &mut w, rule).unwrap().weights;
            assert_near("sdmgrad", rows, &numbers(step), &weights, 1e-7);
        }
    });
}
