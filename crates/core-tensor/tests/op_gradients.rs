//! The gradient of every operation against finite differences in f64, on each device.

mod common;

use common::{check_gradient, from, pack, tensor, values, wide};
use mtl_core_tensor::device::{Binary, Broadcast, Unary};
use mtl_core_tensor::shape::{Const, Shape};
use mtl_core_tensor::{
    Activation, Attention, Device, Dropout, Embedding, GradientSink, Gradients, IGNORED, Island, LayerNorm,
    Linear, Loss, LossAndGradient, Param, QueryKeyValue, Role, Tape, Tensor, TensorError, WalkPlan,
};

/// A loss that weighs every element differently.
fn weigh<S: Shape, D: Device>(tape: &mut Tape<f64, D>, y: &Tensor<S, f64, D>) -> Result<Loss, TensorError> {
    let weights = tensor(tape.device(), *y.shape(), 77);
    let product = tape.binary(y, &weights, Binary::Mul)?;
    tape.total(&product, 1.0)
}

/// The gradient of one parameter of a loss, by a walk and by differences of the parameter.
#[track_caller]
fn check_parameter<S: Shape, D: Device>(
    device: &D,
    parameter: &Param<S, f64, D>,
    loss: impl Fn(&mut Tape<f64, D>, &Param<S, f64, D>) -> Result<Loss, TensorError>,
) {
    let mut tape = Tape::training(device, 11, 3);
    let value = loss(&mut tape, parameter).expect("the operation runs");
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan::only(&[(value, 1.0)]).expect("recorded"), &mut gradients).expect("the walk runs");
    let n = parameter.shape().num_elements();
    let got = gradients.get(parameter.id()).expect("the parameter has a gradient").to_dense(device, n);
    let as_input = |tape: &mut Tape<f64, D>, x: &Tensor<S, f64, D>| {
        let moved = parameter.fork();
        moved.set(x.detach());
        loss(tape, &moved)
    };
    common::assert_close(&got, &common::differences(device, &parameter.value(), &as_input), 2e-6);
}

fn linear<D: Device>(device: &D) -> Linear<usize, usize, f64, D> {
    let layer = Linear::new(tensor(device, (3, 5), 1));
    layer.bias.set(tensor(device, (3,), 2));
    layer
}

const ACTIVATIONS: [Activation; 5] =
    [Activation::None, Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::GeluTanh];

fn linear_has_the_right_gradients<D: Device>(device: &D) {
    let (layer, x) = (linear(device), tensor::<_, f64, _>(device, (4usize, 5usize), 3));
    for activation in ACTIVATIONS {
        check_gradient(device, &x, |tape, x| {
            let y = tape.linear(x, &layer, activation)?;
            weigh(tape, &y)
        });
        check_parameter(device, &layer.weight, |tape, weight| {
            let y =
                tape.linear(&x, &Linear { weight: weight.clone(), bias: layer.bias.clone() }, activation)?;
            weigh(tape, &y)
        });
        check_parameter(device, &layer.bias, |tape, bias| {
            let y =
                tape.linear(&x, &Linear { weight: layer.weight.clone(), bias: bias.clone() }, activation)?;
            weigh(tape, &y)
        });
    }
}

fn layer_norm_has_the_right_gradients<D: Device>(device: &D) {
    let layer = LayerNorm::new(device, 6usize, 1e-5).unwrap();
    layer.gamma.set(tensor(device, (6,), 4));
    layer.beta.set(tensor(device, (6,), 5));
    let pack = pack();
    let named =
        |seed| tensor::<_, f64, _>(device, (8usize, 6usize), seed).with_rows(pack.token_rows()).unwrap();
    let (x, residual) = (named(6), named(7));
    for dropout in [Dropout::OFF, Dropout::new(0.4, "dropout9").unwrap()] {
        let run = |tape: &mut Tape<f64, D>,
                   x: &Tensor<_, _, _>,
                   r: Option<&Tensor<_, _, _>>,
                   l: &LayerNorm<_, _, _>| {
            let x = x.clone().with_rows(pack.token_rows())?;
            let y = tape.layer_norm(&x, r, l, dropout)?;
            weigh(tape, &y)
        };
        check_gradient(device, &x, |tape, x| run(tape, x, None, &layer));
        check_gradient(device, &x, |tape, x| run(tape, x, Some(&residual), &layer));
        check_gradient(device, &residual, |tape, r| run(tape, &x, Some(r), &layer));
        check_parameter(device, &layer.gamma, |tape, gamma| {
            let mut layer = layer.clone();
            layer.gamma = gamma.clone();
            run(tape, &x, Some(&residual), &layer)
        });
        check_parameter(device, &layer.beta, |tape, beta| {
            let mut layer = layer.clone();
            layer.beta = beta.clone();
            run(tape, &x, Some(&residual), &layer)
        });
    }
}

