//! Laws of walks, in f64: what one walk finds, several find too; stops cut a walk cleanly; the last walk frees.

mod common;

use common::assert_close;
use common::small::{Matrix, Small, pack_of};
use mtl_core_tensor::{
    Cpu, Gradients, Loss, Module, Pack, ParamId, PerTaskGradients, Seed, Tape, Tensor, TensorError, WalkPlan,
};
use proptest::prelude::*;

/// What two orders of the same sums may differ by.
const TOLERANCE: f64 = 1e-10;

type Found = Vec<Option<Vec<f64>>>;

/// One recorded forward pass with a loss a task (where the pack has sequences of it).
struct Recorded {
    model: Small<f64, Cpu>,
    parameters: Vec<(ParamId, usize)>,
    tape: Tape<f64, Cpu>,
    states: Vec<Matrix<f64, Cpu>>,
    losses: Vec<Option<Loss>>,
}

impl Recorded {
    fn new(pack: &Pack, tasks: u32) -> Self {
        let model = Small::new(&Cpu, 6, 2, tasks, 0.2);
        let mut parameters = Vec::new();
        model.visit(&mut |_, view| parameters.push((view.id, view.sizes.iter().product())));
        let mut tape = Tape::training(&Cpu, 7, 1);
        let states = model.encode(&mut tape, pack).expect("the encoder runs");
        let last = states.last().expect("an output");
        let losses =
            (0..tasks).map(|task| model.task_loss(&mut tape, last, pack, task).expect("the head runs"));
        let losses = losses.collect();
        Recorded { model, parameters, tape, states, losses }
    }

    fn seeds(&self) -> Vec<Seed<f64, Cpu>> {
        let weights = [0.7, 1.3, 0.4, 2.0];
        let pairs = self.losses.iter().zip(weights);
        pairs.filter_map(|(loss, w)| loss.as_ref().map(|l| Seed::loss(l, w).expect("recorded"))).collect()
    }

    fn seed(&self, task: usize) -> Vec<Seed<f64, Cpu>> {
        let weight = [0.7, 1.3, 0.4, 2.0][task];
        self.losses[task].iter().map(|l| Seed::loss(l, weight).expect("recorded")).collect()
    }

    /// A walk from these seeds, into the sum of gradients.
    fn walk(&mut self, seeds: Vec<Seed<f64, Cpu>>, last: bool) -> Found {
        if seeds.is_empty() {
            return self.parameters.iter().map(|_| None).collect();
        }
        let mut gradients = Gradients::new();
        let plan = WalkPlan { seeds, stop_at: &[], split: None, last };
        self.tape.walk(plan, &mut gradients).expect("the walk runs");
        self.found(&gradients)
    }

    fn found(&self, gradients: &Gradients<f64, Cpu>) -> Found {
        let get = |&(id, len): &(ParamId, usize)| gradients.get(id).map(|g| g.to_dense(&Cpu, len));
        self.parameters.iter().map(get).collect()
    }
}

/// The element-wise sum; a parameter that only one side has a gradient for keeps that.
fn sum(a: Found, b: Found) -> Found {
    let add = |a: Vec<f64>, b: Vec<f64>| a.into_iter().zip(b).map(|(a, b)| a + b).collect();
    let each = a.into_iter().zip(b).map(|pair| match pair {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    });
    each.collect()
}

#[track_caller]
fn assert_same(got: &Found, want: &Found) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        match (got, want) {
            (Some(got), Some(want)) => assert_close(got, want, TOLERANCE),
            (None, None) => {}
            _ => panic!("one walk has a gradient that the other has not"),
        }
    }
}

/// Sequences with one task each of 2 to 4, in any order.
fn singly_labelled() -> impl Strategy<Value = (u32, Pack)> {
    (2u32..5).prop_flat_map(|tasks| {
        let sequence = (1usize..7, (0..tasks).prop_map(|task| vec![task]));
        (Just(tasks), prop::collection::vec(sequence, 1..9).prop_map(|s| pack_of(&s)))
    })
}

