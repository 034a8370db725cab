//! Laws of learned mixtures, reshaped rows and parameters without named rows, in f64 on each device: however the
//! gradients of the tasks are found, they are those of a walk per task.

mod common;

use common::small::pack_of;
use common::{assert_close, tensor};
use mtl_core_tensor::device::Broadcast;
use mtl_core_tensor::{
    Activation, Cpu, Device, Embedding, Gradients, Island, Linear, Loss, Module, Pack, Param, ParamId,
    ParamView, PerTaskGradients, Role, Seed, Tape, Tensor, TensorError, WalkPlan,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What two orders of the same sums may differ by.
const TOLERANCE: f64 = 1e-11;
const WIDTH: usize = 4;
const TASKS: usize = 3;
const CHOICES: usize = 4;

type Matrix<D> = Tensor<(usize, usize), f64, D>;

/// Two towers over one table, mixed with learned coefficients, and a head for each task; some of its passes read a
/// learned row that is of no sequence.
struct Towers<D: Device> {
    words: Embedding<usize, usize, f64, D>,
    towers: [Linear<usize, usize, f64, D>; 2],
    coefficients: Param<(usize, usize), f64, D>,
    scale: Param<(usize,), f64, D>,
    heads: Vec<Linear<usize, usize, f64, D>>,
    score: Linear<usize, usize, f64, D>,
}

impl<D: Device> Towers<D> {
    fn new(device: &D) -> Self {
        let linear = |outputs: usize, seed| Linear::new(tensor(device, (outputs, WIDTH), seed));
        Towers {
            words: Embedding::new(tensor(device, (common::small::WORDS, WIDTH), 1)),
            towers: [linear(WIDTH, 2), linear(WIDTH, 3)],
            coefficients: Param::new(Role::Weight, tensor(device, (2, 2), 4)),
            scale: Param::new(Role::Weight, tensor(device, (WIDTH,), 5)),
            heads: (0..TASKS as u32).map(|task| linear(2, 10 + task)).collect(),
            score: linear(1, 20),
        }
    }

    /// The mixture of the towers, `(tokens, width)`; times the learned row, which has no named rows, where asked for.
    fn mixed(&self, tape: &mut Tape<f64, D>, pack: &Pack, scaled: bool) -> Result<Matrix<D>, TensorError> {
        let x = tape.embed(&[self.words.lookup(&pack.token_ids)?], pack.token_rows())?;
        let a = tape.linear(&x, &self.towers[0], Activation::Tanh)?;
        let b = tape.linear(&x, &self.towers[1], Activation::Gelu)?;
        let first = tape.mix(&[&a, &b], &self.coefficients, 0)?;
        let y = tape.mix(&[&first, &b], &self.coefficients, 2)?;
        if !scaled {
            return Ok(y);
        }
        let scale = tape.leaf(&self.scale);
        tape.broadcast(&y, &scale, Broadcast::Mul)
    }

    /// The loss of each task that has sequences, over their tokens.
    fn losses(
        &self,
        tape: &mut Tape<f64, D>,
        y: &Matrix<D>,
        pack: &Pack,
    ) -> Result<Vec<(u32, Loss)>, TensorError> {
        let mut losses = Vec::new();
        for task in 0..TASKS as u32 {
            let labelled = (0..pack.sequences()).filter(|&s| pack.tasks[s].contains(&task));
            let rows: Vec<u32> = labelled.flat_map(|s| pack.range(s)).map(|row| row as u32).collect();
            if rows.is_empty() {
                continue;
            }
            let own = tape.gather_rows(y, &rows)?;
            let out = tape.linear(&own, &self.heads[task as usize], Activation::None)?;
            let targets: Vec<f64> = rows.iter().flat_map(|row| [f64::from(row % 3), 0.5]).collect();
            losses.push((task, tape.squared_error(&out, &targets, rows.len() as f64)?));
        }
        Ok(losses)
    }

    fn lengths(&self) -> BTreeMap<ParamId, usize> {
        let mut lengths = BTreeMap::new();
        self.visit(&mut |_, view| {
            lengths.insert(view.id, view.len());
        });
        lengths
    }

    /// The parameters that all tasks read.
    fn shared(&self) -> BTreeSet<ParamId> {
        let names = self.names().into_iter();
        names.filter(|(_, name)| !name.starts_with("head")).map(|(id, _)| id).collect()
    }
}

impl<D: Device> Module<f64, D> for Towers<D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f64, D>)) {
        visitor("words", self.words.table.view());
        visitor("coefficients", self.coefficients.view());
        visitor("scale", self.scale.view());
        for (place, tower) in self.towers.iter().enumerate() {
            tower.visit(&mut |name, view| visitor(&format!("tower.{place}.{name}"), view));
        }
        for (task, head) in self.heads.iter().enumerate() {
            head.visit(&mut |name, view| visitor(&format!("head.{task}.{name}"), view));
        }
        self.score.visit(&mut |name, view| visitor(&format!("score.{name}"), view));
    }
}

