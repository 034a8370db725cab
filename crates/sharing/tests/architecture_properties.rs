//! Laws of architectures and of the adapters in them, in f64 over small BERTs.

mod common;

use std::collections::BTreeMap;

use common::*;
use mtl_base::Value;
use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::{
    Encoding, Gradients, Hooks, Init, Loss, Module, Pack, PerTaskGradients, ReadRows, Reads, Seed, Tape,
    WalkPlan,
};
use proptest::prelude::*;

type Numbers = BTreeMap<String, Vec<f64>>;

/// What each task's head reads, by name.
fn numbers(encoding: &Encoding<usize, f64, Cpu>) -> Numbers {
    let of_task = |(task, encoded): (usize, &mtl_core_tensor::Encoded<usize, f64, Cpu>)| {
        [("tokens", &encoded.tokens), ("sequences", &encoded.sequences)]
            .map(|(name, rows)| (format!("{task}.{name}"), rows.to_vec()))
    };
    encoding.tasks.iter().enumerate().flat_map(of_task).collect()
}

fn encode(architecture: &AnyArchitecture, pack: &Pack, n_tasks: usize, seed: u64) -> Numbers {
    let mut tape = Tape::training(&Cpu, seed, 3);
    numbers(&architecture.encode(&mut tape, pack, &reads(pack, n_tasks)).expect("encodes"))
}

/// The gradients of a walk for each task, each on its own.
fn apart(
    tape: &mut Tape<f64, Cpu>,
    module: &dyn Module<f64, Cpu>,
    losses: &[(u32, Loss)],
    n_tasks: usize,
) -> Vec<Numbers> {
    let mut all = Vec::new();
    for task in 0..n_tasks as u32 {
        let of_task = losses.iter().filter(|(of, loss)| *of == task && loss.node().is_some());
        let seeds: Vec<_> = of_task.map(|(_, loss)| Seed::loss(loss, 1.0).expect("recorded")).collect();
        let mut gradients = Gradients::new();
        if !seeds.is_empty() {
            tape.walk(WalkPlan { seeds, stop_at: &[], split: None, last: false }, &mut gradients)
                .expect("walks");
        }
        all.push(dense(module, &gradients));
    }
    all
}

/// The same from one split walk where the pack allows it, and from walks in step where not.
fn together(
    tape: &mut Tape<f64, Cpu>,
    module: &dyn Module<f64, Cpu>,
    losses: &[(u32, Loss)],
    pack: &Pack,
    n_tasks: usize,
) -> Vec<Numbers> {
    let mut per_task = PerTaskGradients::new(n_tasks);
    let seed = |(_, loss): &(u32, Loss)| Seed::loss(loss, 1.0).expect("recorded");
    if let Some(task_of) = tape.split(pack) {
        let seeds = losses.iter().map(seed).collect();
        tape.walk(WalkPlan { seeds, stop_at: &[], split: Some(&task_of), last: true }, &mut per_task)
            .expect("walks");
    } else {
        let of_task = |task| losses.iter().filter(|(of, _)| *of == task).map(seed).collect();
        let seeds = (0..n_tasks as u32).map(of_task).collect();
        tape.walk_each(seeds, &[], true, &mut per_task).expect("walks");
    }
    per_task.tasks.iter().map(|gradients| dense(module, gradients)).collect()
}

fn choices() -> impl Strategy<Value = Choice> {
    proptest::sample::select(Choice::all())
}