fn attention_has_the_right_gradients<D: Device>(device: &D) {
    let pack = pack();
    let qkv = tensor::<_, f64, _>(device, (8usize, Const::<3>, 6usize), 8);
    for causal in [false, true] {
        for dropout in [Dropout::OFF, Dropout::new(0.3, "dropout4").unwrap()] {
            check_gradient(device, &qkv, |tape, qkv| {
                let y = tape.attention(qkv, &pack, Attention { heads: 2, causal, dropout })?;
                weigh(tape, &y)
            });
        }
    }
}

fn query_key_value_has_the_right_gradients<D: Device>(device: &D) {
    let layer = QueryKeyValue::new(tensor(device, (Const, 4usize, 4usize), 9));
    let x = tensor::<_, f64, _>(device, (3usize, 4usize), 10);
    check_gradient(device, &x, |tape, x| {
        let y = tape.query_key_value(x, &layer)?;
        weigh(tape, &y)
    });
}

fn embedding_has_the_right_gradient<D: Device>(device: &D) {
    let (words, segments) = (tensor(device, (5usize, 3usize), 11), tensor(device, (2usize, 3usize), 12));
    let (words, segments) = (Embedding::new(words), Embedding::new(segments));
    let pack = pack();
    check_parameter(device, &words.table, |tape, table| {
        let words = Embedding { table: table.clone() };
        let lookups = [words.lookup(&pack.token_ids)?, segments.lookup(&pack.segments)?];
        let y = tape.embed(&lookups, pack.token_rows())?;
        weigh(tape, &y)
    });
}

fn losses_have_the_right_gradients<D: Device>(device: &D) {
    let logits = tensor::<_, f64, _>(device, (4usize, 3usize), 13);
    for smoothing in [0.0, 0.2] {
        check_gradient(device, &logits, |tape, x| tape.cross_entropy(x, &[2, IGNORED, 0, 1], smoothing, 3.0));
    }
    check_gradient(device, &logits, |tape, x| tape.squared_error(x, &values(12, 14), 12.0));
    let mut targets: Vec<f64> = values(12, 15).into_iter().map(|t| f64::from(t > 0.0)).collect();
    targets[4] = f64::NAN;
    check_gradient(device, &logits, |tape, x| tape.binary_cross_entropy(x, &targets, 4.0));
}

fn rows_have_the_right_gradients<D: Device>(device: &D) {
    let (x, pack) = (tensor::<_, f64, _>(device, (8usize, 3usize), 16), pack());
    check_gradient(device, &x, |tape, x| {
        let y = tape.gather_rows(x, &[7, 0, 7, 2])?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.first_rows(x, &pack)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.mean_pool(x, &pack)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.row_sums(x)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let named = x.clone().with_rows(pack.token_rows())?;
        let y = tape.dropout(&named, Dropout::new(0.5, "dropout2")?)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.softmax(x)?;
        weigh(tape, &y)
    });
}

