//! Frozen parameters: they get no gradient, what only they need is not computed, and all else stays as it is to the bit.

mod common;

use common::assert_close;
use common::small::{CLASSES, Matrix, Small, pack_of};
use mtl_core_tensor::profile::{Profile, Work, profiled};
use mtl_core_tensor::{
    Cpu, Gradients, Loss, Module, Pack, ParamId, PerTaskGradients, Role, Seed, Tape, TensorError, WalkPlan,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

const HIDDEN: usize = 6;
const LAYERS: u32 = 2;
const TASKS: u32 = 2;

/// The counters of work are the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A recorded forward pass.
struct Recorded {
    model: Small<f64, Cpu>,
    pack: Pack,
    tape: Tape<f64, Cpu>,
    states: Vec<Matrix<f64, Cpu>>,
    losses: Vec<(u32, Loss)>,
}

impl Recorded {
    /// The passes of equal models differ only in what `frozen` says of a parameter's name and role.
    fn new(checkpoint: bool, frozen: impl Fn(&str, Role) -> bool) -> Self {
        let mut model = Small::new(&Cpu, HIDDEN, LAYERS, TASKS, 0.2);
        model.checkpoint = checkpoint;
        model.visit(&mut |name, view| view.freeze(frozen(name, view.role)));
        let pack = pack_of(&[(3, vec![0]), (5, vec![1]), (1, vec![1]), (4, vec![0])]);
        let mut tape = Tape::training(&Cpu, 7, 1);
        let states = model.encode(&mut tape, &pack).expect("the encoder runs");
        let last = states.last().expect("an output");
        let loss = |task| model.task_loss(&mut tape, last, &pack, task).expect("the head runs");
        let losses = (0..TASKS).filter_map(loss).collect::<Vec<_>>();
        let losses = (0..TASKS).zip(losses).collect();
        Recorded { model, pack, tape, states, losses }
    }

    fn walk(&mut self) -> (Gradients<f64, Cpu>, Profile) {
        let pairs: Vec<_> = self.losses.iter().map(|(_, loss)| (*loss, 1.0)).collect();
        let plan = WalkPlan { last: false, ..WalkPlan::only(&pairs).expect("recorded") };
        let mut gradients = Gradients::new();
        let (walked, profile) = profiled(|| self.tape.walk(plan, &mut gradients).map(drop));
        walked.expect("the walk runs");
        (gradients, profile)
    }

    /// Each task's gradients, by a walk that splits and by walks in step.
    fn per_task(&mut self) -> [PerTaskGradients<f64, Cpu>; 2] {
        let mut both = [(); 2].map(|()| PerTaskGradients::new(TASKS as usize));
        let seed = |(_, loss): &(u32, Loss)| Seed::loss(loss, 1.0).expect("recorded");
        let task_of = self.tape.split(&self.pack).expect("each sequence has one task");
        let seeds = self.losses.iter().map(seed).collect();
        let plan = WalkPlan { seeds, stop_at: &[], split: Some(&task_of), last: false };
        self.tape.walk(plan, &mut both[0]).expect("the walk runs");
        let seeds = self.losses.iter().map(|loss| vec![seed(loss)]).collect();
        self.tape.walk_each(seeds, &[], false, &mut both[1]).expect("the walks run");
        both
    }

    /// The gradients by name: the keys of two models differ.
    fn by_name(&self, gradients: &Gradients<f64, Cpu>) -> BTreeMap<String, Vec<f64>> {
        let mut named = BTreeMap::new();
        self.model.visit(&mut |name, view| {
            if let Some(gradient) = gradients.get(view.id) {
                named.insert(name.to_string(), gradient.to_dense(&Cpu, view.len()));
            }
        });
        named
    }

    fn shared(&self) -> BTreeSet<ParamId> {
        let names = self.model.names().into_iter();
        names.filter(|(_, name)| !name.starts_with("head.")).map(|(id, _)| id).collect()
    }
}

/// The embeddings and the first layer.
fn lower_part(name: &str, _: Role) -> bool {
    !name.starts_with("1.") && !name.starts_with("head.")
}

fn flops(profile: &Profile, of: Work) -> f64 {
    profile.iter().find(|(work, _)| *work == of).expect("every kind is there").1.flops
}

/// The gradients of what learns are those of a model in which nothing is frozen, and there are no others.
#[track_caller]
fn assert_rest_is_the_same(
    got: &BTreeMap<String, Vec<f64>>,
    all: &BTreeMap<String, Vec<f64>>,
    learns: impl Fn(&str) -> bool,
) {
    let rest: BTreeMap<_, _> = all.iter().filter(|(name, _)| learns(name)).collect();
    assert!(!rest.is_empty() && rest.len() < all.len(), "some learn, some do not");
    assert_eq!(got.iter().collect::<BTreeMap<_, _>>(), rest, "to the bit");
}

#[test]
fn what_only_frozen_parameters_need_is_not_computed() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (mut all, mut upper) = (Recorded::new(false, |_, _| false), Recorded::new(false, lower_part));
    let learns = |name: &str| !lower_part(name, Role::Weight);
    // An embedding, a norm and a dropout; seven operations in each layer; three for each task.
    assert_eq!((all.tape.len(), upper.tape.len()), (3 + 7 + 7 + 3 * 2, 7 + 3 * 2));
    assert!(upper.states[..2].iter().all(|state| state.node().is_none()), "no walk comes to the lower part");
    let ((all_gradients, of_all), (gradients, of_upper)) = (all.walk(), upper.walk());
    assert_rest_is_the_same(&upper.by_name(&gradients), &all.by_name(&all_gradients), learns);
    // Queries, keys and values, the projection, and the two of the feed-forward part: 3 + 1 + 4 + 4 squares of weights.
    let tokens = upper.pack.tokens() as f64;
    let square = 2.0 * tokens * (HIDDEN * HIDDEN) as f64;
    let heads = 2.0 * tokens * (HIDDEN * CLASSES) as f64;
    assert_eq!(flops(&of_all, Work::LinearWeight), 24.0 * square + heads);
    assert_eq!(flops(&of_upper, Work::LinearWeight), 12.0 * square + heads);
    assert_eq!(flops(&of_all, Work::LinearInput), 24.0 * square + heads);
    assert_eq!(
        flops(&of_upper, Work::LinearInput),
        9.0 * square + heads,
        "nor is a product with queries, keys, values"
    );
    assert_eq!(flops(&of_all, Work::AttentionBackward), 2.0 * flops(&of_upper, Work::AttentionBackward));
}

