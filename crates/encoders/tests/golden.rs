//! Outputs, loss and every gradient of a small random BERT and a RoBERTa against transformers; see `golden/make_bert.py`
//! and `golden/make_roberta.py`.

use mtl_core_tensor::device::{Cpu, Island};
use mtl_core_tensor::element::Float;
use mtl_core_tensor::{
    Activation, Device, Encoder, Gradients, Hooks, Linear, Module, Pack, Param, Role, Tape, Tensor, WalkPlan,
    WeightFile, bf16,
};
use mtl_encoders::transformer::{Transformer, Variant};
use mtl_encoders::{BertConfig, Options, RobertaConfig};
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const HIDDEN: usize = 24;
const CLASSES: usize = 3;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

const BERT: &str = "bert.safetensors";
const ROBERTA: &str = "roberta.safetensors";

/// The integers of a golden file; none if it has no such tensor.
fn integers(file: &str, name: &str) -> Option<Vec<u32>> {
    let bytes = std::fs::read(path(file)).expect("the golden file is there");
    let file = SafeTensors::deserialize(&bytes).expect("the golden file is whole");
    let number = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("8 bytes")) as u32;
    Some(file.tensor(name).ok()?.data().chunks_exact(8).map(number).collect())
}

/// The batch of these token ids: sequences laid end to end.
fn pack(file: &str, ids: &str) -> Pack {
    let ids = integers(file, ids).expect("the golden file has its inputs");
    let segments = integers(file, "in.segment_ids").unwrap_or_else(|| vec![0; ids.len()]);
    let boundaries = integers(file, "in.boundaries").expect("the golden file has its inputs");
    let mut pack = Pack::new();
    for (number, ends) in boundaries.windows(2).enumerate() {
        let range = ends[0] as usize..ends[1] as usize;
        pack.push(&ids[range.clone()], &segments[range], number as u32, vec![0]);
    }
    pack
}

#[test]
fn positions_are_those_of_the_golden_file() {
    assert_eq!(pack(BERT, "in.token_ids").positions, integers(BERT, "in.position_ids").expect("there"));
}

/// A folder with the golden weights under one of the names that folders have.
fn folder(file: &str, activation: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let golden = WeightFile::open(&path(file)).expect("whole");
    let config = golden.metadata("config").expect("the configuration is in the metadata");
    let config = config.replace("\"hidden_act\": \"gelu\"", &format!("\"hidden_act\": \"{activation}\""));
    std::fs::write(folder.path().join("config.json"), config).expect("written");
    let tensors: Vec<_> = golden.names().filter_map(|name| Some((name, name.strip_prefix("w.")?))).collect();
    let tensors: Vec<_> = tensors
        .into_iter()
        .map(|(name, plain)| {
            let sizes = golden.sizes(name).expect("listed").to_vec();
            let values: Vec<f32> = golden.get(name, &sizes).expect("floats");
            mtl_core_tensor::NamedTensor::new(plain, sizes, &values)
        })
        .collect();
    mtl_core_tensor::weights::save(&folder.path().join("model.safetensors"), &tensors, &[]).expect("written");
    folder
}

/// What a run found, under the names of the golden file.
struct Found {
    values: BTreeMap<String, Vec<f64>>,
}

fn run<E: Float, D: Device>(device: &D, activation: &str, checkpoint: bool) -> Found {
    run_family::<BertConfig, E, D>(device, BERT, activation, checkpoint)
}

fn run_family<C: Variant, E: Float, D: Device>(
    device: &D,
    file: &str,
    activation: &str,
    checkpoint: bool,
) -> Found {
    let folder = folder(file, activation);
    let mut bert =
        Transformer::<C, usize, usize, E::Master, D>::from_folder(folder.path(), device).expect("loads");
    bert.set_checkpoint_layers(checkpoint);
    let weights = WeightFile::open(&folder.path().join("model.safetensors")).expect("whole");
    let tensor = |name, sizes: &[usize]| weights.get::<E::Master>(name, sizes).expect("there");
    let weight = tensor("classifier.weight", &[CLASSES, HIDDEN]);
    let bias = tensor("classifier.bias", &[CLASSES]);
    let mut head = Linear::new(Tensor::from_slice(device, (CLASSES, HIDDEN), &weight).expect("sizes"));
    head.bias = Param::new(Role::BiasOrNorm, Tensor::from_slice(device, (CLASSES,), &bias).expect("sizes"));

    let (pack, labels) = (pack(file, "in.token_ids"), integers(file, "in.labels").expect("there"));
    let mut tape = Tape::<E, D>::recording(device);
    let encoded = bert.encode(&mut tape, &pack, Hooks::NONE).expect("encodes");
    let logits = tape.linear(&encoded.sequences, &head, Activation::None).expect("fits");
    let loss = tape.cross_entropy(&logits, &labels, 0.0, labels.len() as f64).expect("fits");
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan::only(&[(loss, 1.0)]).expect("recorded"), &mut gradients).expect("walks");

    let doubles = |values: Vec<E>| values.into_iter().map(|x| x.to_f64()).collect::<Vec<_>>();
    let mut values = BTreeMap::from([
        ("out.last_hidden_state".to_string(), doubles(encoded.tokens.to_vec())),
        ("out.pooler_output".to_string(), doubles(encoded.sequences.to_vec())),
        ("out.logits".to_string(), doubles(logits.to_vec())),
        ("out.loss".to_string(), vec![loss.value]),
    ]);
    let mut keep = |prefix: &str, module: &dyn Module<E::Master, D>| {
        module.visit(&mut |name, view| {
            let gradient = gradients.get(view.id).unwrap_or_else(|| panic!("{name} has no gradient"));
            let dense = gradient.to_dense(device, view.sizes.iter().product());
            let dense: Vec<f64> = dense.into_iter().map(|x| x.to_f64()).collect();
            split(&format!("g.{prefix}{name}"), dense, &mut values);
        });
    };
    keep("", &bert);
    keep("classifier.", &head);
    Found { values }
}

