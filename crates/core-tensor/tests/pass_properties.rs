//! Laws of the passes that multi-task methods need, in f64: however the gradients of the tasks are found, their Gram
//! matrix and their weighted sum are the same, with sequences that several tasks label in the pack.

mod common;

use common::assert_close;
use common::small::{Matrix, Small, pack_of};
use mtl_core_tensor::{
    Cpu, ElementwiseSink, Float, Gradient, GradientSink, Gradients, GramSink, Keep, Loss, Module, Pack,
    ParamId, PerTaskGradients, Seed, Tape, TaskElements, TensorError, WalkPlan, bf16,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What two orders of the same sums may differ by.
const TOLERANCE: f64 = 1e-10;

/// Weights of up to four tasks, with a zero and a negative one.
const WEIGHTS: [f64; 4] = [0.7, -1.3, 0.0, 2.0];

/// How a forward pass is made.
#[derive(Debug, Clone)]
struct Case {
    tasks: usize,
    pack: Pack,
    checkpoint: bool,
    rounds: usize,
}

/// One recorded forward pass with a loss a task (where the pack has sequences of it).
struct Recorded {
    case: Case,
    lengths: BTreeMap<ParamId, usize>,
    names: BTreeMap<ParamId, String>,
    shared: BTreeSet<ParamId>,
    tape: Tape<f64, Cpu>,
    states: Vec<Matrix<f64, Cpu>>,
    losses: Vec<(u32, Loss)>,
}

impl Recorded {
    fn new(case: &Case) -> Self {
        let mut model = Small::new(&Cpu, 6, 2, case.tasks as u32, 0.2);
        (model.checkpoint, model.rounds) = (case.checkpoint, case.rounds);
        let mut lengths = BTreeMap::new();
        model.visit(&mut |_, view| {
            lengths.insert(view.id, view.sizes.iter().product());
        });
        let names = model.names();
        let shared = names.iter().filter(|(_, name)| !name.starts_with("head.")).map(|(id, _)| *id).collect();
        let mut tape = Tape::training(&Cpu, 7, 1);
        let states = model.encode(&mut tape, &case.pack).expect("the encoder runs");
        let last = states.last().expect("an output");
        let loss = |task| model.task_loss(&mut tape, last, &case.pack, task).expect("the head runs");
        let losses: Vec<_> = (0..case.tasks as u32).map(loss).collect();
        let present = losses.into_iter().enumerate();
        let losses = present.filter_map(|(task, loss)| Some((task as u32, loss?))).collect();
        Recorded { case: case.clone(), lengths, names, shared, tape, states, losses }
    }

    fn weights(&self) -> &'static [f64] {
        &WEIGHTS[..self.case.tasks]
    }

    /// Seeds of weight 1 for the losses of the tasks that `wanted` names.
    fn seeds(&self, wanted: impl Fn(u32) -> bool) -> Vec<Seed<f64, Cpu>> {
        let losses = self.losses.iter().filter(|(task, _)| wanted(*task));
        losses.map(|(_, loss)| Seed::loss(loss, 1.0).expect("recorded")).collect()
    }

    fn each_seeds(&self) -> Vec<Vec<Seed<f64, Cpu>>> {
        (0..self.case.tasks as u32).map(|task| self.seeds(|t| t == task)).collect()
    }

    /// The obvious way: a walk from each loss alone.
    fn one_by_one(&mut self) -> PerTaskGradients<f64, Cpu> {
        let mut all = PerTaskGradients::new(self.case.tasks);
        for (task, loss) in self.losses.clone() {
            let plan = WalkPlan { last: false, ..WalkPlan::only(&[(loss, 1.0)]).expect("recorded") };
            self.tape.walk(plan, &mut all.tasks[task as usize]).expect("the walk runs");
        }
        all
    }

    /// One walk that splits by task.
    fn split(&mut self, sink: &mut dyn GradientSink<f64, Cpu>) {
        let task_of = self.case.pack.single_tasks().expect("each sequence has one task");
        let seeds = self.seeds(|_| true);
        let plan = WalkPlan { seeds, stop_at: &[], split: Some(&task_of), last: false };
        self.tape.walk(plan, sink).expect("the walk runs");
    }

    /// Shared parameters from a walk that the weights seed, the others from one of weights 1.
    fn plainly_weighted(&mut self) -> Gradients<f64, Cpu> {
        let (mut weighted, mut own, mut both) = (Gradients::new(), Gradients::new(), Gradients::new());
        for (sink, weight) in [(&mut weighted, true), (&mut own, false)] {
            let pairs = self.losses.iter();
            let pairs = pairs.map(|(t, loss)| (*loss, if weight { WEIGHTS[*t as usize] } else { 1.0 }));
            let plan = WalkPlan::only(&pairs.collect::<Vec<_>>()).expect("recorded");
            self.tape.walk(WalkPlan { last: false, ..plan }, sink).expect("the walk runs");
        }
        for id in self.lengths.keys() {
            let from = if self.shared.contains(id) { &mut weighted } else { &mut own };
            from.take(*id).into_iter().for_each(|gradient| both.add(&Cpu, *id, gradient));
        }
        both
    }

    #[track_caller]
    fn assert_same(&self, got: &Gradients<f64, Cpu>, want: &Gradients<f64, Cpu>) {
        for (id, len) in &self.lengths {
            match (got.get(*id), want.get(*id)) {
                (Some(got), Some(want)) => {
                    assert_close(&got.to_dense(&Cpu, *len), &want.to_dense(&Cpu, *len), TOLERANCE);
                }
                (None, None) => {}
                (got, want) => panic!("{got:?} but {want:?}"),
            }
        }
    }

    fn dense(&self, gradients: &Gradients<f64, Cpu>, id: ParamId) -> Vec<f64> {
        let len = self.lengths[&id];
        gradients.get(id).map_or_else(|| vec![0.0; len], |gradient| gradient.to_dense(&Cpu, len))
    }

    fn ids(&self, belongs: impl Fn(&str) -> bool) -> BTreeSet<ParamId> {
        self.names.iter().filter(|(_, name)| belongs(name)).map(|(id, _)| *id).collect()
    }
}