fn elementwise_has_the_right_gradients<D: Device>(device: &D) {
    let positive: Vec<f64> = values(6, 17).into_iter().map(|x| x.abs() + 0.5).collect();
    let x = from::<_, f64, _>(device, (2usize, 3usize), &positive);
    let other =
        from::<_, f64, _>(device, (2usize, 3usize), &positive.iter().map(|x| 2.5 - x).collect::<Vec<_>>());
    let functions =
        [Unary::Exp, Unary::Ln, Unary::Sqrt, Unary::Square, Unary::Sigmoid, Unary::Affine(2.0, -1.0)];
    for f in functions.into_iter().chain(ACTIVATIONS.map(Unary::Activation)) {
        check_gradient(device, &x, |tape, x| {
            let y = tape.unary(x, f)?;
            weigh(tape, &y)
        });
    }
    for f in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div] {
        check_gradient(device, &x, |tape, x| {
            let y = tape.binary(x, &other, f)?;
            weigh(tape, &y)
        });
        check_gradient(device, &x, |tape, x| {
            let y = tape.binary(&other, x, f)?;
            weigh(tape, &y)
        });
    }
    let row = tensor::<_, f64, _>(device, (3usize,), 18);
    for f in [Broadcast::Add, Broadcast::Mul] {
        check_gradient(device, &x, |tape, x| {
            let y = tape.broadcast(x, &row, f)?;
            weigh(tape, &y)
        });
        check_gradient(device, &row, |tape, row| {
            let y = tape.broadcast(&x, row, f)?;
            weigh(tape, &y)
        });
    }
}

fn matmul_has_the_right_gradients<D: Device>(device: &D) {
    let a = tensor::<_, f64, _>(device, (2usize, 4usize), 19);
    let b = tensor::<_, f64, _>(device, (4usize, 3usize), 20);
    check_gradient(device, &a, |tape, a| {
        let c = tape.matmul(a, &b)?;
        weigh(tape, &c)
    });
    check_gradient(device, &b, |tape, b| {
        let c = tape.matmul(&a, b)?;
        weigh(tape, &c)
    });
}

fn a_tensor_used_twice_adds_its_gradients<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (2usize, 2usize), 21);
    check_gradient(device, &x, |tape, x| {
        let (square, e) = (tape.unary(x, Unary::Square)?, tape.unary(x, Unary::Exp)?);
        let y = tape.binary(&square, &e, Binary::Mul)?;
        weigh(tape, &y)
    });
}

fn a_checkpoint_gives_the_same_bits<D: Device>(device: &D) {
    let pack = pack();
    let x = tensor::<_, f64, _>(device, (8usize, 5usize), 22).with_rows(pack.token_rows()).unwrap();
    let layer = linear(device);
    let part = {
        let layer = layer.clone();
        move |tape: &mut Tape<f64, D>, x: &Tensor<(usize, usize), f64, D>| {
            let y = tape.linear(x, &layer, Activation::Gelu)?;
            tape.dropout(&y, Dropout::new(0.5, "dropout3")?)
        }
    };
    let run = |checkpointed: bool| {
        let mut tape = Tape::training(device, 1, 2);
        let x = tape.watch(&x);
        let y = if checkpointed { tape.checkpoint(&x, part.clone()) } else { part(&mut tape, &x) }.unwrap();
        let kept = tape.len();
        let loss = weigh(&mut tape, &y).unwrap();
        let mut gradients = Gradients::new();
        let stop_at = [x.node().unwrap()];
        let plan = WalkPlan { stop_at: &stop_at, ..WalkPlan::only(&[(loss, 1.0)]).unwrap() };
        let dx = tape.walk(plan, &mut gradients).unwrap().pop().flatten().unwrap();
        let dw = gradients.get(layer.weight.id()).unwrap().to_dense(device, 15);
        (device.download(&dx), dw, loss.value, kept)
    };
    let (plain, again) = (run(false), run(true));
    assert_eq!((&plain.0, &plain.1, plain.2), (&again.0, &again.1, again.2));
    assert_eq!((plain.3, again.3), (2, 1), "a checkpoint keeps one operation");
}

fn with_recording_off_nothing_is_kept<D: Device>(device: &D) {
    let mut tape = Tape::inference(device);
    let x = tensor::<_, f64, _>(device, (4usize, 5usize), 3);
    let y = tape.linear(&x, &linear(device), Activation::Gelu).unwrap();
    assert!(tape.is_empty() && y.node().is_none());
    assert!(wide(&y).iter().all(|y| y.is_finite()));
    let loss = tape.total(&y, 1.0).unwrap();
    assert!(matches!(WalkPlan::<f64, D>::only(&[(loss, 1.0)]), Err(TensorError::NotRecorded)));
}