fn seed<D: Device>(loss: &Loss) -> Seed<f64, D> {
    Seed::loss(loss, 1.0).expect("recorded")
}

/// The obvious way: a walk from each loss alone.
fn one_by_one<D: Device>(tape: &mut Tape<f64, D>, losses: &[(u32, Loss)]) -> PerTaskGradients<f64, D> {
    let mut all = PerTaskGradients::new(TASKS);
    for (task, loss) in losses {
        let plan = WalkPlan { last: false, ..WalkPlan::only(&[(*loss, 1.0)]).expect("recorded") };
        tape.walk(plan, &mut all.tasks[*task as usize]).expect("the walk runs");
    }
    all
}

/// All tasks' walks in step.
fn in_step<D: Device>(tape: &mut Tape<f64, D>, losses: &[(u32, Loss)]) -> PerTaskGradients<f64, D> {
    let mut all = PerTaskGradients::new(TASKS);
    let of_task = |task| losses.iter().filter(|(t, _)| *t == task).map(|(_, loss)| seed(loss)).collect();
    let seeds = (0..TASKS as u32).map(of_task).collect();
    tape.walk_each(seeds, &[], false, &mut all).expect("the walks run");
    all
}

/// One walk that splits by task.
fn split<D: Device>(
    tape: &mut Tape<f64, D>,
    losses: &[(u32, Loss)],
    task_of: &[u32],
) -> Result<PerTaskGradients<f64, D>, TensorError> {
    let mut all = PerTaskGradients::new(TASKS);
    let seeds = losses.iter().map(|(_, loss)| seed(loss)).collect();
    let plan = WalkPlan { seeds, stop_at: &[], split: Some(task_of), last: false };
    tape.walk(plan, &mut all)?;
    Ok(all)
}

#[track_caller]
fn assert_same<D: Device>(
    device: &D,
    lengths: &BTreeMap<ParamId, usize>,
    got: &Gradients<f64, D>,
    want: &Gradients<f64, D>,
) {
    for (id, len) in lengths {
        let dense = |gradients: &Gradients<f64, D>| gradients.get(*id).map(|g| g.to_dense(device, *len));
        match (dense(got), dense(want)) {
            (Some(got), Some(want)) => assert_close(&got, &want, TOLERANCE),
            (got, want) => assert_eq!(got, want),
        }
    }
}

/// Sequences with one task each, in any order.
fn packs() -> impl Strategy<Value = Pack> {
    prop::collection::vec((1usize..5, (0..TASKS as u32).prop_map(|task| vec![task])), 1..8)
        .prop_map(|sequences| pack_of(&sequences))
}