/// Whether a sequence may have any set of tasks, none, or exactly one.
fn cases(several: bool) -> impl Strategy<Value = Case> {
    let sequences = (2usize..5).prop_flat_map(move |tasks| {
        let all: Vec<u32> = (0..tasks as u32).collect();
        let sizes = if several { 0..=tasks } else { 1..=1 };
        let set = prop::sample::subsequence(all, sizes);
        (Just(tasks), prop::collection::vec((1usize..7, set), 1..8))
    });
    (sequences, any::<bool>(), 1usize..3).prop_map(move |((tasks, mut sequences), checkpoint, rounds)| {
        if several {
            sequences.push((3, vec![0, 1]));
        }
        Case { tasks, pack: pack_of(&sequences), checkpoint, rounds }
    })
}

fn all_cases() -> impl Strategy<Value = Case> {
    prop_oneof![cases(false), cases(true)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn gram_and_weighted_gradient_are_those_of_a_walk_per_task(case in all_cases()) {
        let mut recorded = Recorded::new(&case);
        let (apart, shared) = (recorded.one_by_one(), recorded.shared.clone());
        let plain = recorded.plainly_weighted();
        let (losses, weights) = (recorded.losses.clone(), recorded.weights());
        let found = recorded.tape.gram_walk(&losses, case.tasks, &case.pack, &shared).expect("walks");
        assert_close(&found.gram, &apart.gram(&Cpu, &shared), TOLERANCE);
        prop_assert!(found.gram.iter().any(|dot| *dot > 1e-6), "there is something to compare");
        let weighed = found.weigh(&mut recorded.tape, weights).expect("weighs");
        prop_assert!(recorded.tape.is_empty(), "nothing is left on the tape");
        recorded.assert_same(&weighed, &apart.weigh(&Cpu, weights, &shared).expect("a weight a task"));
        recorded.assert_same(&weighed, &plain);
    }

    #[test]
    fn walks_in_step_equal_a_split_walk(case in cases(false)) {
        let mut recorded = Recorded::new(&case);
        let (mut split, mut each) = (PerTaskGradients::new(case.tasks), PerTaskGradients::new(case.tasks));
        recorded.split(&mut split);
        let seeds = recorded.each_seeds();
        recorded.tape.walk_each(seeds, &[], true, &mut each).expect("walks");
        for (split, each) in split.tasks.iter().zip(&each.tasks) {
            recorded.assert_same(split, each);
        }
    }

    #[test]
    fn what_is_kept_gives_the_bits_of_the_walk(case in cases(false)) {
        let mut recorded = Recorded::new(&case);
        let (mut found, mut again) = (PerTaskGradients::new(case.tasks), PerTaskGradients::new(case.tasks));
        let task_of = case.pack.single_tasks().expect("each sequence has one task");
        let seeds = recorded.seeds(|_| true);
        let plan = WalkPlan { seeds, stop_at: &[], split: Some(&task_of), last: false };
        let (_, kept) = recorded.tape.walk_keeping(plan, &recorded.shared, &mut found).expect("walks");
        kept.replay(&mut again).expect("replays");
        for (found, again) in found.tasks.iter().zip(&again.tasks) {
            for id in recorded.lengths.keys() {
                prop_assert_eq!(again.get(*id).is_some(), recorded.shared.contains(id) && found.get(*id).is_some());
                if again.get(*id).is_some() {
                    prop_assert_eq!(recorded.dense(again, *id), recorded.dense(found, *id), "to the bit");
                }
            }
        }
    }

    #[test]
    fn a_parameter_is_finished_once_and_last(case in all_cases()) {
        let mut recorded = Recorded::new(&case);
        let single = case.pack.single_tasks();
        let mut order = Order::default();
        match &single {
            Some(_) => recorded.split(&mut order),
            None => {
                let seeds = recorded.each_seeds();
                recorded.tape.walk_each(seeds, &[], false, &mut order).map(drop).expect("walks");
            }
        }
        order.check();
        if let Some(task_of) = &single {
            let (mut first, mut again, seeds) = (Order::default(), Order::default(), recorded.seeds(|_| true));
            let plan = WalkPlan { seeds, stop_at: &[], split: Some(task_of), last: true };
            let (_, kept) = recorded.tape.walk_keeping(plan, &recorded.shared, &mut first).expect("walks");
            kept.weigh(recorded.weights(), &mut again).expect("weighs");
            first.check();
            again.check();
            prop_assert!(again.0.iter().all(|(id, _)| recorded.shared.contains(id)));
        }
    }

    #[test]
    fn norms_at_a_layer_need_no_walk_below_it(case in all_cases()) {
        let mut recorded = Recorded::new(&Case { rounds: 1, ..case.clone() });
        let (apart, last) = (recorded.one_by_one(), recorded.ids(|name| name.starts_with("1.")));
        let mut sink = GramSink::new(case.tasks, &last, Keep::Nothing);
        let stop_at = [recorded.states[1].node().expect("recorded")];
        let seeds = recorded.each_seeds();
        recorded.tape.walk_each(seeds, &stop_at, false, &mut sink).expect("walks");
        let square = |task: usize| last.iter().flat_map(|id| recorded.dense(&apart.tasks[task], *id)).map(|x| x * x).sum::<f64>();
        let norms: Vec<f64> = (0..case.tasks).map(|task| square(task).sqrt()).collect();
        assert_close(&sink.norms(), &norms, TOLERANCE);
        prop_assert_eq!(sink.into_gradients().iter().count(), 0);
    }

    #[test]
    fn a_sink_that_keeps_all_has_the_plain_gradient(case in cases(false)) {
        let mut recorded = Recorded::new(&case);
        let shared = recorded.shared.clone();
        let mut sink = GramSink::new(case.tasks, &shared, Keep::All);
        recorded.split(&mut sink);
        let (mut plain, seeds) = (Gradients::new(), recorded.seeds(|_| true));
        recorded.tape.walk(WalkPlan { seeds, stop_at: &[], split: None, last: true }, &mut plain).expect("walks");
        recorded.assert_same(&sink.into_gradients(), &plain);
    }

    #[test]
    fn elementwise_methods_see_every_task_at_each_element(case in all_cases()) {
        let mut recorded = Recorded::new(&case);
        let (apart, shared) = (recorded.one_by_one(), recorded.shared.clone());
        // The largest of the tasks' values times its number, which no linear combination can give.
        let largest = |values: &mut dyn Iterator<Item = f64>| {
            let best = values.enumerate().fold((0, 0.0f64), |best, (t, x)| if x.abs() > best.1.abs() { (t, x) } else { best });
            (best.0 + 1) as f64 * best.1
        };
        let combine = |elements: TaskElements<'_, f64>| {
            let at = |i: usize| largest(&mut elements.tasks.iter().map(|task| task[i]));
            (0..elements.tasks[0].len()).map(at).collect()
        };
        let mut sink = ElementwiseSink::new(case.tasks, &shared, combine);
        match case.pack.single_tasks() {
            Some(_) => recorded.split(&mut sink),
            None => {
                let seeds = recorded.each_seeds();
                recorded.tape.walk_each(seeds, &[], true, &mut sink).map(drop).expect("walks");
            }
        }
        let combined = sink.into_gradients();
        for id in &shared {
            let tasks: Vec<_> = apart.tasks.iter().map(|task| recorded.dense(task, *id)).collect();
            let at = |i: usize| largest(&mut tasks.iter().map(|task| task[i]));
            let want: Vec<f64> = (0..recorded.lengths[id]).map(at).collect();
            // A draw between two values of one size may go either way.
            let close = |(got, want): (&f64, &f64)| (got - want).abs() < TOLERANCE || want.abs() < TOLERANCE;
            prop_assert!(recorded.dense(&combined, *id).iter().zip(&want).all(close), "{}", recorded.names[id]);
        }
    }

    #[test]
    fn gradients_at_the_representation_need_the_same_sequences(case in cases(true)) {
        let everyone: Vec<u32> = (0..case.tasks as u32).collect();
        let mut same = case.clone();
        same.pack.tasks.iter_mut().for_each(|tasks| tasks.clone_from(&everyone));
        let mut recorded = Recorded::new(&same);
        let (plain, last) = (recorded.plainly_weighted(), recorded.states.last().cloned().expect("an output"));
        let (losses, mut gradients) = (recorded.losses.clone(), Gradients::new());
        let at = recorded.tape.task_gradients_at(&last, &losses, case.tasks, &same.pack, &mut gradients).expect("walks");
        let gram = at.gram(&Cpu);
        for (a, x) in at.tasks.iter().enumerate() {
            let x = x.as_ref().expect("each task reads it");
            let dot = |y: &Option<_>| x.slice().iter().zip(Option::<mtl_core_tensor::device::CpuBuffer<f64>>::as_ref(y).expect("each task reads it").slice()).map(|(x, y)| x * y).sum::<f64>();
            let want: Vec<f64> = at.tasks.iter().map(dot).collect();
            assert_close(&gram[a * case.tasks..][..case.tasks], &want, TOLERANCE);
        }
        let start = at.weigh(&Cpu, recorded.weights()).expect("a gradient");
        let seeds = vec![Seed::gradient(&last, start).expect("recorded")];
        recorded.tape.walk(WalkPlan { seeds, stop_at: &[], split: None, last: true }, &mut gradients).expect("walks");
        recorded.assert_same(&gradients, &plain);
        // One sequence that only one task labels is enough for an error.
        let mut other = same.pack.clone();
        other.push(&[1], &[0], 99, vec![0]);
        let mut recorded = Recorded::new(&Case { pack: other.clone(), ..same });
        let (losses, last) = (recorded.losses.clone(), recorded.states.last().cloned().expect("an output"));
        let error = recorded.tape.task_gradients_at(&last, &losses, case.tasks, &other, &mut Gradients::new());
        let refused = matches!(error, Err(TensorError::DisjointTasks { .. }));
        prop_assert!(refused, "{:?}", error);
    }
}