/// Notes the order in which gradients become final.
struct Order(Vec<mtl_core_tensor::ParamId>);

impl<D: Device> GradientSink<f64, D> for Order {
    fn accept(
        &mut self,
        _: &D,
        _: mtl_core_tensor::ParamId,
        _: Option<u32>,
        _: mtl_core_tensor::Gradient<f64, D>,
    ) {
    }
    fn finished(&mut self, _: &D, parameter: mtl_core_tensor::ParamId) {
        self.0.push(parameter);
    }
}

fn gradients_are_handed_over_once_final<D: Device>(device: &D) {
    let square = || Linear::new(tensor::<_, f64, _>(device, (5usize, 5usize), 23));
    let (first, second) = (square(), square());
    let x = tensor::<_, f64, _>(device, (4usize, 5usize), 24);
    let mut tape = Tape::recording(device);
    // The first layer is used twice: its gradient is final only after its first use is reached.
    let y = tape.linear(&x, &first, Activation::Tanh).unwrap();
    let y = tape.linear(&y, &second, Activation::Tanh).unwrap();
    let y = tape.linear(&y, &first, Activation::Tanh).unwrap();
    let loss = tape.total(&y, 1.0).unwrap();
    let mut order = Order(Vec::new());
    tape.walk(WalkPlan::only(&[(loss, 1.0)]).unwrap(), &mut order).unwrap();
    assert_eq!(order.0, [second.weight.id(), second.bias.id(), first.weight.id(), first.bias.id()]);
}

fn run_time_mismatches_are_errors_with_both_shapes<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (4usize, 7usize), 3);
    let error = Tape::recording(device).linear(&x, &linear(device), Activation::None).unwrap_err();
    assert_eq!(error.to_string(), "linear expects input width [5] but got [7]");
    let mut other = Tape::recording(device);
    let watched = other.watch(&tensor::<_, f64, _>(device, (4usize, 5usize), 3));
    let error = Tape::recording(device).linear(&watched, &linear(device), Activation::None).unwrap_err();
    assert_eq!(error.to_string(), "linear: the tensor was recorded on another tape");
}

fn mix_has_the_right_gradients<D: Device>(device: &D) {
    let xs = [30, 31, 32].map(|seed| tensor::<_, f64, _>(device, (4usize, 5usize), seed));
    let coefficients = Param::new(Role::Weight, tensor(device, (2usize, 3usize), 33));
    for first in [0, 2, 3] {
        for at in 0..3 {
            check_gradient(device, &xs[at], |tape, x| {
                let mut mixed = [&xs[0], &xs[1], &xs[2]];
                mixed[at] = x;
                let y = tape.mix(&mixed, &coefficients, first)?;
                weigh(tape, &y)
            });
        }
        check_parameter(device, &coefficients, |tape, coefficients| {
            let y = tape.mix(&[&xs[0], &xs[1], &xs[2]], coefficients, first)?;
            weigh(tape, &y)
        });
    }
    check_gradient(device, &xs[0], |tape, x| {
        let y = tape.mix(&[x, &xs[1], x], &coefficients, 1)?;
        weigh(tape, &y)
    });
}

fn mix_refuses_what_does_not_fit<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (4usize, 5usize), 30);
    let other = tensor::<_, f64, _>(device, (4usize, 6usize), 31);
    let coefficients = Param::new(Role::Weight, tensor(device, (3usize,), 33));
    let error = |xs: &[&Tensor<(usize, usize), f64, D>], first| {
        Tape::recording(device).mix(xs, &coefficients, first).expect_err("it does not fit").to_string()
    };
    assert_eq!(error(&[], 0), "tensors to mix must be at least 1, got 0");
    assert_eq!(error(&[&x, &other], 0), "mix expects mixed tensor [4, 5] but got [4, 6]");
    assert_eq!(error(&[&x, &x], 2), "mix: index 3 is outside 0..3");
    assert!(error(&[&x], usize::MAX).starts_with("mix: index"));
}

