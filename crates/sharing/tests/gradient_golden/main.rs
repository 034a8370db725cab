//! The combiners beside TorchJD, whose draws are recorded in `golden/gradient.json` by `golden/make_gradient.py`.

mod degenerate;

use mtl_sharing::gradient::{
    CrossGram, EigenvalueScale, FairGrad, GradientCombining, GradientNormalization, Gram, NashMtl, Rescale,
    SdmGradRule, aligned_mtl, cagrad, config, dual_projection, grad_drop, grad_vac, imtl_g, mgda, pcgrad,
    sdm_grad, sum, up_grad,
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

fn gram_of(rows: &[Vec<f64>]) -> Gram {
    Gram::of_gradients(&views(rows)).unwrap()
}

fn direction(rows: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    (0..rows[0].len()).map(|i| rows.iter().zip(weights).map(|(row, weight)| row[i] * weight).sum()).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

fn mean(gram: &Gram) -> Vec<f64> {
    vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()]
}

/// The cases of one part of the file.
fn cases(part: &str) -> Vec<Value> {
    let golden: Value = serde_json::from_str(include_str!("../golden/gradient.json")).unwrap();
    golden[part].as_array().unwrap().clone()
}

/// TorchJD's vectors and ours of a method on one Jacobian: directions, but SDMGrad's weights; several for a method that
/// was asked several times. `None` where TorchJD has no answer.
type Pairs = Vec<(Option<Vec<f64>>, Vec<f64>)>;

/// Both sides' vectors of the method that TorchJD's answers call `name`.
fn pairs(name: &str, rows: &[Vec<f64>], answers: &Value) -> Pairs {
    let answer = &answers[name];
    match name {
        "pcgrad" => {
            let weights = pcgrad(&gram_of(rows), &orders(&answer["orders"])).unwrap().weights;
            vec![(torchjd(&answer["direction"]), direction(rows, &weights))]
        }
        "grad-vac" => vaccinated(rows, answer),
        "grad-drop" => {
            let mut combined = vec![0.0; rows[0].len()];
            let (leaks, draws) = (numbers(&answer["leaks"]), numbers(&answer["draws"]));
            grad_drop(&views(rows), &leaks, &draws, &mut combined).unwrap();
            vec![(torchjd(&answer["direction"]), combined)]
        }
        "sdmgrad" => direction_oriented(rows, answer),
        _ => vec![(torchjd(answer), direction(rows, &weights(name, &gram_of(rows))))],
    }
}

fn torchjd(answer: &Value) -> Option<Vec<f64>> {
    (!answer.is_null()).then(|| numbers(answer))
}

/// The weights of a method that does not draw.
fn weights(name: &str, gram: &Gram) -> Vec<f64> {
    let mean = mean(gram);
    if let Some(mode) = name.strip_prefix("aligned-mtl ") {
        let scale = EigenvalueScale::ALL.iter().find(|(name, _)| *name == mode).expect("a scale").1;
        return aligned_mtl(gram, &mean, scale).unwrap().weights;
    }
    if let Some(alpha) = name.strip_prefix("fairgrad ") {
        let mut combining = FairGrad::new(gram.n_tasks(), alpha.parse().unwrap()).unwrap();
        return combining.weights(0, gram, &mean).unwrap().weights;
    }
    match name {
        "sum" => sum(gram),
        "mgda" => mgda(gram, &mean, GradientNormalization::None).unwrap(),
        "dual-projection" => dual_projection(gram, &mean).unwrap(),
        "upgrad" => up_grad(gram, &mean).unwrap(),
        "cagrad .4" => cagrad(gram, 0.4, Rescale::None).unwrap(),
        "imtl-g" => imtl_g(gram),
        "config" => config(gram),
        "nash-mtl" => NashMtl::new(gram.n_tasks(), 1.0, 1).unwrap().weights(0, gram, &mean).unwrap(),
        _ => panic!("{name} is no method of the file"),
    }
    .weights
}

/// Three steps, the first gradient scaled in each.
fn vaccinated(rows: &[Vec<f64>], answer: &Value) -> Pairs {
    let mut targets = vec![0.0; rows.len() * rows.len()];
    let mut step = |step: &Value| {
        let mut rows = rows.to_vec();
        let scale = step["scale_of_first"].as_f64().unwrap();
        rows[0].iter_mut().for_each(|value| *value *= scale);
        let weights = grad_vac(&gram_of(&rows), &orders(&step["orders"]), &mut targets, 0.3).unwrap().weights;
        (torchjd(&step["direction"]), direction(&rows, &weights))
    };
    answer.as_array().unwrap().iter().map(&mut step).collect()
}

/// Three steps on the same products.
fn direction_oriented(rows: &[Vec<f64>], answer: &Value) -> Pairs {
    let rule = SdmGradRule { lambda: 0.4, iterations: 10, rate: 0.5, momentum: 0.5 };
    let cross = CrossGram::new(numbers(&answer["cross"]), (0..rows.len()).collect()).unwrap();
    let mut w = vec![1.0 / rows.len() as f64; rows.len()];
    let mut step = |step: &Value| (torchjd(step), sdm_grad(&cross, &mut w, rule).unwrap().weights);
    answer["steps"].as_array().unwrap().iter().map(&mut step).collect()
}

/// The methods by their names in the file, with the tolerance that TorchJD's accuracy allows.
const METHODS: [(&str, f64); 18] = [
    ("sum", 1e-12),
    // TorchJD's Frank-Wolfe steps end before the minimum.
    ("mgda", 2e-3),
    ("pcgrad", 1e-9),
    ("grad-vac", 1e-8),
    ("grad-drop", 1e-12),
    ("cagrad .4", 1e-4),
    ("imtl-g", 1e-8),
    // TorchJD's convex programs end when the equations hold to 1e-3.
    ("nash-mtl", 1e-3),
    ("aligned-mtl min", 1e-8),
    ("aligned-mtl median", 1e-8),
    ("aligned-mtl rmse", 1e-8),
    ("fairgrad 0.5", 1e-6),
    ("fairgrad 1.0", 1e-6),
    ("fairgrad 2.0", 1e-6),
    ("config", 1e-8),
    ("dual-projection", 1e-6),
    ("upgrad", 1e-6),
    ("sdmgrad", 1e-7),
];

fn near(expected: &[f64], got: &[f64], tolerance: f64) -> bool {
    assert_eq!(expected.len(), got.len());
    expected.iter().zip(got).all(|(expected, got)| (expected - got).abs() <= tolerance)
}

/// Asserts on the random Jacobians that both sides of the methods whose names begin so agree, in units of the largest
/// entry of the gradients.
fn compare(prefix: &str) {
    let cases = cases("cases");
    assert_eq!(cases.len(), 14);
    let methods: Vec<_> = METHODS.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
    assert!(!methods.is_empty());
    for (case, (name, tolerance)) in cases.iter().flat_map(|case| methods.iter().map(move |m| (case, m))) {
        let rows = rows(&case["jacobian"]);
        for (expected, got) in pairs(name, &rows, &case["answers"]) {
            let expected = expected.expect("TorchJD has an answer");
            assert!(
                near(&expected, &got, tolerance * largest(&rows.concat())),
                "{name} on {rows:?}: expected {expected:?}, got {got:?}"
            );
        }
    }
}

#[test]
fn sum_as_in_torchjd() {
    compare("sum");
}

#[test]
fn mgda_as_in_torchjd() {
    compare("mgda");
}

#[test]
fn pcgrad_as_in_torchjd() {
    compare("pcgrad");
}

#[test]
fn grad_vac_as_in_torchjd() {
    compare("grad-vac");
}

#[test]
fn grad_drop_as_in_torchjd() {
    compare("grad-drop");
}

#[test]
fn cagrad_as_in_torchjd() {
    compare("cagrad");
}

#[test]
fn imtl_g_as_in_torchjd() {
    compare("imtl-g");
}

#[test]
fn nash_mtl_as_in_torchjd() {
    compare("nash-mtl");
}

#[test]
fn aligned_mtl_as_in_torchjd() {
    compare("aligned-mtl");
}

#[test]
fn fairgrad_as_in_torchjd() {
    compare("fairgrad");
}

#[test]
fn config_as_in_torchjd() {
    compare("config");
}

#[test]
fn dual_projection_as_in_torchjd() {
    compare("dual-projection");
}

#[test]
fn upgrad_as_in_torchjd() {
    compare("upgrad");
}

#[test]
fn sdmgrad_as_in_torchjd() {
    compare("sdmgrad");
}