#[test]
fn frozen_weights_need_no_weight_products() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let frozen = |_: &str, role| role == Role::Weight;
    let (mut all, mut biases) = (Recorded::new(false, |_, _| false), Recorded::new(false, frozen));
    let ((all_gradients, of_all), (gradients, of_biases)) = (all.walk(), biases.walk());
    let of_weight = |name: &str| {
        let norm = name.contains("norm");
        name.ends_with("weight") && !norm
    };
    assert_rest_is_the_same(&biases.by_name(&gradients), &all.by_name(&all_gradients), |name| {
        !of_weight(name)
    });
    assert_eq!(flops(&of_biases, Work::LinearWeight), 0.0);
    assert!(flops(&of_all, Work::LinearWeight) > 0.0);
    // The norm after the embeddings learns, so the gradient goes down to it.
    assert_eq!(flops(&of_biases, Work::LinearInput), flops(&of_all, Work::LinearInput));
}

#[test]
fn frozen_parts_that_keep_only_their_input_are_not_run_again() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let learns = |name: &str| !lower_part(name, Role::Weight);
    let (mut plain, mut parts) = (Recorded::new(false, lower_part), Recorded::new(true, lower_part));
    assert_eq!(parts.tape.len(), 1 + 3 * 2, "one part, not two");
    let ((plain_gradients, _), (gradients, of_parts)) = (plain.walk(), parts.walk());
    assert_eq!(parts.by_name(&gradients), plain.by_name(&plain_gradients), "to the bit");
    let square = 2.0 * (parts.pack.tokens() * HIDDEN * HIDDEN) as f64;
    assert_eq!(flops(&of_parts, Work::LinearForward), 12.0 * square, "one layer runs again");
    let mut all = Recorded::new(true, |_, _| false);
    let (all_gradients, _) = all.walk();
    assert_rest_is_the_same(&parts.by_name(&gradients), &all.by_name(&all_gradients), learns);
}

#[test]
fn walks_per_task_leave_out_what_is_frozen() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for checkpoint in [false, true] {
        let learns = |name: &str| !lower_part(name, Role::Weight);
        let (mut all, mut upper) =
            (Recorded::new(checkpoint, |_, _| false), Recorded::new(checkpoint, lower_part));
        let (of_all, of_upper) = (all.per_task(), upper.per_task());
        for (way, want) in of_upper.iter().zip(&of_all) {
            for (task, gradients) in way.tasks.iter().enumerate() {
                let want = all.by_name(&want.tasks[task]);
                assert_rest_is_the_same(&upper.by_name(gradients), &want, learns);
            }
        }
        let (shared, losses, pack) = (upper.shared(), upper.losses.clone(), upper.pack.clone());
        let walked = upper.tape.gram_walk(&losses, TASKS as usize, &pack, &shared).expect("walks");
        assert_close(&walked.gram, &of_upper[1].gram(&Cpu, &shared), 1e-12);
        let weighed = walked.weigh(&mut upper.tape, &[0.5, 2.0]).expect("weighs");
        assert!(upper.by_name(&weighed).keys().all(|name| learns(name)));
    }
}

#[test]
fn nothing_is_left_to_walk_where_all_is_frozen() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for checkpoint in [false, true] {
        let recorded = Recorded::new(checkpoint, |_, _| true);
        assert!(recorded.tape.is_empty());
        let plan = WalkPlan::<f64, Cpu>::only(&[(recorded.losses[0].1, 1.0)]).map(drop);
        assert!(matches!(plan, Err(TensorError::NotRecorded)));
    }
}

#[test]
fn what_was_recorded_is_walked_though_it_is_frozen_or_learns_by_then() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for checkpoint in [false, true] {
        let in_a_part = |name: &str, role| lower_part(name, role) || name.starts_with("1.up.");
        let mut upper = Recorded::new(checkpoint, in_a_part);
        let before = upper.walk().0;
        let before = upper.by_name(&before);
        upper.model.visit(&mut |_, view| view.freeze(false));
        let after = upper.walk().0;
        assert_eq!(upper.by_name(&after), before, "what was frozen has no gradient");
    }
    // A part that keeps only its input runs again with what is frozen now; it must not panic.
    let mut all = Recorded::new(true, |_, _| false);
    all.model.visit(&mut |name, view| view.freeze(!name.starts_with("head.")));
    let gradients = all.walk().0;
    assert!(all.by_name(&gradients).keys().any(|name| name.starts_with("head.")));
}