fn parts_have_the_right_gradients<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (4usize, Const::<3>, 5usize), 36);
    for part in 0..3 {
        check_gradient(device, &x, |tape, x| {
            let y = tape.part(x, part)?;
            weigh(tape, &y)
        });
    }
    let [a, b] = [37, 38].map(|seed| tensor::<_, f64, _>(device, (4usize, 5usize), seed));
    check_gradient(device, &a, |tape, a| {
        let y = tape.join([a, &b, a])?;
        weigh(tape, &y)
    });
    check_gradient(device, &b, |tape, b| {
        let y = tape.join([&a, b])?;
        weigh(tape, &y)
    });
}

fn parts_that_are_joined_are_the_whole<D: Device>(device: &D) {
    let pack = pack();
    let x = tensor::<_, f64, _>(device, (8usize, Const::<3>, 5usize), 39);
    let x = x.with_rows(pack.token_rows()).unwrap();
    let mut tape = Tape::inference(device);
    let [a, b, c] = [0, 1, 2].map(|part| tape.part(&x, part).unwrap());
    assert_eq!(b.to_vec(), x.to_vec().chunks(5).skip(1).step_by(3).flatten().copied().collect::<Vec<_>>());
    let joined = tape.join([&a, &b, &c]).unwrap();
    assert_eq!(joined.to_vec(), x.to_vec());
    assert_eq!(joined.rows().unwrap().owners(), pack.token_rows().owners());
    let error = tape.part(&x, 3).unwrap_err();
    assert_eq!(error.to_string(), "part: index 3 is outside 0..3");
    let other = tensor(device, (8usize, 6usize), 40);
    let error = tape.join([&a, &other]).unwrap_err();
    assert_eq!(error.to_string(), "join expects part [8, 5] but got [8, 6]");
    let none: [&Tensor<(usize, usize), f64, D>; 0] = [];
    assert_eq!(tape.join(none).unwrap_err().to_string(), "parts must be at least 1, got 0");
}

/// The sum over i of x\[i\]^2 x\[i + 1\], the last element meeting the first.
fn cubic(x: &[f64]) -> Result<LossAndGradient, TensorError> {
    let n = x.len();
    let (next, last) = (|i: usize| x[(i + 1) % n], |i: usize| x[(i + n - 1) % n]);
    Ok(LossAndGradient {
        loss: (0..n).map(|i| x[i] * x[i] * next(i)).sum(),
        gradient: (0..n).map(|i| 2.0 * x[i] * next(i) + last(i) * last(i)).collect(),
    })
}

/// Cross-entropy of rows of three logits, the obvious way.
fn cross_entropy(logits: &[f64], targets: &[usize]) -> LossAndGradient {
    let (mut loss, mut gradient) = (0.0, Vec::new());
    for (row, &target) in logits.chunks(3).zip(targets) {
        let sum: f64 = row.iter().map(|x| x.exp()).sum();
        loss += sum.ln() - row[target];
        gradient.extend(row.iter().enumerate().map(|(i, x)| x.exp() / sum - f64::from(i == target)));
    }
    LossAndGradient { loss, gradient }
}

fn loss_of_has_the_right_gradient<D: Device>(device: &D) {
    let logits = tensor::<_, f64, _>(device, (4usize, 3usize), 41);
    check_gradient(device, &logits, |tape, x| tape.loss_of(x, 3.0, cubic));
    check_gradient(device, &logits, |tape, x| {
        let y = tape.unary(x, Unary::Sigmoid)?;
        tape.loss_of(&y, 1.0, cubic)
    });
}

fn a_loss_on_the_host_is_the_kernels_loss<D: Device>(device: &D) {
    let logits = tensor::<_, f64, _>(device, (4usize, 3usize), 42);
    let run = |on_the_host: bool| {
        let mut tape = Tape::recording(device);
        let x = tape.watch(&logits);
        let loss = if on_the_host {
            tape.loss_of(&x, 4.0, |x| Ok(cross_entropy(x, &[2, 1, 0, 1])))
        } else {
            tape.cross_entropy(&x, &[2, 1, 0, 1], 0.0, 4.0)
        };
        let (loss, stop_at) = (loss.unwrap(), [x.node().unwrap()]);
        let plan = WalkPlan { stop_at: &stop_at, ..WalkPlan::only(&[(loss, -0.7)]).unwrap() };
        let stopped = tape.walk(plan, &mut Gradients::new()).unwrap().pop().flatten();
        [vec![loss.value], device.download(&stopped.unwrap())].concat()
    };
    common::assert_close(&run(true), &run(false), 1e-14);
}

