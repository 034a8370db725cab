//! One dry step on [`Count`] tells what a step takes: the operations that a profile of the processor counts, and the
//! bytes that a count by hand gives.

mod common;

use common::small::{Small, pack_of};
use common::{pack, tensor};
use mtl_core_tensor::optim::{AdamW, AdamWConfig, Optimizer};
use mtl_core_tensor::profile::{Work, profiled};
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{
    Activation, Attention, Count, Cpu, Device, Dropout, Embedding, Float, Gradients, LayerNorm, Linear, Loss,
    Module, Pack, ParamView, PerTaskGradients, QueryKeyValue, Seed, Tape, TensorError, WalkPlan, bf16,
};

const WORDS: usize = 20;
const HIDDEN: usize = 8;
const HEADS: usize = 2;
const INNER: usize = 64;
const CLASSES: usize = 3;

/// Embedding, norm, attention, a wide layer and a classifier of tokens.
struct Tagger<D: Device> {
    words: Embedding<usize, usize, f32, D>,
    norm: LayerNorm<usize, f32, D>,
    qkv: QueryKeyValue<usize, f32, D>,
    up: Linear<usize, usize, f32, D>,
    labels: Linear<usize, usize, f32, D>,
}

impl<D: Device> Tagger<D> {
    fn new(device: &D) -> Self {
        Tagger {
            words: Embedding::new(tensor(device, (WORDS, HIDDEN), 1)),
            norm: LayerNorm::new(device, HIDDEN, 1e-5).expect("a positive epsilon"),
            qkv: QueryKeyValue::new(tensor(device, (Const, HIDDEN, HIDDEN), 2)),
            up: Linear::new(tensor(device, (INNER, HIDDEN), 3)),
            labels: Linear::new(tensor(device, (CLASSES, INNER), 4)),
        }
    }

    /// The loss; what the tape does not keep is dropped as soon as it was read.
    fn loss(&self, tape: &mut Tape<f32, D>, pack: &Pack) -> Result<Loss, TensorError> {
        let embedded = tape.embed(&[self.words.lookup(&pack.token_ids)?], pack.token_rows())?;
        let x = tape.layer_norm(&embedded, None, &self.norm, Dropout::OFF)?;
        drop(embedded);
        let qkv = tape.query_key_value(&x, &self.qkv)?;
        drop(x);
        let attention = Attention { heads: HEADS, causal: false, dropout: Dropout::OFF };
        let mixed = tape.attention(&qkv, pack, attention)?;
        drop(qkv);
        let wide = tape.linear(&mixed, &self.up, Activation::Gelu)?;
        drop(mixed);
        let logits = tape.linear(&wide, &self.labels, Activation::None)?;
        drop(wide);
        let targets: Vec<u32> = pack.token_ids.iter().map(|id| id % CLASSES as u32).collect();
        tape.cross_entropy(&logits, &targets, 0.0, targets.len() as f64)
    }
}

impl<D: Device> Module<f32, D> for Tagger<D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f32, D>)) {
        self.words.visit(&mut |name, view| visitor(&format!("words.{name}"), view));
        self.norm.visit(&mut |name, view| visitor(&format!("norm.{name}"), view));
        self.qkv.visit(&mut |name, view| visitor(&format!("qkv.{name}"), view));
        self.up.visit(&mut |name, view| visitor(&format!("up.{name}"), view));
        self.labels.visit(&mut |name, view| visitor(&format!("labels.{name}"), view));
    }
}

fn adamw<D: Device>() -> AdamW<f32, D> {
    AdamW::new(AdamWConfig::new(0.01)).expect("settings in range")
}

fn step<D: Device>(device: &D, model: &mut Tagger<D>, pack: &Pack) {
    let mut tape = Tape::recording(device);
    let loss = model.loss(&mut tape, pack).expect("the pack fits the model");
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan::only(&[(loss, 1.0)]).expect("recorded"), &mut gradients).expect("the walk runs");
    adamw().step(model, &gradients, 0.1, 1.0);
}

/// The bytes of so many values of `f32`.
fn bytes(values: usize) -> u64 {
    4 * values as u64
}

#[test]
fn a_dry_step_counts_the_operations_that_the_processor_does() {
    let pack = pack();
    let mut model = Tagger::new(&Cpu);
    let ((), profile) = profiled(|| step(&Cpu, &mut model, &pack));
    let count = Count::new();
    step(&count, &mut Tagger::new(&count), &pack);

    let (tokens, squares) = (8, 3 * 3 + 1 + 4 * 4);
    let weights = 3 * HIDDEN * HIDDEN + HIDDEN * INNER + INNER * CLASSES;
    let forward = 2 * tokens * weights + 4 * HIDDEN * squares;
    assert_eq!(count.operations(), 3 * forward as u64);
    assert_eq!(profile.total().flops, count.operations() as f64);
    for work in [Work::LinearForward, Work::LinearInput, Work::LinearWeight] {
        assert_eq!(count.operations_of(work), (2 * tokens * weights) as u64, "{}", work.name());
    }
}

