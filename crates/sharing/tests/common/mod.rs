//! Small BERTs, architectures over them and packs for them.
#![allow(dead_code)]

use std::collections::BTreeMap;

use mtl_base::registry::find;
use mtl_base::{Method, Settings, Value};
use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::{
    Activation, Architecture, Encoder, Gradients, Init, Linear, Loss, Module, Pack, ReadRows, Reads, Tape,
    Tensor,
};
use mtl_encoders::presets::BERT_TINY;
use mtl_encoders::{Bert, BertConfig};
use mtl_sharing::adapter::{self, Adapter, AdapterParts};
use mtl_sharing::architecture::{self, Parts};

pub type AnyArchitecture = Box<dyn Architecture<usize, f64, Cpu>>;

pub const HIDDEN: usize = 8;
const CLASSES: usize = 3;

/// Two layers.
pub const FORM: BertConfig = BertConfig {
    vocab_size: 11,
    hidden_size: HIDDEN,
    layers: 2,
    heads: 2,
    intermediate_size: 12,
    max_positions: 8,
    dropout: 0.2,
    attention_dropout: 0.2,
    ..BERT_TINY
};

/// The same without dropout.
pub const STILL: BertConfig = BertConfig { dropout: 0.0, attention_dropout: 0.0, ..FORM };

