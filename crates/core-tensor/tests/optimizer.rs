//! Optimizers over a module: torch's numbers, saving in the middle, absent gradients, clipping.

mod common;

use common::assert_close;
use mtl_core_tensor::device::Memory;
use mtl_core_tensor::optim::{AdamW, AdamWConfig, Groups, Optimizer, Sgd, SgdConfig, global_norm};
use mtl_core_tensor::{
    Activation, Cpu, Embedding, Gradient, Gradients, Linear, Module, Pack, Param, ParamView, Real, Role,
    Tape, Tensor, WalkPlan,
};

/// Vectors under the names `0`, `1`, ...
struct Vectors<M: Real>(Vec<Param<(usize,), M, Cpu>>);

impl<M: Real> Vectors<M> {
    fn new(initial: &[Vec<f64>]) -> Self {
        let vector = |values: &Vec<f64>| {
            Param::new(Role::Weight, common::from::<_, M, _>(&Cpu, (values.len(),), values))
        };
        Vectors(initial.iter().map(vector).collect())
    }

    fn values(&self) -> Vec<Vec<f64>> {
        self.0.iter().map(|p| common::wide(&p.value())).collect()
    }

    /// Dense gradients of the parameters that are given any.
    fn gradients(&self, values: &[Option<&Vec<f64>>]) -> Gradients<M, Cpu> {
        let mut gradients = Gradients::new();
        for (parameter, values) in self.0.iter().zip(values) {
            if let Some(values) = values {
                let values: Vec<M> = values.iter().map(|&x| M::from_f64(x)).collect();
                gradients.add(&Cpu, parameter.id(), Gradient::Dense(Cpu.upload(&values)));
            }
        }
        gradients
    }
}

impl<M: Real> Module<M, Cpu> for Vectors<M> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, Cpu>)) {
        self.0.iter().enumerate().for_each(|(i, p)| visitor(&i.to_string(), p.view()));
    }
}

/// Ten steps of `torch.optim`, from `make_optimizer_golden.py`.
#[derive(serde::Deserialize)]
struct Golden {
    initial: Vec<Vec<f64>>,
    gradients: Vec<Vec<Vec<f64>>>,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    optimizer: String,
    dtype: String,
    learning_rate: f64,
    #[serde(default)]
    betas: [f64; 2],
    #[serde(default)]
    eps: f64,
    #[serde(default)]
    momentum: f64,
    #[serde(default)]
    nesterov: bool,
    weight_decay: f64,
    last: Vec<Vec<f64>>,
}

impl Golden {
    fn read() -> Golden {
        serde_json::from_str(include_str!("golden/optimizer.json")).expect("the golden file parses")
    }
}

impl Case {
    fn optimizer<M: Real>(&self) -> Box<dyn Optimizer<M, Cpu>> {
        let groups = Groups::new(self.weight_decay);
        if self.optimizer == "sgd" {
            let config = SgdConfig { momentum: self.momentum, nesterov: self.nesterov, groups };
            return Box::new(Sgd::new(config).expect("settings in range"));
        }
        let ([beta1, beta2], epsilon) = (self.betas, self.eps);
        Box::new(AdamW::new(AdamWConfig { beta1, beta2, epsilon, groups }).expect("settings in range"))
    }

    /// Steps over some of the golden gradients.
    fn steps<M: Real>(
        &self,
        optimizer: &mut dyn Optimizer<M, Cpu>,
        module: &Vectors<M>,
        gradients: &[Vec<Vec<f64>>],
    ) {
        for step in gradients {
            let gradients = module.gradients(&step.iter().map(Some).collect::<Vec<_>>());
            optimizer.step(module, &gradients, self.learning_rate, 1.0);
        }
    }

    fn check<M: Real>(&self, golden: &Golden, tolerance: f64) {
        let (mut whole, module) = (self.optimizer::<M>(), Vectors::new(&golden.initial));
        self.steps(&mut *whole, &module, &golden.gradients);
        for (got, want) in module.values().iter().zip(&self.last) {
            assert_close(got, want, tolerance);
        }
        // Stopped after four steps, saved, and taken up by an optimizer that has made none.
        let (mut before, again) = (self.optimizer::<M>(), Vectors::new(&golden.initial));
        self.steps(&mut *before, &again, &golden.gradients[..4]);
        let saved = before.state(&again);
        let mut after = self.optimizer::<M>();
        after.load(&again, saved.clone()).expect("whole");
        assert_eq!(after.state(&again), saved);
        self.steps(&mut *after, &again, &golden.gradients[4..]);
        assert_eq!(again.values(), module.values(), "to the bit");
        assert_eq!(after.state(&again), whole.state(&module));
    }
}