#[test]
fn bytes_alive_are_those_of_a_count_by_hand() {
    let (pack, count) = (pack(), Count::new());
    let model = Tagger::new(&count);
    let (n, h, f) = (pack.tokens(), HIDDEN, INNER);
    let of_linear = |inputs, outputs| inputs * outputs + outputs;
    let (qkv, up, labels) = (of_linear(h, 3 * h), of_linear(h, f), of_linear(f, CLASSES));
    let parameters = WORDS * h + 2 * h + qkv + up + labels;
    assert_eq!(count.alive(), bytes(parameters));

    count.reset_most();
    let mut tape = Tape::recording(&count);
    let loss = model.loss(&mut tape, &pack).expect("the pack fits the model");
    // The norm keeps its normalised rows and 1 / std, of which the rows that `qkv` read are made again; attention keeps
    // what it read, what it gave and the log-sum-exps; `up` read what attention gave, and keeps the argument of its
    // activation, of which the rows that `labels` read are made again.
    let norm = n * h + n;
    let attention = 3 * n * h + n * h + n * HEADS;
    let argument = n * f;
    let logits = n * CLASSES;
    assert_eq!(count.alive(), bytes(parameters + norm + attention + argument + logits));
    // The output of `up` was there until `labels` had read it.
    assert_eq!(count.most_alive(), count.alive() + bytes(n * f));

    count.reset_most();
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan::only(&[(loss, 1.0)]).expect("recorded"), &mut gradients).expect("the walk runs");
    // Most is there when `up` has taken the gradient of its output, in whose place lies that of its argument, and has
    // made those of its parameters and of its input. The logits and what came of them are gone.
    let kept = norm + attention + argument;
    let backward = labels + n * f + up + n * h;
    assert_eq!(count.most_alive(), bytes(parameters + kept + backward));
    // The tape has given back all it kept. Of the table only the rows have gradients that were looked up: 0 to 4.
    assert_eq!(pack.token_ids, [3, 1, 4, 1, 2, 0, 1, 2]);
    assert_eq!(count.alive(), bytes(parameters + parameters - WORDS * h + 5 * h));

    let mut optimizer = adamw();
    optimizer.step(&model, &gradients, 0.1, 1.0);
    drop(gradients);
    assert_eq!(count.alive(), bytes(3 * parameters));
    drop((optimizer, model, tape));
    assert_eq!(count.alive(), 0);
}

/// Both tasks of a model with dropout, residuals and layers that are computed again, their gradients split.
fn split_step<E: Float<Master = f32>, D: Device>(device: &D, checkpoint: bool) {
    let pack = pack_of(&[(7, vec![0]), (4, vec![1]), (1, vec![0]), (9, vec![1])]);
    let mut model = Small::<f32, D>::new(device, 16, 2, 2, 0.1);
    model.checkpoint = checkpoint;
    let mut tape = Tape::<E, D>::training(device, 1, 2);
    let states = model.encode(&mut tape, &pack).expect("the pack fits the model");
    let last = states.last().expect("at least the embedding");
    let loss = |tape: &mut _, task| model.task_loss(tape, last, &pack, task).expect("it runs");
    let losses = [0, 1].map(|task| loss(&mut tape, task).expect("each task has sequences"));
    let seeds = losses.iter().map(|loss| Seed::loss(loss, 1.0).expect("recorded")).collect();
    let tasks = pack.single_tasks().expect("each sequence has one task");
    let plan = WalkPlan { seeds, stop_at: &[], split: Some(&tasks), last: true };
    tape.walk(plan, &mut PerTaskGradients::new(2)).expect("the walk runs");
}

fn counts_what_is_profiled<E: Float<Master = f32>>(checkpoint: bool) {
    let ((), profile) = profiled(|| split_step::<E, Cpu>(&Cpu, checkpoint));
    let count = Count::new();
    split_step::<E, Count>(&count, checkpoint);
    assert!(count.operations() > 0);
    for (work, spent) in profile.iter() {
        assert_eq!(count.operations_of(work) as f64, spent.flops, "{}", work.name());
    }
    assert_eq!(count.alive(), 0);
}

#[test]
fn each_kind_of_work_counts_as_the_profile_does() {
    counts_what_is_profiled::<f32>(false);
    counts_what_is_profiled::<bf16>(false);
    counts_what_is_profiled::<f32>(true);
}
