//! LoRA and cross-stitch units against independent implementations: outputs and gradients, in f64.

mod common;

use std::path::Path;

use common::*;
use mtl_base::Value;
use mtl_core_tensor::device::{Cpu, Memory};
use mtl_core_tensor::{Gradients, Init, Module, Pack, ReadRows, Reads, Seed, Tape, WalkPlan, WeightFile};
use mtl_encoders::BertConfig;

/// That of the scripts.
const GOLDEN: BertConfig = BertConfig { vocab_size: 20, layer_norm_eps: 1e-12, ..STILL };

fn golden(file: &str) -> WeightFile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    WeightFile::open(&path).expect("a golden file")
}

fn get(file: &WeightFile, name: &str) -> Vec<f64> {
    let sizes = file.sizes(name).unwrap_or_else(|| panic!("no {name}")).to_vec();
    file.get(name, &sizes).expect("floats")
}

fn whole(file: &WeightFile, name: &str) -> Vec<usize> {
    get(file, name).into_iter().map(|number| number as usize).collect()
}

/// Sets the parameters of an encoder to those under `prefix`, in which queries, keys and values are apart.
fn load(encoder: &dyn Module<f64, Cpu>, file: &WeightFile, prefix: &str) {
    encoder.visit(&mut |name, view| {
        let values = match name.contains("query_key_value") {
            true => ["query", "key", "value"]
                .map(|part| get(file, &format!("{prefix}{}", name.replace("query_key_value", part))))
                .concat(),
            false => get(file, &format!("{prefix}{name}")),
        };
        view.set(&values).expect("the same size");
    });
}

/// All sequences, each labelled by all tasks.
fn sequences(file: &WeightFile, n_tasks: u32) -> Pack {
    let (ids, segments) = (whole(file, "in.token_ids"), whole(file, "in.segment_ids"));
    let mut pack = Pack::new();
    for (number, range) in whole(file, "in.boundaries").windows(2).enumerate() {
        let part =
            |values: &[usize]| values[range[0]..range[1]].iter().map(|id| *id as u32).collect::<Vec<_>>();
        pack.push(&part(&ids), &part(&segments), number as u32, (0..n_tasks).collect());
    }
    pack
}

fn everything(pack: &Pack) -> ReadRows {
    let all = |n: usize| (0..n as u32).collect::<Vec<_>>();
    ReadRows::new().with(Reads::Tokens, &all(pack.tokens())).with(Reads::Sequences, &all(pack.sequences()))
}

/// Runs all tasks on all sequences, asserts their outputs, and gives the gradients. `part` names a task in the file.
fn run(architecture: &AnyArchitecture, file: &WeightFile, parts: &[&str]) -> Gradients<f64, Cpu> {
    let pack = sequences(file, parts.len() as u32);
    let mut tape = Tape::recording(&Cpu);
    let read = vec![everything(&pack); parts.len()];
    let encoding = architecture.encode(&mut tape, &pack, &read).expect("encodes");
    let mut seeds = Vec::new();
    for (part, encoded) in parts.iter().zip(&encoding.tasks) {
        for (kind, out) in [("tokens", &encoded.tokens), ("sequences", &encoded.sequences)] {
            assert_agree(&format!("{part}{kind}"), &out.to_vec(), &get(file, &format!("out.{part}{kind}")));
            let gradient = Cpu.upload(&get(file, &format!("in.{part}{kind}")));
            seeds.push(Seed::gradient(out, gradient).expect("recorded"));
        }
    }
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan { seeds, stop_at: &[], split: None, last: true }, &mut gradients).expect("walks");
    gradients
}

fn assert_agree(name: &str, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    let off = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off <= 1e-9 * largest, "{name}: off by {off}, the largest being {largest}");
}

/// `layer.N.SITE.a` of ours is `a.layer.N.SITE` in the file.
fn in_file(name: &str) -> Option<String> {
    let (site, kind) = name.strip_prefix("adapters.lora.")?.rsplit_once('.')?;
    Some(format!("{kind}.{site}"))
}

#[test]
fn lora_agrees_with_peft() {
    let file = golden("lora.safetensors");
    let number = |key: &str| -> f64 { file.metadata(key).expect("there").parse().expect("a number") };
    for per in ["all", "task"] {
        let mut choice = Choice::lora(per, true);
        for (key, value) in choice.lora.as_mut().expect("lora").iter_mut() {
            match *key {
                "rank" => *value = Value::Number(number("rank")),
                "dropout" => *value = Value::Number(0.0),
                _ => {}
            }
        }
        choice.lora.as_mut().expect("lora").push(("alpha", Value::Number(number("alpha"))));
        let init = Init::new(1);
        let architecture = over(&choice, 1, &init, &|_| bert(&GOLDEN, &init));
        load(architecture.encoders()[0].1, &file, "w.");
        let shared_name = |name: &str| in_file(&name.replace("lora.a.layer", "lora.layer"));
        architecture.visit(&mut |name, view| {
            if let Some(name) = shared_name(name) {
                view.set(&get(&file, &name)).expect("the same size");
            }
        });
        let gradients = dense(&*architecture, &run(&architecture, &file, &[""]));
        let of_lora = gradients.iter().filter_map(|(name, values)| Some((shared_name(name)?, values)));
        let checked = of_lora
            .map(|(name, values)| assert_agree(&name, values, &get(&file, &format!("g.{name}"))))
            .count();
        assert_eq!(checked, 2 * 5 * GOLDEN.layers, "{per}");
    }
}

#[test]
fn cross_stitch_agrees_with_pytorch() {
    let file = golden("cross_stitch.safetensors");
    let architecture = new(&Choice::plain("cross-stitch"), &GOLDEN, 3, 1);
    for (task, (_, encoder)) in ["a", "b", "c"].iter().zip(architecture.encoders()) {
        load(encoder, &file, &format!("w.{task}."));
    }
    let layer = |name: &str| {
        name.strip_prefix("exchange.cross-stitch.layer.").map(|rest| rest.replace(".coefficients", ""))
    };
    architecture.visit(&mut |name, view| {
        if let Some(layer) = layer(name) {
            view.set(&get(&file, &format!("coefficients.{layer}"))).expect("the same size");
        }
    });
    let gradients = dense(&*architecture, &run(&architecture, &file, &["a.", "b.", "c."]));
    let mut checked = 0;
    for (name, values) in &gradients {
        let in_file = match (layer(name), name.strip_prefix("encoders.")) {
            (Some(layer), _) => format!("g.coefficients.{layer}"),
            (None, Some(rest)) => format!("g.{rest}"),
            (None, None) => continue,
        };
        if file.sizes(&in_file).is_some() {
            assert_agree(name, values, &get(&file, &in_file));
            checked += 1;
        }
    }
    assert_eq!(checked, 2 + 3 * 2);
}