/// Query, key and value are one parameter here and three in the golden file.
fn split(name: &str, gradient: Vec<f64>, into: &mut BTreeMap<String, Vec<f64>>) {
    if !name.contains("query_key_value") {
        into.insert(name.to_string(), gradient);
        return;
    }
    for (part, values) in ["query", "key", "value"].iter().zip(gradient.chunks_exact(gradient.len() / 3)) {
        into.insert(name.replace("query_key_value", part), values.to_vec());
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

/// Asserts that each tensor differs by a norm of at most `relative` of its own and `absolute` of the largest
/// gradient's.
fn agree(found: &Found, file: &str, relative: f64, absolute: f64) {
    let golden = WeightFile::open(&path(file)).expect("whole");
    let names: Vec<&str> = golden.names().filter(|n| n.starts_with("g.") || n.starts_with("out.")).collect();
    assert_eq!(names, found.values.keys().collect::<Vec<_>>(), "the same tensors");
    let expected = |name: &str| golden.get::<f64>(name, golden.sizes(name).expect("listed")).expect("floats");
    let gradients = names.iter().filter(|name| name.starts_with("g."));
    let largest = gradients.map(|name| norm(expected(name).into_iter())).fold(0.0, f64::max);
    for name in names {
        let (expected, found) = (expected(name), &found.values[name]);
        let difference = norm(expected.iter().zip(found).map(|(a, b)| a - b));
        let size = norm(expected.iter().copied());
        let allowed = relative * size + absolute * largest;
        assert!(difference <= allowed, "{file} {name}: {difference:e} of {size:e}, allowed {allowed:e}");
    }
}

#[test]
fn f32_agrees_with_transformers() {
    agree(&run::<f32, _>(&Cpu, "gelu", false), "bert.safetensors", 1e-4, 1e-6);
    agree(&run::<f32, _>(&Cpu, "gelu_new", false), "bert_gelu_new.safetensors", 1e-4, 1e-6);
}

#[test]
fn f64_agrees_with_transformers_to_the_rounding_of_the_file() {
    agree(&run::<f64, _>(&Cpu, "gelu", false), "bert.safetensors", 2e-7, 1e-9);
    agree(&run::<f64, _>(&Cpu, "gelu_new", false), "bert_gelu_new.safetensors", 2e-7, 1e-9);
}

#[test]
fn the_device_of_references_agrees_too() {
    agree(&run::<f32, _>(&Island, "gelu", true), "bert.safetensors", 1e-4, 1e-6);
}

#[test]
fn roberta_agrees_with_transformers() {
    let in_f64 = run_family::<RobertaConfig, f64, _>(&Cpu, ROBERTA, "gelu", false);
    agree(&in_f64, ROBERTA, 2e-7, 1e-9);
    let in_f32 = run_family::<RobertaConfig, f32, _>(&Cpu, ROBERTA, "gelu", false);
    agree(&in_f32, ROBERTA, 1e-4, 1e-6);
    let again = run_family::<RobertaConfig, f32, _>(&Cpu, ROBERTA, "gelu", true);
    assert_eq!(in_f32.values, again.values);
}

/// Asserts that each number differs by at most 1e-5 of the largest.
fn agree_everywhere(found: &[f32], file: &str, name: &str) {
    let golden = WeightFile::open(&path(file)).expect("whole");
    let expected: Vec<f32> = golden.get(name, golden.sizes(name).expect("listed")).expect("floats");
    let largest = expected.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
    let difference = expected.iter().zip(found).fold(0.0, |worst: f32, (a, b)| worst.max((a - b).abs()));
    assert_eq!(found.len(), expected.len());
    assert!(difference <= 1e-5 * largest, "{file} {name}: {difference:e} of {largest:e}");
}

#[test]
fn hidden_states_of_any_family_agree_to_a_hundred_thousandth() {
    for (file, ids, states) in [
        (BERT, "in.token_ids", "out.last_hidden_state"),
        (ROBERTA, "in.token_ids", "out.last_hidden_state"),
        (ROBERTA, "in.token_ids_with_padding", "padded.last_hidden_state"),
    ] {
        let folder = folder(file, "gelu");
        let config = std::fs::read_to_string(folder.path().join("config.json")).expect("written");
        let model_type = file.trim_end_matches(".safetensors");
        let config = config.replacen('{', &format!("{{\"model_type\": \"{model_type}\","), 1);
        std::fs::write(folder.path().join("config.json"), config).expect("written");
        let encoder = mtl_encoders::open::<f32, _>(folder.path(), &Cpu, &Options::default()).expect("loads");
        let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
        let encoded = encoder.encode(&mut tape, &pack(file, ids), Hooks::NONE).expect("encodes");
        agree_everywhere(&encoded.tokens.to_vec(), file, states);
    }
}

/// bf16 has 8 bits of fraction, so each of some twenty operations in a row adds up to 2^-9 of a value.
#[test]
fn bf16_agrees_within_a_tenth() {
    agree(&run::<bf16, _>(&Cpu, "gelu", false), "bert.safetensors", 0.1, 0.01);
}

#[test]
fn layers_that_run_again_give_the_same_bits() {
    for activation in ["gelu", "gelu_new"] {
        let (kept, again) = (run::<f32, _>(&Cpu, activation, false), run::<f32, _>(&Cpu, activation, true));
        assert_eq!(kept.values, again.values);
    }
}