/// What an architecture is made of in a test.
#[derive(Debug, Clone)]
pub struct Choice {
    pub architecture: &'static str,
    pub settings: Vec<(&'static str, Value)>,
    pub lora: Option<Vec<(&'static str, Value)>>,
}

impl Choice {
    pub fn plain(architecture: &'static str) -> Self {
        Choice { architecture, settings: Vec::new(), lora: None }
    }

    pub fn cross_stitch(own: f64) -> Self {
        Choice { settings: vec![("own", Value::Number(own))], ..Choice::plain("cross-stitch") }
    }

    /// Of rank 2 at all sites, with dropout, the encoder learning too unless it is frozen.
    pub fn lora(per: &str, freeze: bool) -> Self {
        let sites = ["query", "key", "value", "attention-out", "feed-forward-out"].map(String::from).to_vec();
        let settings = vec![
            ("rank", Value::Number(2.0)),
            ("dropout", Value::Number(0.1)),
            ("sites", Value::Texts(sites)),
            ("per", Value::Text(per.to_owned())),
            ("freeze", Value::Flag(freeze)),
        ];
        Choice { lora: Some(settings), ..Choice::plain("hard") }
    }

    /// Each way of sharing.
    pub fn all() -> Vec<Choice> {
        let plain = ["hard", "soft", "cross-stitch"].map(Choice::plain);
        let lora = [("all", true), ("all", false), ("task", true), ("task", false)]
            .map(|(per, freeze)| Choice::lora(per, freeze));
        plain.into_iter().chain(lora).collect()
    }
}

pub fn settings(method: &Method, given: &[(&str, Value)]) -> Settings {
    let given = given.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    Settings::of(method, given).expect("settings of the method")
}

pub fn task_names(n_tasks: usize) -> Vec<String> {
    ["a", "b", "c", "d"][..n_tasks].iter().map(|name| name.to_string()).collect()
}

/// A BERT whose weights are drawn under `init`, its dropout under its name.
pub fn bert(form: &BertConfig, init: &Init) -> Bert<usize, usize, f64, Cpu> {
    Bert::new(&Cpu, form, init).expect("a valid form")
}

/// The adapters of a choice.
pub fn adapters(choice: &Choice, n_tasks: usize, init: &Init) -> Vec<Adapter<usize, f64, Cpu>> {
    let Some(given) = &choice.lora else { return Vec::new() };
    let rows = adapter::adapters::<usize, f64, Cpu>();
    let row = find(&rows, "lora").expect("registered");
    let parts = AdapterParts {
        device: Cpu,
        hidden: HIDDEN,
        inner: FORM.intermediate_size,
        layers: FORM.layers,
        tasks: task_names(n_tasks),
        init: init.clone(),
    };
    (row.build)(&settings(&row.method, given), parts).expect("valid")
}

/// An architecture whose encoders are `encoder` of their names.
pub fn over(
    choice: &Choice,
    n_tasks: usize,
    init: &Init,
    encoder: &dyn Fn(&str) -> Bert<usize, usize, f64, Cpu>,
) -> AnyArchitecture {
    let rows = architecture::architectures::<usize, f64, Cpu>();
    let row = find(&rows, choice.architecture).expect("registered");
    let (settings, tasks) = (settings(&row.method, &choice.settings), task_names(n_tasks));
    let boxed = |name: String| {
        let encoder: Box<dyn Encoder<f64, Cpu, Hidden = usize>> = Box::new(encoder(&name));
        (name, encoder)
    };
    let encoders = (row.build.encoders)(&settings, &tasks).into_iter().map(boxed).collect();
    let adapters = adapters(choice, n_tasks, init);
    let parts = Parts { encoders, tasks, device: Cpu, init: init.clone(), adapters };
    (row.build.build)(&settings, parts).expect("valid")
}

/// An architecture over new encoders, all different.
pub fn new(choice: &Choice, form: &BertConfig, n_tasks: usize, seed: u64) -> AnyArchitecture {
    let init = Init::new(seed);
    over(choice, n_tasks, &init, &|name| bert(form, &init.part(name)))
}

/// Moves all parameters of a module far from those of a new one, by their names: of deviation .02 the gradients would be
/// too small to tell a mistake from rounding.
pub fn shake(module: &dyn Module<f64, Cpu>, seed: u64) {
    module.visit(&mut |name, view| {
        let first: Vec<f64> = view.to_vec();
        let added = Init::new(seed).normal::<f64>(&format!("added.{name}"), first.len(), 0.3);
        view.set(&first.iter().zip(added).map(|(a, b)| a + b).collect::<Vec<_>>()).expect("the same size");
    });
}

/// A shaken architecture.
pub fn shaken(choice: &Choice, form: &BertConfig, n_tasks: usize, seed: u64) -> AnyArchitecture {
    let architecture = new(choice, form, n_tasks, seed);
    shake(&*architecture, seed);
    architecture
}

/// A sequence for each of these sets of tasks, of one to six tokens of two segments.
pub fn pack(tasks: &[Vec<u32>]) -> Pack {
    let mut pack = Pack::new();
    for (s, tasks) in tasks.iter().enumerate() {
        let length = 1 + (s * 5 + 2) % 6;
        let ids: Vec<u32> = (0..length).map(|t| ((s * 3 + t * 7) % 11) as u32).collect();
        let segments: Vec<u32> = (0..length).map(|t| u32::from(t > 2)).collect();
        pack.push(&ids, &segments, s as u32, tasks.clone());
    }
    pack
}

/// Each task reads the sequences that it labels, and the last token of every second one.
pub fn reads(pack: &Pack, n_tasks: usize) -> Vec<ReadRows> {
    let of_task = |task: u32| {
        let own = (0..pack.sequences()).filter(|&s| pack.tasks[s].contains(&task));
        let sequences: Vec<u32> = own.map(|s| s as u32).collect();
        let tokens: Vec<u32> = sequences
            .iter()
            .skip(1)
            .step_by(2)
            .map(|&s| pack.boundaries[s as usize + 1] as u32 - 1)
            .collect();
        ReadRows::new().with(Reads::Sequences, &sequences).with(Reads::Tokens, &tokens)
    };
    (0..n_tasks as u32).map(of_task).collect()
}

/// The losses of each task in a pack: cross-entropies of a fixed head on what the task reads.
pub fn losses(
    tape: &mut Tape<f64, Cpu>,
    architecture: &dyn Architecture<usize, f64, Cpu>,
    pack: &Pack,
    n_tasks: usize,
) -> Vec<(u32, Loss)> {
    let encoding = architecture.encode(tape, pack, &reads(pack, n_tasks)).expect("encodes");
    let mut losses = Vec::new();
    for (task, encoded) in encoding.tasks.iter().enumerate() {
        for (name, rows) in [("sequences", &encoded.sequences), ("tokens", &encoded.tokens)] {
            let n_rows = rows.shape().0;
            if n_rows == 0 {
                continue;
            }
            let weight = Init::new(9).normal::<f64>(&format!("{task}.{name}"), CLASSES * HIDDEN, 0.5);
            let head = Linear::new(Tensor::from_slice(&Cpu, (CLASSES, HIDDEN), &weight).expect("sizes"));
            let logits = tape.linear(rows, &head, Activation::None).expect("fits");
            let classes: Vec<u32> = (0..n_rows).map(|row| ((row + task) % CLASSES) as u32).collect();
            losses.push((
                task as u32,
                tape.cross_entropy(&logits, &classes, 0.0, n_rows as f64).expect("classes"),
            ));
        }
    }
    losses
}

/// Every gradient of a module by name; zeros where there is none.
pub fn dense(module: &dyn Module<f64, Cpu>, gradients: &Gradients<f64, Cpu>) -> BTreeMap<String, Vec<f64>> {
    let mut all = BTreeMap::new();
    module.visit(&mut |name, view| {
        let len = view.len();
        let values = gradients.get(view.id).map_or(vec![0.0; len], |gradient| gradient.to_dense(&Cpu, len));
        all.insert(name.to_owned(), values);
    });
    all
}

/// Asserts that numbers by name agree to `share` of the largest.
pub fn assert_close(got: &BTreeMap<String, Vec<f64>>, expected: &BTreeMap<String, Vec<f64>>, share: f64) {
    assert_eq!(got.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let largest = expected.values().flatten().fold(0.0, |max: f64, x| max.max(x.abs()));
    for (name, expected) in expected {
        let got = &got[name];
        assert_eq!(got.len(), expected.len(), "{name}");
        let off = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= share * largest, "{name}: off by {off}, the largest being {largest}");
    }
}

/// Asserts that two lists of numbers agree to 1e-12.
pub fn assert_near(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{got}, expected {expected}");
    }
}