fn loss_of_refuses_what_does_not_fit<D: Device>(device: &D) {
    let logits = tensor::<_, f64, _>(device, (4usize, 3usize), 41);
    let mut tape = Tape::recording(device);
    let short = |_: &[f64]| Ok(LossAndGradient { loss: 0.0, gradient: vec![0.0; 11] });
    let error = tape.loss_of(&logits, 1.0, short).unwrap_err();
    assert_eq!(error.to_string(), "loss_of expects gradient [12] but got [11]");
    let own = TensorError::Index { op: "spans", index: 9, len: 4 };
    let error = tape.loss_of(&logits, 1.0, |_| Err(own)).unwrap_err();
    assert_eq!(error.to_string(), "spans: index 9 is outside 0..4");
    for denominator in [0.0, -1.0, f64::NAN] {
        assert!(matches!(tape.loss_of(&logits, denominator, cubic), Err(TensorError::Range { .. })));
    }
}

fn mean_rows_has_the_right_gradient<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (8usize, 3usize), 43);
    for boundaries in [&[0, 3, 3, 4, 8][..], &[0, 8], &[0, 0, 1, 2, 3, 4, 5, 6, 7, 8]] {
        check_gradient(device, &x, |tape, x| {
            let y = tape.mean_rows(x, boundaries)?;
            weigh(tape, &y)
        });
    }
}

fn mean_rows_names_and_refuses<D: Device>(device: &D) {
    let (x, pack) = (tensor::<_, f64, _>(device, (8usize, 3usize), 43), pack());
    let x = x.with_rows(pack.token_rows()).unwrap();
    let mut tape = Tape::inference(device);
    let means = tape.mean_rows(&x, &[0, 2, 3, 8]).unwrap();
    let pairs = (means.to_vec(), x.to_vec());
    common::assert_close(
        &pairs.0[..3],
        &(0..3).map(|i| (pairs.1[i] + pairs.1[3 + i]) / 2.0).collect::<Vec<_>>(),
        1e-15,
    );
    assert_eq!(means.rows().unwrap().owners(), [0, 0, 1], "the name of the first row");
    let with_an_empty_run = tape.mean_rows(&x, &[0, 8, 8]).unwrap();
    assert!(with_an_empty_run.rows().is_none() && with_an_empty_run.to_vec()[3..] == [0.0; 3]);
    let mut error = |boundaries: &[usize]| tape.mean_rows(&x, boundaries).unwrap_err().to_string();
    assert_eq!(error(&[0, 7]), "mean_rows expects first and last boundary [0, 8] but got [0, 7]");
    assert_eq!(error(&[1, 8]), "mean_rows expects first and last boundary [0, 8] but got [1, 8]");
    assert_eq!(error(&[]), "mean_rows expects first and last boundary [0, 8] but got [0, 0]");
    assert_eq!(error(&[0, 5, 3, 8]), "mean_rows: index 5 is outside 0..3");
}

fn leaf_has_the_right_gradient<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (4usize, 3usize), 44);
    let row = Param::new(Role::Weight, tensor(device, (3usize,), 45));
    check_parameter(device, &row, |tape, row| {
        let row = tape.leaf(row);
        let y = tape.broadcast(&x, &row, Broadcast::Mul)?;
        let y = tape.unary(&y, Unary::Exp)?;
        weigh(tape, &y)
    });
    let matrix = Param::new(Role::Weight, tensor(device, (3usize, 2usize), 46));
    check_parameter(device, &matrix, |tape, matrix| {
        // Read twice: the gradients of both readings add up.
        let (once, again) = (tape.leaf(matrix), tape.leaf(matrix));
        let square = tape.binary(&once, &again, Binary::Mul)?;
        let y = tape.matmul(&x, &square)?;
        weigh(tape, &y)
    });
}