/// Tasks of six sequences: of one task, of several or of none, and one sequence at least of the first task.
fn labels(n_tasks: u32) -> impl Strategy<Value = Vec<Vec<u32>>> {
    let one = (0..n_tasks).prop_map(|task| vec![task]);
    let several = proptest::collection::btree_set(0..n_tasks, 0..=n_tasks as usize)
        .prop_map(|set| set.into_iter().collect());
    let single = proptest::collection::vec(one, 5);
    let mixed = proptest::collection::vec(several, 5);
    prop_oneof![single, mixed].prop_map(|tasks: Vec<Vec<u32>>| tasks.into_iter().chain([vec![0]]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn per_task_gradients_equal_walks_per_task(choice in choices(), tasks in labels(3), seed in 0u64..1000) {
        let (architecture, pack) = (shaken(&choice, &FORM, 3, seed), pack(&tasks));
        let mut tape = Tape::training(&Cpu, seed, 3);
        let losses = losses(&mut tape, &*architecture, &pack, 3);
        let apart = apart(&mut tape, &*architecture, &losses, 3);
        let together = together(&mut tape, &*architecture, &losses, &pack, 3);
        prop_assert!(apart[0].values().flatten().any(|x| x.abs() > 1e-4), "there is something to compare");
        for (together, apart) in together.iter().zip(&apart) {
            assert_close(together, apart, 1e-11);
        }
    }

    #[test]
    fn losses_reach_the_parameters_of_their_owners_alone(choice in choices(), tasks in labels(3), seed in 0u64..1000) {
        let (architecture, pack) = (shaken(&choice, &FORM, 3, seed), pack(&tasks));
        let mut tape = Tape::training(&Cpu, seed, 3);
        let losses = losses(&mut tape, &*architecture, &pack, 3);
        let apart = apart(&mut tape, &*architecture, &losses, 3);
        architecture.visit(&mut |name, view| {
            for (task, gradients) in apart.iter().enumerate() {
                if !architecture.owner(view.id).includes(task) {
                    assert!(gradients[name].iter().all(|x| *x == 0.0), "{name} is not of task {task}");
                }
            }
        });
    }

    #[test]
    fn hard_encodes_as_its_encoder_alone(tasks in labels(3), seed in 0u64..1000) {
        let (architecture, pack) = (shaken(&Choice::plain("hard"), &FORM, 3, seed), pack(&tasks));
        let read = reads(&pack, 3);
        let encoded = encode(&architecture, &pack, 3, seed);
        let encoder = architecture.encoders()[0].1;
        for (task, read) in read.iter().enumerate() {
            let mut tape = Tape::training(&Cpu, seed, 3);
            let alone = encoder.encode_read(&mut tape, &pack, read, Hooks::NONE).expect("encodes");
            assert_near(&encoded[&format!("{task}.tokens")], &alone.tokens.to_vec());
            assert_near(&encoded[&format!("{task}.sequences")], &alone.sequences.to_vec());
        }
    }

    #[test]
    fn soft_copies_with_equal_weights_equal_hard(tasks in labels(3), seed in 0u64..1000) {
        let (pack, init) = (pack(&tasks), Init::new(seed));
        let of = |name| {
            let architecture = over(&Choice::plain(name), 3, &init, &|_| bert(&STILL, &init));
            for (_, encoder) in architecture.encoders() {
                encoder.visit(&mut |name, view| view.set(&init.normal::<f64>(name, view.len(), 0.3)).expect("size"));
            }
            encode(&architecture, &pack, 3, seed)
        };
        assert_close(&of("soft"), &of("hard"), 1e-12);
    }

    #[test]
    fn identity_cross_stitch_keeps_tasks_independent(tasks in labels(3), seed in 0u64..1000) {
        let pack = pack(&tasks);
        let of = |choice: &Choice| {
            let architecture = new(choice, &FORM, 3, seed);
            for (part, encoder) in architecture.encoders() {
                let init = Init::new(seed).part(part);
                encoder.visit(&mut |name, view| view.set(&init.normal::<f64>(name, view.len(), 0.3)).expect("size"));
            }
            let mut tape = Tape::training(&Cpu, seed, 3);
            let losses = losses(&mut tape, &*architecture, &pack, 3);
            let mut apart = apart(&mut tape, &*architecture, &losses, 3);
            apart.iter_mut().for_each(|gradients| gradients.retain(|name, _| name.starts_with("encoders.")));
            (encode(&architecture, &pack, 3, seed), apart)
        };
        let ((stitched, of_stitched), (soft, of_soft)) = (of(&Choice::cross_stitch(1.0)), of(&Choice::plain("soft")));
        assert_close(&stitched, &soft, 1e-12);
        for (of_stitched, of_soft) in of_stitched.iter().zip(&of_soft) {
            assert_close(of_stitched, of_soft, 1e-11);
        }
    }

    #[test]
    fn lora_at_initialisation_changes_nothing(tasks in labels(3), per in prop_oneof![Just("all"), Just("task")], seed in 0u64..1000) {
        let (pack, init) = (pack(&tasks), Init::new(seed));
        let of = |choice: &Choice| {
            let architecture = over(choice, 3, &init, &|name| bert(&FORM, &init.part(name)));
            encode(&architecture, &pack, 3, seed)
        };
        let (with, without) = (of(&Choice::lora(per, true)), of(&Choice::plain("hard")));
        if per == "all" {
            prop_assert_eq!(with, without);
        } else {
            assert_close(&with, &without, 1e-12);
        }
    }

    #[test]
    fn lora_of_tasks_in_a_mixed_pack_is_lora_of_each_task_alone(tasks in labels(3), seed in 0u64..1000) {
        let (architecture, whole) = (shaken(&Choice::lora("task", true), &FORM, 3, seed), pack(&tasks));
        let mixed = encode(&architecture, &whole, 3, seed);
        for task in 0..3u32 {
            let others = |tasks: &Vec<u32>| tasks.iter().copied().filter(|other| *other == task).collect();
            let alone = Pack { tasks: whole.tasks.iter().map(others).collect(), ..whole.clone() };
            let alone = encode(&architecture, &alone, 3, seed);
            for kind in ["tokens", "sequences"] {
                let name = format!("{task}.{kind}");
                assert_near(&mixed[&name], &alone[&name]);
            }
        }
    }

    #[test]
    fn a_task_that_reads_nothing_gets_no_rows(choice in choices(), tasks in labels(2), seed in 0u64..1000) {
        let (architecture, pack) = (shaken(&choice, &FORM, 3, seed), pack(&tasks));
        let encoded = encode(&architecture, &pack, 3, seed);
        prop_assert!(encoded["2.tokens"].is_empty() && encoded["2.sequences"].is_empty());
        let mut tape = Tape::training(&Cpu, seed, 3);
        let nothing = vec![ReadRows::new(); 3];
        let encoding = architecture.encode(&mut tape, &pack, &nothing).expect("encodes");
        prop_assert!(tape.is_empty() && numbers(&encoding).values().all(Vec::is_empty));
    }

    #[test]
    fn a_row_that_the_pack_has_not_is_an_error(choice in choices(), seed in 0u64..1000) {
        let (architecture, pack) = (new(&choice, &FORM, 2, seed), pack(&[vec![0]]));
        for (reads, row) in [(Reads::Tokens, pack.tokens() as u32), (Reads::Sequences, 1)] {
            let read = [ReadRows::new().with(reads, &[row]), ReadRows::new()];
            let error = architecture.encode(&mut Tape::inference(&Cpu), &pack, &read).unwrap_err();
            prop_assert!(error.to_string().contains(&row.to_string()), "{}", error);
        }
        let error = architecture.encode(&mut Tape::inference(&Cpu), &pack, &[]).unwrap_err();
        prop_assert!(error.to_string().contains("tasks that say what they read"), "{}", error);
    }
}

/// The sum of all losses, and its gradients by name.
fn sum(architecture: &AnyArchitecture, pack: &Pack, walks: bool) -> (f64, Numbers) {
    let mut tape = Tape::training(&Cpu, 5, 3);
    let losses = losses(&mut tape, &**architecture, pack, 2);
    let total = losses.iter().map(|(_, loss)| loss.value).sum();
    let mut gradients = Gradients::new();
    if walks {
        let seeds: Vec<_> = losses.iter().map(|(_, loss)| (*loss, 1.0)).collect();
        tape.walk(WalkPlan::only(&seeds).expect("recorded"), &mut gradients).expect("walks");
    }
    (total, dense(&**architecture, &gradients))
}

/// Asserts that the gradients of the parameters whose names contain `part` are those of finite differences of fourth order.
fn check_gradients(choice: &Choice, part: &str) {
    let architecture = shaken(choice, &FORM, 2, 4);
    let pack = pack(&[vec![0], vec![1], vec![0, 1], vec![], vec![1]]);
    let (_, gradients) = sum(&architecture, &pack, true);
    let (mut checked, step) = (0, 1e-5);
    architecture.visit(&mut |name, view| {
        if !name.contains(part) {
            return;
        }
        let values: Vec<f64> = view.to_vec();
        for at in 0..values.len() {
            let loss_at = |moved: f64| {
                let mut values = values.clone();
                values[at] += moved;
                view.set(&values).expect("the same size");
                sum(&architecture, &pack, false).0
            };
            let near = loss_at(step) - loss_at(-step);
            let far = loss_at(2.0 * step) - loss_at(-2.0 * step);
            let expected = (8.0 * near - far) / (12.0 * step);
            let got = gradients[name][at];
            assert!(
                (got - expected).abs() <= 1e-7 * expected.abs().max(0.1),
                "{name} {at}: {got}, expected {expected}"
            );
            checked += 1;
        }
        view.set(&values).expect("the same size");
    });
    assert!(
        checked > 0
            && gradients
                .iter()
                .any(|(name, values)| name.contains(part) && values.iter().any(|x| x.abs() > 1e-3))
    );
}

#[test]
fn gradients_of_mixing_coefficients_are_those_of_finite_differences() {
    check_gradients(&Choice::plain("cross-stitch"), "coefficients");
}

#[test]
fn gradients_of_lora_are_those_of_finite_differences() {
    check_gradients(&Choice::lora("all", true), "adapters.lora.");
}

#[test]
fn gradients_of_lora_of_tasks_are_those_of_finite_differences() {
    check_gradients(&Choice::lora("task", true), "lora.b.layer.0.value");
    check_gradients(&Choice::lora("task", true), "lora.a.layer.1.feed-forward-out");
}

#[test]
fn a_frozen_encoder_has_no_gradient_and_lora_has() {
    let names = |freeze| {
        let architecture = shaken(&Choice::lora("all", freeze), &FORM, 2, 4);
        let (_, gradients) = sum(&architecture, &pack(&[vec![0], vec![1]]), true);
        let reached = gradients.into_iter().filter(|(_, values)| values.iter().any(|x| *x != 0.0));
        reached.map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert!(
        names(true).iter().all(|name| name.starts_with("adapters.lora.layer.")) && !names(true).is_empty()
    );
    assert!(names(false).iter().any(|name| name.starts_with("encoder.")));
}

#[test]
fn parameters_have_the_names_of_their_parts() {
    let names = |choice: &Choice| -> Vec<String> { new(choice, &FORM, 2, 1).names().into_values().collect() };
    let has = |names: &[String], name: &str| {
        assert!(names.iter().any(|other| other == name), "{name} of {names:?}")
    };
    has(&names(&Choice::plain("hard")), "encoder.embeddings.word_embeddings.weight");
    has(&names(&Choice::plain("soft")), "encoders.b.encoder.layer.1.output.dense.bias");
    has(&names(&Choice::plain("cross-stitch")), "exchange.cross-stitch.layer.1.coefficients");
    has(&names(&Choice::lora("all", true)), "adapters.lora.layer.0.query.a");
    has(&names(&Choice::lora("task", true)), "adapters.lora.b.layer.1.feed-forward-out.b");
}

#[test]
fn the_last_shared_layer_is_that_which_all_losses_meet_in() {
    let of = |choice: &Choice| {
        let architecture = new(choice, &FORM, 2, 1);
        let (last, names) = (architecture.last_shared(), architecture.names());
        last.iter().map(|id| names[id].clone()).collect::<Vec<_>>()
    };
    assert!(of(&Choice::plain("soft")).is_empty() && of(&Choice::lora("task", true)).is_empty());
    let all =
        |names: Vec<String>, part: &str| !names.is_empty() && names.iter().all(|name| name.contains(part));
    assert!(all(of(&Choice::plain("hard")), "encoder.layer.1."));
    assert!(all(of(&Choice::lora("task", false)), "encoder.encoder.layer.1."));
    assert!(all(of(&Choice::lora("all", true)), "adapters.lora.layer.1."));
    let stitched = of(&Choice::plain("cross-stitch"));
    assert!(all(stitched.clone(), "layer.1.") && stitched.iter().any(|name| name.ends_with("coefficients")));
}

#[test]
fn copies_correspond_by_name() {
    let architecture = new(&Choice::plain("soft"), &FORM, 3, 1);
    let names = architecture.names();
    let copies = architecture.copies();
    assert_eq!(copies.len() * 3, names.len());
    for ids in copies {
        let [a, b, c] = [0, 1, 2].map(|task| names[&ids[task]].clone());
        assert_eq!(
            (a.replacen("encoders.a", "", 1), a),
            (b.replacen("encoders.b", "", 1), c.replacen("encoders.c", "encoders.a", 1))
        );
    }
    assert!(new(&Choice::plain("hard"), &FORM, 3, 1).copies().is_empty());
}

#[test]
fn cross_stitch_reports_its_coefficients() {
    let figures = new(&Choice::cross_stitch(0.8), &FORM, 3, 1).report();
    assert_eq!((figures.len(), &figures[1].rows, &figures[1].columns), (2, &task_names(3), &task_names(3)));
    for (at, value) in figures[0].values.iter().enumerate() {
        assert!((value - if at % 4 == 0 { 0.8 } else { 0.1 }).abs() < 1e-15);
    }
}

#[test]
fn what_cannot_be_built_says_why() {
    use mtl_base::registry::find;
    use mtl_sharing::architecture::{Parts, architectures};
    let build = |name: &str, widths: &[usize], n_tasks: usize, lora: bool| {
        let rows = architectures::<usize, f64, Cpu>();
        let row = find(&rows, name).unwrap();
        let encoder = |width: &usize| -> Box<dyn mtl_core_tensor::Encoder<f64, Cpu, Hidden = usize>> {
            let form = mtl_encoders::BertConfig { hidden_size: *width, ..FORM };
            Box::new(bert(&form, &Init::new(1)))
        };
        let encoders =
            widths.iter().enumerate().map(|(at, width)| (format!("e{at}"), encoder(width))).collect();
        let choice = if lora { Choice::lora("all", true) } else { Choice::plain("hard") };
        let adapters = adapters(&choice, n_tasks, &Init::new(1));
        let parts = Parts { encoders, tasks: task_names(n_tasks), device: Cpu, init: Init::new(1), adapters };
        (row.build.build)(&settings(&row.method, &[]), parts).unwrap_err().to_string()
    };
    assert_eq!(build("hard", &[8, 8], 2, false), "architecture `hard` needs 1 encoders, got 2");
    assert_eq!(build("soft", &[8], 2, false), "architecture `soft` needs 2 encoders, got 1");
    assert_eq!(
        build("cross-stitch", &[8], 1, false),
        "`architecture = \"cross-stitch\"` needs at least 2 tasks, got 1"
    );
    assert_eq!(build("soft", &[], 0, false), "`architecture = \"soft\"` needs at least 1 tasks, got 0");
    assert!(
        build("soft", &[8, 16], 2, false)
            .starts_with("the copies of an encoder must have one form: `e1` has hidden size 16")
    );
    assert!(build("soft", &[8, 8], 2, true).starts_with("architecture `soft` takes no adapters"));
    let own = |own| {
        mtl_base::Settings::of(
            &mtl_sharing::architecture::cross_stitch::METHOD,
            [("own".to_owned(), Value::Number(own))].into(),
        )
    };
    assert!(own(1.1).is_err() && own(0.5).is_ok());
}