fn mix_splits_as_separate_walks<D: Device>(device: &D, pack: &Pack) {
    let (model, mut tape) = (Towers::new(device), Tape::recording(device));
    let (lengths, shared) = (model.lengths(), model.shared());
    let y = model.mixed(&mut tape, pack, false).expect("runs");
    let losses = model.losses(&mut tape, &y, pack).expect("runs");
    let apart = one_by_one(&mut tape, &losses);
    let task_of = tape.split(pack).expect("every operation has named rows");
    let found = split(&mut tape, &losses, &task_of).expect("splits");
    let each = in_step(&mut tape, &losses);
    for (task, apart) in apart.tasks.iter().enumerate() {
        assert_same(device, &lengths, &found.tasks[task], apart);
        assert_same(device, &lengths, &each.tasks[task], apart);
        assert_eq!(
            apart.get(model.coefficients.id()).is_some(),
            losses.iter().any(|(t, _)| *t as usize == task)
        );
    }
    // The whole walk has the sum, and a walk that keeps what gradients are made of the same products.
    let (mut whole, ones) =
        (Gradients::new(), losses.iter().map(|(_, loss)| (*loss, 1.0)).collect::<Vec<_>>());
    let plan = WalkPlan { last: false, ..WalkPlan::only(&ones).expect("recorded") };
    tape.walk(plan, &mut whole).expect("walks");
    let gram = apart.gram(device, &shared);
    let sum = apart.weigh(device, &[1.0; TASKS], &shared).expect("a weight for each task");
    assert_same(device, &lengths, &whole, &sum);
    let walked = tape.gram_walk(&losses, TASKS, pack, &shared).expect("walks");
    assert_close(&walked.gram, &gram, TOLERANCE);
    let weighed = walked.weigh(&mut tape, &[1.0; TASKS]).expect("weighs");
    assert_same(device, &lengths, &weighed, &sum);
}

fn a_parameter_without_named_rows_needs_a_walk_per_task<D: Device>(device: &D, pack: &Pack) {
    let (model, mut tape) = (Towers::new(device), Tape::recording(device));
    let (lengths, shared) = (model.lengths(), model.shared());
    let y = model.mixed(&mut tape, pack, true).expect("runs");
    let losses = model.losses(&mut tape, &y, pack).expect("runs");
    assert!(tape.split(pack).is_none(), "the learned row is of no sequence");
    let task_of = pack.single_tasks().expect("each sequence has one task");
    let refused = split(&mut tape, &losses, &task_of).map(drop);
    assert!(matches!(refused, Err(TensorError::CannotSplit)));
    let (apart, each) = (one_by_one(&mut tape, &losses), in_step(&mut tape, &losses));
    for (apart, each) in apart.tasks.iter().zip(&each.tasks) {
        assert_same(device, &lengths, each, apart);
    }
    let walked = tape.gram_walk(&losses, TASKS, pack, &shared).expect("walks");
    assert_close(&walked.gram, &apart.gram(device, &shared), TOLERANCE);
    let weights = [0.5, -2.0, 1.5];
    let weighed = walked.weigh(&mut tape, &weights).expect("weighs");
    assert_same(device, &lengths, &weighed, &apart.weigh(device, &weights, &shared).expect("weights"));
}

/// Several choices to each question, each a sequence, scored and laid out as one row for each question.
fn choices_split_as_separate_walks<D: Device>(device: &D, questions: &[(usize, u32)], after: bool) {
    let (model, mut tape) = (Towers::new(device), Tape::recording(device));
    let lengths = model.lengths();
    let one = |&(length, task): &(usize, u32)| (0..CHOICES).map(move |choice| (length + choice, vec![task]));
    let pack = pack_of(&questions.iter().flat_map(one).collect::<Vec<_>>());
    let y = model.mixed(&mut tape, &pack, false).expect("runs");
    let sequences = tape.mean_pool(&y, &pack).expect("a row for each sequence");
    let scores = tape.linear(&sequences, &model.score, Activation::None).expect("runs");
    let mut losses = Vec::new();
    for task in 0..TASKS as u32 {
        let rows: Vec<u32> =
            (0..pack.sequences() as u32).filter(|s| pack.tasks[*s as usize] == [task]).collect();
        if rows.is_empty() {
            continue;
        }
        let own = tape.gather_rows(&scores, &rows).expect("rows of the task");
        assert!(
            own.reshape((rows.len(),)).expect("as many").rows().is_some(),
            "as many rows keep their names"
        );
        let mut logits = own.reshape((rows.len() / CHOICES, CHOICES)).expect("as many elements");
        assert!(logits.rows().is_none(), "a row of several sequences has the name of none");
        if after {
            logits = tape.linear(&logits, &model.heads[task as usize], Activation::Tanh).expect("runs");
        }
        let targets: Vec<u32> = (0..rows.len() / CHOICES).map(|row| row as u32 % 2).collect();
        losses.push((task, tape.cross_entropy(&logits, &targets, 0.0, 1.0).expect("targets are classes")));
    }
    let (apart, each) = (one_by_one(&mut tape, &losses), in_step(&mut tape, &losses));
    let found = tape.split(&pack).map(|task_of| split(&mut tape, &losses, &task_of).expect("splits"));
    assert_eq!(found.is_none(), after, "a layer over rows of several sequences cannot be split");
    for (task, apart) in apart.tasks.iter().enumerate() {
        assert_same(device, &lengths, &each.tasks[task], apart);
        found.iter().for_each(|found| assert_same(device, &lengths, &found.tasks[task], apart));
    }
    let shared = model.shared();
    let walked = tape.gram_walk(&losses, TASKS, &pack, &shared).expect("walks");
    assert_close(&walked.gram, &apart.gram(device, &shared), TOLERANCE);
}

