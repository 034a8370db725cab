//! Weight files: what is written is read, whatever is wrong is said, and nothing is half done.

mod common;

use half::f16;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::weights::{load_into, save, tensors_of, write_whole};
use mtl_core_tensor::{
    Cpu, DType, Element, FileAction, FileProblem, Linear, Module, NamedTensor, Real, TensorError, WeightFile,
    bf16,
};
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A safetensors file from its parts, right or wrong.
fn raw(header_length: u64, header: &[u8], data: &[u8]) -> Vec<u8> {
    [&header_length.to_le_bytes()[..], header, data].concat()
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    raw(header.len() as u64, header.as_bytes(), data)
}

/// Opens a file of these bytes.
fn open(bytes: &[u8]) -> Result<WeightFile, TensorError> {
    let (folder, name) = (folder(), "model.safetensors");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("the folder takes files");
    let opened = WeightFile::open(&path);
    if let Err(error) = &opened {
        assert!(error.to_string().contains(name), "the message names the file: {error}");
    }
    opened
}

/// The message of a file that is no safetensors file.
#[track_caller]
fn refusal(bytes: &[u8]) -> String {
    let error = open(bytes).expect_err("the file is refused");
    assert!(matches!(error, TensorError::File { problem: FileProblem::Format(_), .. }), "{error}");
    error.to_string()
}

