//! Laws of per-task gradients through a whole BERT, in f64.

mod common;

use common::{pack, shaken, small};
use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::{
    Activation, Encoder, Gradients, Hooks, Init, Linear, Loss, Module, Pack, PerTaskGradients, Seed, Tape,
    Tensor, WalkPlan,
};
use mtl_encoders::{Bert, BertConfig};
use proptest::prelude::*;

type SmallBert = Bert<usize, usize, f64, Cpu>;
type Head = Linear<usize, usize, f64, Cpu>;

const FORM: BertConfig = small(8, 12);

/// A BERT and two heads, all at random.
fn model(seed: u64, checkpoint: bool) -> (SmallBert, [Head; 2]) {
    let init = Init::new(seed);
    let mut bert = shaken(&FORM, &init);
    bert.set_checkpoint_layers(checkpoint);
    let head = |name| Tensor::from_slice(&Cpu, (3, 8), &init.normal::<f64>(name, 24, 0.5)).expect("sizes");
    (bert, [Linear::new(head("one")), Linear::new(head("two"))])
}

/// One forward pass with dropout, and the loss of each task.
fn losses(tape: &mut Tape<f64, Cpu>, bert: &SmallBert, heads: &[Head; 2], pack: &Pack) -> [Loss; 2] {
    let encoded = bert.encode(tape, pack, Hooks::NONE).expect("encodes");
    [0, 1].map(|task: u32| {
        let of_task: Vec<u32> = (0..6).filter(|&s| pack.tasks[s as usize].contains(&task)).collect();
        let rows = tape.gather_rows(&encoded.sequences, &of_task).expect("rows");
        let logits = tape.linear(&rows, &heads[task as usize], Activation::None).expect("fits");
        let classes: Vec<u32> = of_task.iter().map(|s| s % 3).collect();
        tape.cross_entropy(&logits, &classes, 0.0, classes.len() as f64).expect("classes")
    })
}

fn walk(tape: &mut Tape<f64, Cpu>, losses: &[(Loss, f64)], last: bool) -> Gradients<f64, Cpu> {
    let seeds = losses.iter().map(|(loss, weight)| Seed::loss(loss, *weight).expect("recorded")).collect();
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan { seeds, stop_at: &[], split: None, last }, &mut gradients).expect("walks");
    gradients
}

/// Every gradient of the encoder, by name; zeros where there is none.
fn dense(bert: &mut SmallBert, gradients: &Gradients<f64, Cpu>) -> Vec<(String, Vec<f64>)> {
    let mut all = Vec::new();
    bert.visit(&mut |name, view| {
        let len = view.sizes.iter().product();
        let zeros = || vec![0.0; len];
        let values = gradients.get(view.id).map_or_else(zeros, |gradient| gradient.to_dense(&Cpu, len));
        all.push((name.to_string(), values));
    });
    all
}

fn assert_close(a: &[(String, Vec<f64>)], b: &[(String, Vec<f64>)]) {
    let largest = b.iter().flat_map(|(_, values)| values).fold(0.0, |max: f64, x| max.max(x.abs()));
    assert!(largest > 1e-3, "there is something to compare: {largest}");
    for ((name, a), (_, b)) in a.iter().zip(b) {
        let difference = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(difference <= 1e-12 * largest, "{name}: {difference} of {largest}");
    }
}

/// A task for each of six sequences; both tasks occur.
fn single_tasks() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let tasks = proptest::collection::vec(0u32..2, 6);
    tasks
        .prop_filter("both tasks", |t| t.contains(&0) && t.contains(&1))
        .prop_map(|tasks| tasks.into_iter().map(|task| vec![task]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn one_split_walk_gives_the_gradients_of_a_walk_per_task(
        tasks in single_tasks(), seed in 0u64..1000, checkpoint: bool,
    ) {
        let ((mut bert, heads), pack) = (model(seed, checkpoint), pack(&tasks));
        let mut tape = Tape::training(&Cpu, seed, 3);
        let losses = losses(&mut tape, &bert, &heads, &pack);
        let apart = losses.map(|loss| walk(&mut tape, &[(loss, 1.0)], false));
        let task_of = pack.single_tasks().expect("one task each");
        let seeds = losses.iter().map(|loss| Seed::loss(loss, 1.0).expect("recorded")).collect();
        let mut together = PerTaskGradients::new(2);
        tape.walk(WalkPlan { seeds, stop_at: &[], split: Some(&task_of), last: true }, &mut together)
            .expect("walks");
        for task in 0..2 {
            assert_close(&dense(&mut bert, &together.tasks[task]), &dense(&mut bert, &apart[task]));
        }
    }

    #[test]
    fn walks_per_task_add_up_where_sequences_have_both_tasks(
        tasks in proptest::collection::vec(0usize..3, 5), seed in 0u64..1000, checkpoint: bool,
    ) {
        let sets = [vec![0], vec![1], vec![0, 1]];
        let tasks: Vec<_> = tasks.into_iter().map(|set| sets[set].clone()).chain([sets[2].clone()]).collect();
        let ((mut bert, heads), pack) = (model(seed, checkpoint), pack(&tasks));
        prop_assert_eq!(pack.single_tasks(), None);
        let mut tape = Tape::training(&Cpu, seed, 3);
        let [a, b] = losses(&mut tape, &bert, &heads, &pack);
        let (of_a, of_b) = (walk(&mut tape, &[(a, 0.5)], false), walk(&mut tape, &[(b, 2.0)], false));
        let of_sum = walk(&mut tape, &[(a, 0.5), (b, 2.0)], true);
        let (mut sum, of_b) = (dense(&mut bert, &of_a), dense(&mut bert, &of_b));
        for ((_, a), (_, b)) in sum.iter_mut().zip(of_b) {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        }
        assert_close(&sum, &dense(&mut bert, &of_sum));
    }

    #[test]
    fn a_sequence_is_encoded_the_same_in_any_pack(seed in 0u64..1000, order in Just([0usize, 1, 2, 3, 4, 5]).prop_shuffle()) {
        let ((bert, _), whole) = (model(seed, false), pack(&vec![vec![0]; 6]));
        let mut shuffled = Pack::new();
        for &s in &order {
            let range = whole.range(s);
            shuffled.push(&whole.token_ids[range.clone()], &whole.segments[range], s as u32, vec![0]);
        }
        let encode = |pack: &Pack| {
            let mut tape = Tape::training(&Cpu, seed, 5);
            bert.encode(&mut tape, pack, Hooks::NONE).expect("encodes").sequences.to_vec()
        };
        let (a, b) = (encode(&whole), encode(&shuffled));
        for (row, &s) in order.iter().enumerate() {
            let (a, b) = (&a[s * 8..][..8], &b[row * 8..][..8]);
            prop_assert!(a.iter().zip(b).all(|(&a, &b): (&f64, &f64)| f64::abs(a - b) < 1e-13), "sequence {}: {:?} {:?}", s, a, b);
        }
    }
}