/// One table looked up and read by a decoder.
fn tied_weights_split_as_separate_walks<D: Device>(device: &D, pack: &Pack) {
    let table = Param::new(Role::Weight, tensor(device, (common::small::WORDS, WIDTH), 1));
    let words = Embedding { table: table.clone() };
    let decoder = Linear {
        weight: table.clone(),
        bias: Param::new(Role::BiasOrNorm, tensor(device, (common::small::WORDS,), 2)),
    };
    let mut tape = Tape::recording(device);
    let x = tape.embed(&[words.lookup(&pack.token_ids).expect("words")], pack.token_rows()).expect("runs");
    let mut losses = Vec::new();
    for task in 0..TASKS as u32 {
        let rows = (0..pack.sequences()).filter(|&s| pack.tasks[s] == [task]).flat_map(|s| pack.range(s));
        let rows: Vec<u32> = rows.map(|row| row as u32).collect();
        if !rows.is_empty() {
            let own = tape.gather_rows(&x, &rows).expect("rows of the task");
            let logits = tape.linear(&own, &decoder, Activation::None).expect("runs");
            let targets: Vec<u32> = rows.iter().map(|row| row % 5).collect();
            losses.push((task, tape.cross_entropy(&logits, &targets, 0.0, 1.0).expect("classes")));
        }
    }
    let lengths = BTreeMap::from([(table.id(), common::small::WORDS * WIDTH)]);
    let apart = one_by_one(&mut tape, &losses);
    let task_of = tape.split(pack).expect("both uses have named rows");
    let found = split(&mut tape, &losses, &task_of).expect("splits");
    for (found, apart) in found.tasks.iter().zip(&apart.tasks) {
        assert_same(device, &lengths, found, apart);
    }
    let shared = BTreeSet::from([table.id()]);
    let walked = tape.gram_walk(&losses, TASKS, pack, &shared).expect("walks");
    assert_close(&walked.gram, &apart.gram(device, &shared), TOLERANCE);
    let weighed = walked.weigh(&mut tape, &[0.5, -2.0, 1.5]).expect("weighs");
    let want = apart.weigh(device, &[0.5, -2.0, 1.5], &shared).expect("weights");
    assert_same(device, &lengths, &weighed, &want);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_mixture_splits_as_separate_walks(pack in packs()) {
        mix_splits_as_separate_walks(&Cpu, &pack);
        mix_splits_as_separate_walks(&Island, &pack);
    }

    #[test]
    fn what_has_no_named_rows_needs_a_walk_per_task(pack in packs()) {
        a_parameter_without_named_rows_needs_a_walk_per_task(&Cpu, &pack);
        a_parameter_without_named_rows_needs_a_walk_per_task(&Island, &pack);
    }

    #[test]
    fn reshaped_rows_split_as_separate_walks(
        questions in prop::collection::vec((1usize..4, 0..TASKS as u32), 1..6),
        after in any::<bool>(),
    ) {
        choices_split_as_separate_walks(&Cpu, &questions, after);
        choices_split_as_separate_walks(&Island, &questions, after);
    }

    #[test]
    fn a_tied_table_splits_as_separate_walks(pack in packs()) {
        tied_weights_split_as_separate_walks(&Cpu, &pack);
        tied_weights_split_as_separate_walks(&Island, &pack);
    }
}
