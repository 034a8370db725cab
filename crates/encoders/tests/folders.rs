//! Hugging Face folders as they are found, and what is wrong with some.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::{Const, Dim};
use mtl_core_tensor::{Encoder, Hooks, Init, Module, NamedTensor, Pack, Tape, WeightFile, bf16, weights};
use mtl_encoders::presets::BERT_TINY;
use mtl_encoders::{Bert, BertConfig};
use std::fs;
use std::path::Path;

type AnyBert = Bert<usize, usize, f32, Cpu>;

const CONFIG: BertConfig = BertConfig {
    vocab_size: 20,
    hidden_size: 8,
    layers: 2,
    heads: 2,
    intermediate_size: 12,
    max_positions: 10,
    ..BERT_TINY
};
const WEIGHTS: &str = "model.safetensors";

/// A folder as this crate saves it.
fn saved() -> (tempfile::TempDir, AnyBert) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bert = AnyBert::new(&Cpu, &CONFIG, &Init::new(7)).expect("valid");
    bert.save_folder(folder.path()).expect("saves");
    (folder, bert)
}

/// The tensors of a folder.
fn tensors(folder: &Path) -> Vec<NamedTensor> {
    let file = WeightFile::open(&folder.join(WEIGHTS)).expect("whole");
    let tensor = |name: &str| {
        let sizes = file.sizes(name).expect("listed").to_vec();
        NamedTensor::new(name, sizes.clone(), &file.get::<f32>(name, &sizes).expect("floats"))
    };
    file.names().map(tensor).collect()
}

fn write(folder: &Path, file: &str, tensors: &[NamedTensor]) {
    weights::save(&folder.join(file), tensors, &[]).expect("written");
}

fn states<H: Dim, F: Dim>(bert: &Bert<H, F, f32, Cpu>) -> [Vec<f32>; 2] {
    let mut pack = Pack::new();
    pack.push(&[2, 19, 0, 5], &[0, 0, 1, 1], 0, vec![]);
    pack.push(&[3], &[0], 1, vec![]);
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    let encoded = bert.encode(&mut tape, &pack, Hooks::NONE).expect("encodes");
    [encoded.tokens.to_vec(), encoded.sequences.to_vec()]
}

fn load(folder: &Path) -> AnyBert {
    AnyBert::from_folder(folder, &Cpu).expect("loads")
}

fn error(folder: &Path) -> String {
    AnyBert::from_folder(folder, &Cpu).expect_err("does not load").to_string()
}

/// Asserts on an error that names a file of the folder first.
#[track_caller]
fn assert_error(folder: &Path, file: &str, message: &str) {
    let (error, path) = (error(folder), if file.is_empty() { folder.into() } else { folder.join(file) });
    assert!(error.starts_with(&*path.to_string_lossy()) && error.contains(message), "{error}");
}

#[test]
fn a_saved_folder_loads_to_the_same_bits() {
    let (folder, bert) = saved();
    assert_eq!(load(folder.path()).config(), &CONFIG);
    assert_eq!(states(&load(folder.path())), states(&bert));
    let typed = Bert::<Const<8>, Const<12>, f32, Cpu>::from_folder(folder.path(), &Cpu).expect("loads");
    assert_eq!(states(&typed), states(&bert));
}

#[test]
fn a_seed_and_names_decide_the_first_weights() {
    let weights = |layers, seed| {
        let config = BertConfig { layers, ..CONFIG };
        let bert = AnyBert::new(&Cpu, &config, &Init::new(seed)).expect("valid");
        let mut all = Vec::new();
        bert.visit(&mut |name, view| all.push((name.to_string(), view.to_vec())));
        all
    };
    let (small, large) = (weights(1, 1), weights(2, 1));
    assert!(small.iter().all(|tensor| large.contains(tensor)), "more layers change no other");
    assert_ne!(small, weights(1, 2));
}

#[test]
fn older_names_prefixes_heads_and_buffers_load() {
    let (folder, bert) = saved();
    let older = |name: &str| {
        let name =
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        format!("bert.{name}")
    };
    let mut tensors = tensors(folder.path());
    tensors.iter_mut().for_each(|tensor| tensor.name = older(&tensor.name));
    tensors.push(NamedTensor::new("cls.predictions.bias", vec![20], &[0f32; 20]));
    tensors.push(NamedTensor::new("classifier.weight", vec![2, 8], &[0f32; 16]));
    tensors.push(NamedTensor::new("bert.embeddings.position_ids", vec![1, 10], &[0i64; 10]));
    write(folder.path(), WEIGHTS, &tensors);
    assert_eq!(states(&load(folder.path())), states(&bert));
}

#[test]
fn without_a_pooler_a_sequence_is_its_first_token() {
    let (folder, bert) = saved();
    let mut tensors = tensors(folder.path());
    tensors.retain(|tensor| !tensor.name.starts_with("pooler."));
    write(folder.path(), WEIGHTS, &tensors);
    let ([tokens, first], [with_pooler, _]) = (states(&load(folder.path())), states(&bert));
    assert_eq!(tokens, with_pooler);
    assert_eq!(first, [&tokens[..8], &tokens[32..]].concat());
}