fn problem<T>(result: Result<T, TensorError>) -> FileProblem {
    match result {
        Err(TensorError::File { problem, .. }) => problem,
        Err(other) => panic!("an error of another kind: {other}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn every_float_type_is_read_and_the_others_are_refused_by_name() {
    let values = [1.5f32, -0.25, 65504.0, 0.0];
    let halves: Vec<u8> = values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect();
    let header = r#"{"half":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]}}"#;
    let file = open(&with_header(header, &halves)).expect("f16 is read");
    assert_eq!(file.get::<f32>("half", &[2, 2]).unwrap(), values);
    assert_eq!(file.get::<f64>("half", &[2, 2]).unwrap(), values.map(f64::from));
    let folder = folder();
    let path = folder.path().join("all.safetensors");
    let brain: Vec<bf16> = [1.0f32, -3.0].map(bf16::from_f32).to_vec();
    let all = [
        NamedTensor::new("bf16", vec![2], &brain),
        NamedTensor::new("f32", vec![2], &[1.0f32, -3.0]),
        NamedTensor::new("f64", vec![2], &[1.0f64, -3.0]),
        NamedTensor::new("u32", vec![1, 2], &[1u32, 3]),
        NamedTensor::new("i64", vec![2, 1], &[1i64, -3]),
    ];
    save(&path, &all, &[("steps", "17".into())]).expect("the folder takes files");
    let file = WeightFile::open(&path).expect("what was written is read");
    assert_eq!(file.names().collect::<Vec<_>>(), ["bf16", "f32", "f64", "i64", "u32"]);
    assert_eq!((file.metadata("steps"), file.metadata("epochs")), (Some("17"), None));
    assert_eq!((file.sizes("u32"), file.sizes("u8")), (Some(&[1, 2][..]), None));
    for name in ["bf16", "f32", "f64"] {
        assert_eq!(file.get::<f32>(name, &[2]).unwrap(), [1.0, -3.0]);
    }
    for (name, sizes) in [("u32", [1, 2]), ("i64", [2, 1])] {
        let message = problem(file.get::<f32>(name, &sizes)).to_string();
        assert!(message.contains(&format!("tensor {name:?} holds {}", name.to_uppercase())), "{message}");
    }
}

fn round_trip<E: Element + Real>(sizes: &[usize], bits: &[u64], from_bits: impl Fn(u64) -> E) {
    let count: usize = sizes.iter().product();
    let values: Vec<E> = bits.iter().cycle().take(count).map(|&b| from_bits(b)).collect();
    let folder = folder();
    let path = folder.path().join("one.safetensors");
    save(&path, &[NamedTensor::new("x", sizes.to_vec(), &values)], &[]).expect("written");
    let read = WeightFile::open(&path).expect("read").get::<E>("x", sizes).expect("the same shape");
    let bytes = |values: &[E]| bytemuck::cast_slice::<E, u8>(values).to_vec();
    assert_eq!(bytes(&read), bytes(&values));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_written_is_read_to_the_bit(
        sizes in prop::collection::vec(0usize..5, 0..4),
        bits in prop::collection::vec(any::<u64>(), 1..9),
    ) {
        // A NaN may lose its payload when it is converted; every other value may not change.
        let or_one = |x: f64| if x.is_nan() { 1.0 } else { x };
        round_trip(&sizes, &bits, |b| or_one(f64::from_bits(b)));
        round_trip(&sizes, &bits, |b| or_one(f64::from(f32::from_bits(b as u32))) as f32);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), length in 0u64..250) {
        let _ = open(&bytes);
        let _ = open(&raw(length, &bytes, &[]));
    }
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let header = r#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#;
    let whole = with_header(header, &[0; 12]);
    assert!(open(&whole).is_ok());
    for length in 0..whole.len() {
        refusal(&whole[..length]);
    }
    refusal(&[&whole[..], &[0]].concat());
}

#[test]
fn a_huge_header_is_refused_before_it_is_believed() {
    for length in [u64::MAX, u64::MAX - 7, 1 << 62, 1 << 40, 200_000_000] {
        refusal(&raw(length, b"{}", &[]));
    }
    let message = refusal(&raw(1 << 40, b"{}", &[]));
    assert!(message.contains("not a whole safetensors file"), "{message}");
}

#[test]
fn a_header_that_is_no_header_is_refused() {
    for header in [
        "",
        "{",
        "[]",
        "null",
        "{\"x\":1}",
        "{\"x\":{\"dtype\":\"F33\",\"shape\":[],\"data_offsets\":[0,0]}}",
    ] {
        refusal(&with_header(header, &[]));
    }
    refusal(&raw(3, &[b'{', 0xff, b'}'], &[]));
}

#[test]
fn offsets_outside_the_data_or_over_each_other_are_refused() {
    let one = |shape: &str, from: u64, to: u64| {
        format!(r#"{{"x":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
    };
    let largest = u64::MAX;
    for header in [
        one("[2]", 0, 800),
        one("[2]", 8, 0),
        one("[2]", 4, 12),
        one("[2]", 0, 4),
        one("[3]", 0, 8),
        one("[2]", largest - 8, largest),
        one("[18446744073709551615,18446744073709551615]", 0, 8),
        one("[4611686018427387904,4]", 0, 8),
    ] {
        refusal(&with_header(&header, &[0; 8]));
    }
    let two = r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    refusal(&with_header(two, &[0; 12]));
    let gap = r#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#;
    refusal(&with_header(gap, &[0; 12]));
}

fn layer() -> Linear<Const<4>, usize, f32, Cpu> {
    Linear::new(common::tensor(&Cpu, (3usize, Const), 1))
}

/// A file of these tensors, and the folder that it lies in.
fn file_of(tensors: &[NamedTensor]) -> (TempDir, WeightFile) {
    let folder = folder();
    let path = folder.path().join("layer.safetensors");
    save(&path, tensors, &[]).expect("written");
    (folder, WeightFile::open(&path).expect("read"))
}

fn values(layer: &Linear<Const<4>, usize, f32, Cpu>) -> Vec<Vec<f32>> {
    let mut values = Vec::new();
    layer.visit(&mut |_, view| values.push(view.to_vec()));
    values
}

#[test]
fn a_module_comes_back_from_its_own_file() {
    let saved = layer();
    let (_folder, file) = file_of(&tensors_of(&saved));
    let other: Linear<Const<4>, usize, f32, Cpu> = Linear::new(common::tensor(&Cpu, (3usize, Const), 2));
    assert_ne!(values(&other), values(&saved));
    load_into(&other, &file).expect("the same names and shapes");
    assert_eq!(values(&other), values(&saved));
}

#[test]
fn a_module_is_as_it_was_if_anything_is_wrong_with_the_file() {
    let weight = NamedTensor::new("weight", vec![3, 4], &[9.0f32; 12]);
    let bias = |name: &str, count: usize| NamedTensor::new(name, vec![count], &vec![9.0f32; count]);
    let integers = NamedTensor::new("bias", vec![3], &[1i64; 3]);
    let wrong = [
        (bias("b.bias", 3), "has no tensor named \"bias\"; the nearest name is \"b.bias\""),
        (bias("bias", 4), "tensor \"bias\" has shape [4] but the model needs [3]"),
        (integers, "tensor \"bias\" holds I64, which is not a float"),
    ];
    for (tensor, expected) in wrong {
        let (_folder, file) = file_of(&[weight.clone(), tensor]);
        let layer = layer();
        let before = values(&layer);
        let message = load_into(&layer, &file).expect_err("the file does not fit").to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains(&file.path().display().to_string()), "{message}");
        assert_eq!(values(&layer), before);
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_the_system() {
    let missing = PathBuf::from("no/such/file.safetensors");
    assert!(matches!(problem(WeightFile::open(&missing)), FileProblem::Io { action: FileAction::Read, .. }));
}

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    let folder = folder();
    let (path, list) = (folder.path().join("kept"), || {
        let names = fs::read_dir(folder.path()).expect("the folder is there");
        let mut names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    });
    write_whole(&path, b"old").expect("written");
    write_whole(&path, b"new").expect("written over");
    assert_eq!((fs::read(&path).unwrap(), list().len()), (b"new".to_vec(), 1));
    // A folder of that name cannot be replaced by a file: the last of the three steps fails.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("inside")).expect("a folder");
    assert!(matches!(
        problem(write_whole(&taken, b"new")),
        FileProblem::Io { action: FileAction::Write, .. }
    ));
    assert!(taken.join("inside").is_dir());
    assert_eq!(list(), ["kept", "taken"]);
    // A folder that is not there: the first fails.
    assert!(matches!(problem(write_whole(&taken.join("none/x"), b"new")), FileProblem::Io { .. }));
    assert_eq!(list(), ["kept", "taken"]);
}

#[test]
fn a_tensor_of_the_wrong_size_is_not_written() {
    let folder = folder();
    let path = folder.path().join("bad.safetensors");
    let short = NamedTensor { sizes: vec![3], ..NamedTensor::new("x", vec![2], &[1.0f32; 2]) };
    assert_eq!(short.dtype, DType::F32);
    assert!(matches!(problem(save(&path, &[short], &[])), FileProblem::Format(_)));
    assert!(!path.exists());
}