/// Sequences that each carry any set of tasks, and at least one of them two.
fn doubly_labelled() -> impl Strategy<Value = (u32, Pack)> {
    (2u32..5).prop_flat_map(|tasks| {
        let set = prop::sample::subsequence((0..tasks).collect::<Vec<_>>(), 0..=tasks as usize);
        let sequences = prop::collection::vec((1usize..7, set), 0..7);
        let with_a_pair = sequences.prop_map(|mut sequences| {
            sequences.push((3, vec![0, 1]));
            pack_of(&sequences)
        });
        (Just(tasks), with_a_pair)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn one_split_walk_equals_a_walk_per_task((tasks, pack) in singly_labelled()) {
        let mut recorded = Recorded::new(&pack, tasks);
        let task_of = pack.single_tasks().expect("each sequence has one task");
        let mut split = PerTaskGradients::new(tasks as usize);
        let plan = WalkPlan { seeds: recorded.seeds(), stop_at: &[], split: Some(&task_of), last: false };
        recorded.tape.walk(plan, &mut split).expect("the walk runs");
        for task in 0..tasks as usize {
            let seed = recorded.seed(task);
            let alone = recorded.walk(seed, false);
            assert_same(&recorded.found(&split.tasks[task]), &alone);
        }
    }

    #[test]
    fn walks_from_each_loss_sum_to_the_walk_of_the_sum((tasks, pack) in doubly_labelled()) {
        let mut recorded = Recorded::new(&pack, tasks);
        let mut total: Found = recorded.parameters.iter().map(|_| None).collect();
        for task in 0..tasks as usize {
            let seed = recorded.seed(task);
            let alone = recorded.walk(seed, false);
            total = sum(total, alone);
        }
        let seeds = recorded.seeds();
        assert_same(&recorded.walk(seeds, true), &total);
    }

    #[test]
    fn walking_twice_gives_the_same_bits((tasks, pack) in doubly_labelled()) {
        let mut recorded = Recorded::new(&pack, tasks);
        let seeds = || Recorded::seeds(&recorded);
        let (first, second, third) = (seeds(), seeds(), seeds());
        let found = recorded.walk(first, false);
        prop_assert_eq!(&recorded.walk(second, false), &found);
        prop_assert_eq!(&recorded.walk(third, true), &found);
    }

    #[test]
    fn a_stop_and_a_second_walk_from_its_gradient_equal_one_walk(
        (tasks, pack) in doubly_labelled(),
        layer in 0usize..3,
    ) {
        let mut recorded = Recorded::new(&pack, tasks);
        let (seeds, again) = (recorded.seeds(), recorded.seeds());
        let whole = recorded.walk(seeds, false);
        let stop = recorded.states[layer].clone();
        let (stop_at, mut gradients) = ([stop.node().expect("recorded")], Gradients::new());
        let plan = WalkPlan { seeds: again, stop_at: &stop_at, split: None, last: false };
        let gradient = recorded.tape.walk(plan, &mut gradients).expect("the walk runs").pop().flatten();
        let seed = Seed::gradient(&stop, gradient.expect("a gradient reaches the stop")).expect("recorded");
        let plan = WalkPlan { seeds: vec![seed], stop_at: &[], split: None, last: true };
        recorded.tape.walk(plan, &mut gradients).expect("the walk runs");
        prop_assert_eq!(&recorded.found(&gradients), &whole, "to the bit");
    }

    #[test]
    fn a_stop_keeps_the_gradient_there_and_goes_no_further(
        (tasks, pack) in doubly_labelled(),
        layer in 0usize..3,
    ) {
        let mut recorded = Recorded::new(&pack, tasks);
        let seeds = recorded.seeds();
        let (stop_at, mut gradients) =
            ([recorded.states[layer].node().expect("recorded")], Gradients::new());
        let plan = WalkPlan { seeds, stop_at: &stop_at, split: None, last: false };
        let stopped = recorded.tape.walk(plan, &mut gradients).expect("the walk runs");
        let stopped = stopped[0].as_ref().expect("a gradient reaches the stop").slice().to_vec();
        // What lies before the stop has no gradient; what lies behind it has the whole walk's.
        let (cut, seeds) = (recorded.found(&gradients), recorded.seeds());
        let whole = recorded.walk(seeds, false);
        let names = recorded.model.names();
        for ((id, _), (cut, whole)) in recorded.parameters.iter().zip(cut.iter().zip(&whole)) {
            let name = &names[id];
            let in_layer = name[..1].parse().is_ok_and(|number: usize| number >= layer);
            let behind = in_layer || name.starts_with("head.");
            prop_assert_eq!(cut, if behind { whole } else { &None }, "{}", name);
        }
        // The gradient at the stop is that of a tape which begins there.
        let (numeric, x) = (1e-5, common::wide(&recorded.states[layer]));
        let loss_at = |x: &[f64]| {
            let mut tape = Tape::<f64, _>::training(&Cpu, 7, 1);
            let start = common::from(&Cpu, *recorded.states[layer].shape(), x);
            let start = start.with_rows(pack.token_rows()).expect("one row a token");
            let last = recorded.model.run_from(layer, &mut tape, start, &pack).expect("the encoder runs");
            let loss = |t| recorded.model.task_loss(&mut tape, &last, &pack, t).expect("the head runs");
            let values = (0..tasks).map(loss).zip([0.7, 1.3, 0.4, 2.0]);
            values.filter_map(|(loss, weight)| loss.map(|l| weight * l.value)).sum::<f64>()
        };
        for at in [0, x.len() / 2, x.len() - 1] {
            let moved = |by: f64| {
                let mut x = x.clone();
                x[at] += by;
                loss_at(&x)
            };
            let slope = (moved(numeric) - moved(-numeric)) / (2.0 * numeric);
            assert_close(&[stopped[at]], &[slope], 1e-6);
        }
    }

    #[test]
    fn only_the_last_walk_frees((tasks, pack) in doubly_labelled()) {
        let mut recorded = Recorded::new(&pack, tasks);
        let kept = recorded.tape.len();
        prop_assert!(kept > 10);
        let seed = recorded.seed(0);
        recorded.walk(seed, false);
        prop_assert_eq!(recorded.tape.len(), kept);
        // The last walk starts before the other losses: their records go, too.
        let (seed, again) = (recorded.seed(0), recorded.seed(0));
        recorded.walk(seed, true);
        prop_assert!(recorded.tape.is_empty());
        let plan = WalkPlan { seeds: again, stop_at: &[], split: None, last: false };
        let error = recorded.tape.walk(plan, &mut Gradients::new());
        prop_assert!(matches!(error, Err(TensorError::NotRecorded)));
    }
}

#[test]
fn a_pack_whose_boundaries_leave_out_rows_is_refused() {
    let mut pack = Pack::new();
    pack.push(&[3, 1, 4, 1, 5], &[0; 5], 0, vec![0]);
    pack.boundaries = vec![2, 5];
    let x = Tensor::<_, f32, _>::zeros(&Cpu, (5usize, 3usize));
    let error = Tape::<f32, Cpu>::recording(&Cpu).mean_pool(&x, &pack).unwrap_err();
    assert!(error.to_string().contains("first and last boundary"), "{error}");
}