/// What a sink was told.
#[derive(Default)]
struct Order(Vec<(ParamId, bool)>);

impl GradientSink<f64, Cpu> for Order {
    fn accept(&mut self, _: &Cpu, parameter: ParamId, _: Option<u32>, _: Gradient<f64, Cpu>) {
        self.0.push((parameter, false));
    }

    fn finished(&mut self, _: &Cpu, parameter: ParamId) {
        self.0.push((parameter, true));
    }
}

impl Order {
    #[track_caller]
    fn check(&self) {
        assert!(!self.0.is_empty());
        for (at, (id, finished)) in self.0.iter().enumerate() {
            let more = self.0[at + 1..].iter().filter(|(other, _)| other == id);
            assert_eq!(more.count() == 0, *finished, "{id:?} is finished after the last of its parts");
        }
    }
}

#[test]
fn the_tasks_of_a_keeping_walk_must_be_known_and_have_weights() {
    let pack = pack_of(&[(3, vec![0]), (2, vec![1])]);
    let case = Case { tasks: 2, pack, checkpoint: false, rounds: 1 };
    let mut recorded = Recorded::new(&case);
    let plan = |seeds| WalkPlan { seeds, stop_at: &[], split: None, last: true };
    let plan = plan(recorded.seeds(|_| true));
    let error = recorded.tape.walk_keeping(plan, &recorded.shared, &mut Gradients::new()).err();
    assert!(matches!(error, Some(TensorError::NotSplit)), "{error:?}");
    let (losses, shared) = (recorded.losses.clone(), recorded.shared.clone());
    let error = recorded.tape.gram_walk(&losses, 1, &case.pack, &shared).err();
    assert!(matches!(error, Some(TensorError::Index { index: 1, len: 1, .. })), "{error:?}");
    let found = recorded.tape.gram_walk(&losses, 2, &case.pack, &shared).expect("walks");
    let error = found.weigh(&mut recorded.tape, &[1.0]).map(drop).expect_err("a weight is missing");
    assert_eq!(error.to_string(), "weigh expects weights [2] but got [1]");
}