#[test]
fn ten_steps_are_those_of_torch_saved_in_the_middle_or_not() {
    let golden = Golden::read();
    assert_eq!(golden.cases.len(), 10);
    for case in &golden.cases {
        match case.dtype.as_str() {
            "f64" => case.check::<f64>(&golden, 1e-12),
            _ => case.check::<f32>(&golden, 1e-6),
        }
    }
}

#[test]
fn a_parameter_without_gradient_is_untouched_and_its_count_stays() {
    let golden = Golden::read();
    for case in golden.cases.iter().filter(|case| case.dtype == "f64") {
        let (mut optimizer, module) = (case.optimizer::<f64>(), Vectors::new(&golden.initial));
        let step =
            |optimizer: &mut dyn Optimizer<f64, Cpu>, module: &Vectors<f64>, at: usize, first: bool| {
                let [a, b, c] = &golden.gradients[at][..] else { panic!("three tensors") };
                let gradients = module.gradients(&[first.then_some(a), Some(b), Some(c)]);
                optimizer.step(module, &gradients, case.learning_rate, 1.0);
            };
        let of_the_first = |optimizer: &dyn Optimizer<f64, Cpu>, module: &Vectors<f64>| {
            let state = optimizer.state(module).into_iter().filter(|(name, _, _)| name.ends_with("/0"));
            (module.values()[0].clone(), state.collect::<Vec<_>>())
        };
        step(&mut *optimizer, &module, 0, true);
        let before = of_the_first(&*optimizer, &module);
        let others = module.values()[1..].to_vec();
        step(&mut *optimizer, &module, 1, false);
        assert_eq!(of_the_first(&*optimizer, &module), before);
        assert_ne!(module.values()[1..], others);
        // When its gradient comes back, it goes on as if the step between had not been.
        step(&mut *optimizer, &module, 2, true);
        let (mut straight, other) = (case.optimizer::<f64>(), Vectors::new(&golden.initial));
        step(&mut *straight, &other, 0, true);
        step(&mut *straight, &other, 2, true);
        assert_eq!(of_the_first(&*optimizer, &module), of_the_first(&*straight, &other));
    }
}

#[test]
fn a_state_of_other_names_is_left_out() {
    let golden = Golden::read();
    for case in golden.cases.iter().filter(|case| case.dtype == "f64") {
        let (mut optimizer, module) = (case.optimizer::<f64>(), Vectors::new(&golden.initial));
        case.steps(&mut *optimizer, &module, &golden.gradients[..1]);
        let one = Vectors::new(&golden.initial[..1]);
        let saved = optimizer.state(&module);
        let mut fewer = case.optimizer::<f64>();
        fewer.load(&one, saved.clone()).expect("whole");
        assert!(fewer.state(&one).iter().all(|(name, _, _)| name.ends_with("/0")));
        let mut fresh = case.optimizer::<f64>();
        fresh.load(&module, Vec::new()).expect("nothing is wrong");
        assert!(fresh.state(&module).is_empty());
    }
}

#[test]
fn a_state_of_other_lengths_is_refused_and_nothing_changes() {
    let golden = Golden::read();
    for case in golden.cases.iter().filter(|case| case.dtype == "f64") {
        let (mut optimizer, module) = (case.optimizer::<f64>(), Vectors::new(&golden.initial));
        case.steps(&mut *optimizer, &module, &golden.gradients[..1]);
        let saved = optimizer.state(&module);
        for place in 0..saved.len() {
            for len in [0, saved[place].2.len() + 1] {
                let mut wrong = saved.clone();
                wrong[place].2.resize(len, 1.0);
                let error = optimizer.load(&module, wrong).expect_err("another length").to_string();
                let (name, expected) = (&saved[place].0, saved[place].2.len());
                let said = format!(
                    "the optimizer's saved {name:?} has {len} values but its parameter needs {expected}"
                );
                assert_eq!(error, said);
                assert_eq!(optimizer.state(&module), saved);
            }
        }
    }
}