fn tied_weights_have_the_sum_of_both_gradients<D: Device>(device: &D) {
    let (pack, table) = (pack(), Param::new(Role::Weight, tensor(device, (5usize, 4usize), 47)));
    let bias = Param::new(Role::BiasOrNorm, tensor(device, (5usize,), 48));
    check_parameter(device, &table, |tape, table| {
        let words = Embedding { table: table.clone() };
        let decoder = Linear { weight: table.clone(), bias: bias.clone() };
        let x = tape.embed(&[words.lookup(&pack.token_ids)?], pack.token_rows())?;
        let x = tape.unary(&x, Unary::Activation(Activation::Tanh))?;
        let logits = tape.linear(&x, &decoder, Activation::None)?;
        tape.cross_entropy(&logits, &[1, 4, 1, 0, 2, 3, IGNORED, 2], 0.0, 1.0)
    });
}

fn what_is_not_wanted_changes_nothing_else<D: Device>(device: &D) {
    let [a, b] = [49, 50].map(|seed| tensor::<_, f64, _>(device, (3usize, 3usize), seed));
    let row = tensor::<_, f64, _>(device, (3usize,), 51);
    let run = |wanted: [bool; 2], op: usize| {
        let mut tape = Tape::<f64, D>::recording(device);
        let watch = |tape: &mut Tape<f64, D>, at: usize, x: &Tensor<(usize, usize), f64, D>| {
            if wanted[at] { tape.watch(x) } else { x.clone() }
        };
        let x = watch(&mut tape, 0, &a);
        let (y, second) = match op {
            0..4 => {
                let other = watch(&mut tape, 1, &b);
                let f = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div][op];
                (tape.binary(&x, &other, f).unwrap(), other.node())
            }
            4 => {
                let other = watch(&mut tape, 1, &b);
                (tape.matmul(&x, &other).unwrap(), other.node())
            }
            _ => {
                let other = if wanted[1] { tape.watch(&row) } else { row.clone() };
                let f = if op == 5 { Broadcast::Add } else { Broadcast::Mul };
                (tape.broadcast(&x, &other, f).unwrap(), other.node())
            }
        };
        let loss = weigh(&mut tape, &y).unwrap();
        let stop_at: Vec<_> = [x.node(), second].into_iter().flatten().collect();
        let plan = WalkPlan { stop_at: &stop_at, ..WalkPlan::only(&[(loss, 1.0)]).unwrap() };
        let stopped = tape.walk(plan, &mut Gradients::new()).unwrap();
        stopped.iter().map(|x| device.download(x.as_ref().unwrap())).collect::<Vec<_>>()
    };
    for op in 0..7 {
        let both = run([true, true], op);
        assert_eq!(run([true, false], op), both[..1]);
        assert_eq!(run([false, true], op), both[1..]);
    }
}

/// Runs each test body on each device.
macro_rules! on_each_device {
    ($($test:ident),* $(,)?) => {
        mod cpu {
            $(#[test] fn $test() { super::$test(&mtl_core_tensor::Cpu); })*
        }
        mod island {
            $(#[test] fn $test() { super::$test(&super::Island); })*
        }
    };
}

on_each_device!(
    linear_has_the_right_gradients,
    layer_norm_has_the_right_gradients,
    attention_has_the_right_gradients,
    query_key_value_has_the_right_gradients,
    embedding_has_the_right_gradient,
    losses_have_the_right_gradients,
    rows_have_the_right_gradients,
    elementwise_has_the_right_gradients,
    matmul_has_the_right_gradients,
    a_tensor_used_twice_adds_its_gradients,
    a_checkpoint_gives_the_same_bits,
    with_recording_off_nothing_is_kept,
    gradients_are_handed_over_once_final,
    run_time_mismatches_are_errors_with_both_shapes,
    mix_has_the_right_gradients,
    mix_refuses_what_does_not_fit,
    parts_have_the_right_gradients,
    parts_that_are_joined_are_the_whole,
    loss_of_has_the_right_gradient,
    a_loss_on_the_host_is_the_kernels_loss,
    loss_of_refuses_what_does_not_fit,
    mean_rows_has_the_right_gradient,
    mean_rows_names_and_refuses,
    leaf_has_the_right_gradient,
    tied_weights_have_the_sum_of_both_gradients,
    what_is_not_wanted_changes_nothing_else,
);