/// The Gram matrix and the weighted gradient of a pack of enough rows to be cut into many chunks.
fn bits<E: Float>(threads: usize) -> (Vec<f64>, Vec<f64>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    pool.install(|| {
        let model = Small::<E::Master, _>::new(&Cpu, 48, 1, 2, 0.1);
        let sequences: Vec<_> = (0..40).map(|i| (1 + i * 17 % 60, vec![i as u32 / 20])).collect();
        let pack = pack_of(&sequences);
        let shared: BTreeSet<ParamId> = model
            .names()
            .into_iter()
            .filter(|(_, name)| !name.starts_with("head."))
            .map(|(id, _)| id)
            .collect();
        let mut tape = Tape::<E, _>::training(&Cpu, 3, 1);
        let states = model.encode(&mut tape, &pack).expect("the encoder runs");
        let last = states.last().expect("an output");
        let loss = |task| Some((task, model.task_loss(&mut tape, last, &pack, task).expect("runs")?));
        let losses: Vec<_> = (0..2).filter_map(loss).collect();
        let found = tape.gram_walk(&losses, 2, &pack, &shared).expect("walks");
        let gram = found.gram.clone();
        let gradients = found.weigh(&mut tape, &[0.3, -2.0]).expect("weighs");
        let values = gradients.iter().flat_map(|(_, g)| g.values().slice().iter().map(|x| x.to_f64()));
        (gram, values.collect())
    })
}

#[test]
fn bits_do_not_depend_on_threads() {
    fn check<E: Float>() {
        let one = bits::<E>(1);
        assert!(one.0[0] > 0.0 && one.0[3] > 0.0 && one.0[1] == one.0[2], "{:?}", one.0);
        assert!([2, 3].into_iter().all(|threads| bits::<E>(threads) == one));
    }
    check::<f32>();
    check::<bf16>();
}