#[test]
fn moments_without_their_count_or_with_an_impossible_one_are_refused() {
    let golden = Golden::read();
    let case =
        golden.cases.iter().find(|case| case.optimizer != "sgd" && case.dtype == "f64").expect("there");
    let (mut optimizer, module) = (case.optimizer::<f64>(), Vectors::new(&golden.initial));
    case.steps(&mut *optimizer, &module, &golden.gradients[..1]);
    let saved = optimizer.state(&module);
    let place = saved.iter().position(|(name, _, _)| name == "count/1").expect("it was updated");
    let mut lacking = saved.clone();
    lacking.remove(place);
    let error = optimizer.load(&module, lacking).expect_err("no count").to_string();
    assert_eq!(
        error,
        "the optimizer's saved state has no \"count/1\", although it has others of that parameter"
    );
    for impossible in [-1.0, 0.5, f64::NAN, f64::INFINITY] {
        let mut wrong = saved.clone();
        wrong[place].2[0] = impossible;
        let error = optimizer.load(&module, wrong).expect_err("no count").to_string();
        assert!(
            error.starts_with("a saved count of updates must be a whole number of at least 0, got "),
            "{error}"
        );
    }
    assert_eq!(optimizer.state(&module), saved);
}

#[test]
fn the_global_norm_counts_dense_and_sparse_gradients_alike() {
    let table = Param::new(Role::Weight, Tensor::<_, f32, _>::zeros(&Cpu, (5usize, 2usize)));
    let vector = Param::new(Role::Weight, Tensor::<_, f32, _>::zeros(&Cpu, (2usize,)));
    let rows = |rows: &[u32], values: &[f32]| Gradient::Rows {
        rows: rows.to_vec(),
        width: 2,
        values: Cpu.upload(values),
    };
    let mut sparse = Gradients::new();
    assert_eq!(global_norm(&Cpu, &sparse), 0.0);
    sparse.add(&Cpu, table.id(), rows(&[0, 3], &[1.0, -2.0, 4.0, 0.0]));
    assert_eq!(global_norm(&Cpu, &sparse), 21f64.sqrt());
    // Row 3 again: (4, 0) and (1, 2) add up to (5, 2) before they are squared.
    sparse.add(&Cpu, table.id(), rows(&[3, 4], &[1.0, 2.0, 0.5, 0.5]));
    sparse.add(&Cpu, vector.id(), Gradient::Dense(Cpu.upload(&[3.0, -1.0])));
    let norm = (1.0 + 4.0 + 25.0 + 4.0 + 0.25 + 0.25 + 9.0 + 1.0f64).sqrt();
    assert_eq!(global_norm(&Cpu, &sparse), norm);
    let mut dense = Gradients::new();
    for (id, gradient) in sparse.iter() {
        let len = if id == table.id() { 10 } else { 2 };
        dense.add(&Cpu, id, Gradient::Dense(Cpu.upload(&gradient.to_dense(&Cpu, len))));
    }
    assert_eq!(global_norm(&Cpu, &dense), norm);
}

#[test]
fn a_gradient_scale_is_a_scaled_gradient() {
    let golden = Golden::read();
    let case = &golden.cases[0];
    let halved: Vec<Vec<f64>> =
        golden.gradients[0].iter().map(|x| x.iter().map(|x| x / 2.0).collect()).collect();
    let (a, b) = (Vectors::<f64>::new(&golden.initial), Vectors::<f64>::new(&golden.initial));
    let gradients = a.gradients(&golden.gradients[0].iter().map(Some).collect::<Vec<_>>());
    case.optimizer().step(&a, &gradients, case.learning_rate, 0.5);
    case.steps(&mut *case.optimizer(), &b, &[halved]);
    assert_eq!(a.values(), b.values());
}

#[test]
fn rows_after_a_dense_gradient_leave_no_moment_behind() {
    let of = |gradients: [Gradient<f64, Cpu>; 3]| {
        let table = Vectors::<f64>::new(&[vec![1.0; 6]]);
        let mut optimizer = AdamW::new(AdamWConfig::new(0.01)).expect("settings in range");
        for gradient in gradients {
            let mut all = Gradients::new();
            all.add(&Cpu, table.0[0].id(), gradient);
            optimizer.step(&table, &all, 0.1, 1.0);
        }
        table.values()
    };
    let dense = |values: [f64; 6]| Gradient::Dense(Cpu.upload(&values));
    let row = || Gradient::Rows { rows: vec![0], width: 2, values: Cpu.upload(&[1.0, 2.0]) };
    let first = [1.0, 2.0, 0.0, 0.0, 0.0, 0.0];
    let all = [0.5, 0.5, -1.0, 1.0, 2.0, 0.0];
    assert_eq!(of([row(), dense(all), row()]), of([dense(first), dense(all), dense(first)]));
}