#[test]
fn parts_and_half_types_load() {
    let (folder, bert) = saved();
    let tensors = tensors(folder.path());
    let rounded = |tensor: &NamedTensor| {
        let values: Vec<f32> = bytes_to_f32(&tensor.bytes);
        let values: Vec<bf16> = values.into_iter().map(bf16::from_f32).collect();
        NamedTensor::new(tensor.name.as_str(), tensor.sizes.clone(), &values)
    };
    let rounded: Vec<NamedTensor> = tensors.iter().map(rounded).collect();
    let (first, second) = rounded.split_at(9);
    write(folder.path(), "model-1.safetensors", first);
    write(folder.path(), "model-2.safetensors", second);
    fs::remove_file(folder.path().join(WEIGHTS)).expect("removed");
    let entry = |tensor: &NamedTensor, part| format!("\"{}\": \"model-{part}.safetensors\"", tensor.name);
    let entries = first.iter().map(|t| entry(t, 1)).chain(second.iter().map(|t| entry(t, 2)));
    let map = format!("{{\"weight_map\": {{{}}}}}", entries.collect::<Vec<_>>().join(", "));
    fs::write(folder.path().join("model.safetensors.index.json"), map).expect("written");

    let expected = bert.clone();
    expected.visit(&mut |_, view| {
        let rounded: Vec<f32> = view.to_vec().into_iter().map(|x| bf16::from_f32(x).to_f32()).collect();
        view.set(&rounded).expect("the same size");
    });
    assert_eq!(states(&load(folder.path())), states(&expected));

    fs::remove_file(folder.path().join("model-2.safetensors")).expect("removed");
    assert_error(folder.path(), "model-2.safetensors", "failed to read");
    let map = "{\"weight_map\": {\"x\": \"../model-1.safetensors\"}}";
    fs::write(folder.path().join("model.safetensors.index.json"), map).expect("written");
    assert_error(folder.path(), "model.safetensors.index.json", "which is not the name of a file beside it");
}

fn bytes_to_f32(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("4 bytes"))).collect()
}

#[test]
fn a_pickle_is_an_error_that_shows_the_conversion() {
    let (folder, _) = saved();
    fs::rename(folder.path().join(WEIGHTS), folder.path().join("pytorch_model.bin")).expect("renamed");
    let error = error(folder.path());
    assert!(
        error.contains("pytorch_model.bin") && error.contains("python -c \"from transformers"),
        "{error}"
    );
    fs::remove_file(folder.path().join("pytorch_model.bin")).expect("removed");
    assert_error(folder.path(), "", "no model.safetensors in this folder");
}

#[test]
fn configurations_that_do_not_fit_are_errors() {
    let (folder, _) = saved();
    let wide =
        Bert::<Const<16>, Const<12>, f32, Cpu>::from_folder(folder.path(), &Cpu).expect_err("8 is not 16");
    assert_eq!(wide.to_string(), "the encoder's type has a hidden size of 16 but the configuration says 8");
    let config = CONFIG.to_json();
    for (from, to, message) in [
        ("\"gelu\"", "\"mish\"", "config.json:6:3: hidden_act is \"mish\""),
        ("\"vocab_size\": 20", "\"vocab_size\": 21", "has shape [20, 8] but the model needs [21, 8]"),
        ("layers\": 2", "layers\": 3", "no tensor named \"encoder.layer.2.attention.self.query.weight\""),
        ("\"vocab_size\"", "vocab_size", "config.json:19:3: key must be a string"),
    ] {
        assert!(config.contains(from), "{from}");
        fs::write(folder.path().join("config.json"), config.replace(from, to)).expect("written");
        assert_error(folder.path(), "", message);
    }
    let mut bytes = config.into_bytes();
    bytes[2] = 0xff;
    fs::write(folder.path().join("config.json"), bytes).expect("written");
    assert_error(folder.path(), "", "config.json:2:1: the file is not valid UTF-8: byte 0xff");
    fs::remove_file(folder.path().join("config.json")).expect("removed");
    assert_error(folder.path(), "", "no config.json in this folder");
}

#[test]
fn weight_files_that_are_broken_are_errors() {
    let (folder, _) = saved();
    let path = folder.path().join(WEIGHTS);
    let whole = fs::read(&path).expect("there");
    for cut in [0, 7, 100, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).expect("written");
        assert_error(folder.path(), WEIGHTS, "not a whole safetensors file");
    }
    let mut huge = whole;
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&path, huge).expect("written");
    assert_error(folder.path(), WEIGHTS, "not a whole safetensors file");
}

#[test]
fn a_token_or_a_position_without_a_row_is_an_error() {
    let bert = AnyBert::new(&Cpu, &CONFIG, &Init::new(7)).expect("valid");
    for (ids, message) in [
        (vec![20], "embedding: index 20 is outside 0..20"),
        (vec![1; 11], "embedding: index 10 is outside 0..10"),
    ] {
        let mut pack = Pack::new();
        pack.push(&ids, &vec![0; ids.len()], 0, vec![]);
        let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
        let error = bert.encode(&mut tape, &pack, Hooks::NONE).expect_err("no row");
        assert_eq!(error.to_string(), message);
    }
}
