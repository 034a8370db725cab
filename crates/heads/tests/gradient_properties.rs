//! The gradients of every head's loss against finite differences in f64, on both devices.

use mtl_core_tensor::device::{Cpu, Island};
use mtl_core_tensor::{
    Device, Gradients, Head, IGNORED, Init, Loss, Module, Pack, ParamId, Tape, Targets, Tensor, WalkPlan,
};
use mtl_heads::{Classification, HeadConfig, MultiLabel, Regression, TokenClassification};

const HIDDEN: usize = 5;
const ROWS: usize = 4;
const CONFIG: HeadConfig = HeadConfig { dropout: 0.3 };

fn rows<D: Device>(device: &D) -> Tensor<(usize, usize), f64, D> {
    let mut pack = Pack::new();
    (0..ROWS as u32).for_each(|number| pack.push(&[1], &[0], number, vec![0]));
    let values = Init::new(5).normal("rows", ROWS * HIDDEN, 1.0);
    let rows = Tensor::from_slice(device, (ROWS, HIDDEN), &values).expect("sizes");
    rows.with_rows(pack.sequence_rows()).expect("one a sequence")
}

/// The loss with dropout on; the draws are keyed, so every call drops the same units.
fn loss<D: Device, T: Head<usize, f64, D>>(device: &D, head: &T, targets: &Targets) -> (Tape<f64, D>, Loss) {
    let mut tape = Tape::training(device, 3, 1);
    let logits = head.logits(&mut tape, &rows(device)).expect("fits");
    let loss = head.loss(&mut tape, &logits, targets, 3.0).expect("fits");
    (tape, loss)
}

/// Moves number `index` of one parameter by `step`.
fn shift<D: Device>(head: &dyn Module<f64, D>, parameter: ParamId, index: usize, step: f64) {
    head.visit(&mut |_, view| {
        if view.id == parameter {
            let mut values = view.to_vec();
            values[index] += step;
            view.set(&values).expect("the same size");
        }
    });
}

fn check<D: Device, T: Head<usize, f64, D>>(device: &D, head: T, targets: &Targets) {
    let (mut tape, value) = loss(device, &head, targets);
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan::only(&[(value, 1.0)]).expect("recorded"), &mut gradients).expect("walks");
    let mut parameters = Vec::new();
    head.visit(&mut |name, view| parameters.push((name.to_string(), view.id, view.sizes.iter().product())));
    assert_eq!(
        parameters.iter().map(|p| p.0.as_str()).collect::<Vec<_>>(),
        ["classifier.weight", "classifier.bias"]
    );
    for (name, id, len) in parameters {
        let found = gradients.get(id).expect("a head's parameters have gradients").to_dense(device, len);
        for (index, found) in found.into_iter().enumerate() {
            // Central differences of step h are wrong by O(h^2), and by rounding / h.
            const STEP: f64 = 1e-5;
            shift(&head, id, index, STEP);
            let above = loss(device, &head, targets).1.value;
            shift(&head, id, index, -2.0 * STEP);
            let below = loss(device, &head, targets).1.value;
            shift(&head, id, index, STEP);
            let expected = (above - below) / (2.0 * STEP);
            assert!((found - expected).abs() < 1e-8, "{name} {index}: {found} {expected}");
        }
    }
}

fn check_every_head<D: Device>(device: &D) {
    let init = Init::new(2);
    let classes = Targets::Classes(vec![2, 0, IGNORED, 1]);
    let classification = Classification::new(device, HIDDEN, 3, CONFIG, &init).expect("valid");
    check(device, classification.clone(), &classes);
    check(device, classification.with_label_smoothing(0.2).expect("in range"), &classes);
    let words = TokenClassification::new(device, HIDDEN, 3, CONFIG, &init).expect("valid");
    check(device, words.with_label_smoothing(0.1).expect("in range"), &classes);
    let labels = Targets::Labels(vec![1.0, 0.0, 1.0, 1.0, 0.0, f64::NAN, 0.0, 0.0]);
    check(device, MultiLabel::new(device, HIDDEN, 2, CONFIG, &init).expect("valid"), &labels);
    let values = Targets::Values(vec![0.0, 0.3, 1.0, 0.5]);
    check(device, Regression::new(device, HIDDEN, [0.0, 5.0], CONFIG, &init).expect("valid"), &values);
}

#[test]
fn gradients_are_those_of_finite_differences() {
    check_every_head(&Cpu);
    check_every_head(&Island);
}

#[test]
fn a_name_and_a_seed_decide_the_first_weights() {
    let weight = |part: &str, seed| {
        let init = Init::new(seed).part(part);
        let head = Classification::<usize, f64, Cpu>::new(&Cpu, HIDDEN, 3, CONFIG, &init).expect("valid");
        head.classifier.linear.weight.value().to_vec()
    };
    assert_eq!(weight("tasks.a", 1), weight("tasks.a", 1));
    assert_ne!(weight("tasks.a", 1), weight("tasks.b", 1));
    assert_ne!(weight("tasks.a", 1), weight("tasks.a", 2));
    assert!(weight("tasks.a", 1).iter().all(|w| w.abs() < 1.0 / (HIDDEN as f64).sqrt()));
}