/// A table of words and a decoder that reads the same table.
struct Tied {
    words: Embedding<usize, usize, f64, Cpu>,
    decoder: Linear<usize, usize, f64, Cpu>,
}

impl Tied {
    fn new() -> Tied {
        let words = Embedding::new(common::tensor(&Cpu, (5usize, 4usize), 1));
        let bias = Param::new(Role::BiasOrNorm, common::tensor(&Cpu, (5usize,), 2));
        let decoder = Linear { weight: words.table.clone(), bias };
        Tied { words, decoder }
    }

    fn gradients(
        &self,
        tape: &mut Tape<f64, Cpu>,
        pack: &Pack,
    ) -> (Gradients<f64, Cpu>, mtl_core_tensor::Loss) {
        let lookup = self.words.lookup(&pack.token_ids).expect("words of the table");
        let x = tape.embed(&[lookup], pack.token_rows()).expect("runs");
        let logits = tape.linear(&x, &self.decoder, Activation::None).expect("runs");
        let loss = tape.cross_entropy(&logits, &[1, 4, 1, 0, 2, 3, 0, 2], 0.0, 8.0).expect("classes");
        (walk(tape, loss), loss)
    }
}

fn walk(tape: &mut Tape<f64, Cpu>, loss: mtl_core_tensor::Loss) -> Gradients<f64, Cpu> {
    let mut gradients = Gradients::new();
    let plan = WalkPlan { last: false, ..WalkPlan::only(&[(loss, 1.0)]).expect("recorded") };
    tape.walk(plan, &mut gradients).expect("the walk runs");
    gradients
}

impl Module<f64, Cpu> for Tied {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f64, Cpu>)) {
        self.words.visit(&mut |name, view| visitor(&format!("words.{name}"), view));
        self.decoder.visit(&mut |name, view| visitor(&format!("decoder.{name}"), view));
    }
}

#[test]
fn tied_weights_are_updated_once_and_stay_tied_while_a_tape_lives() {
    for name in ["adamw", "sgd"] {
        let optimizer = || -> Box<dyn Optimizer<f64, Cpu>> {
            let config = SgdConfig { momentum: 0.9, nesterov: false, groups: Groups::new(0.1) };
            match name {
                "adamw" => Box::new(AdamW::new(AdamWConfig::new(0.1)).expect("settings in range")),
                _ => Box::new(Sgd::new(config).expect("settings in range")),
            }
        };
        let (model, pack, mut tied) = (Tied::new(), common::pack(), optimizer());
        let table = model.words.table.id();
        // A plain parameter with the same values and gradients takes the update once.
        let plain = Vectors::<f64>::new(&[model.words.table.value().to_vec()]);
        let mut alone = optimizer();
        for _ in 0..3 {
            let mut tape = Tape::recording(&Cpu);
            let (gradients, loss) = model.gradients(&mut tape, &pack);
            let gradient = gradients.get(table).expect("the table has a gradient").to_dense(&Cpu, 20);
            alone.step(&plain, &plain.gradients(&[Some(&gradient)]), 0.05, 1.0);
            tied.step(&model, &gradients, 0.05, 1.0);
            assert_eq!(model.words.table.value().to_vec(), plain.values()[0], "one update");
            assert_eq!(model.decoder.weight.value().to_vec(), plain.values()[0], "still tied");
            assert_eq!(model.decoder.weight.id(), table);
            let again = walk(&mut tape, loss);
            assert_eq!(
                again.get(table).expect("as before").to_dense(&Cpu, 20),
                gradient,
                "the tape keeps its values"
            );
        }
        let saved = tied.state(&model).into_iter().map(|(name, _, _)| name);
        assert!(saved.clone().any(|name| name.ends_with("/words.weight")));
        assert!(saved.clone().all(|name| !name.ends_with("/decoder.weight")), "saved under the first name");
    }
}
