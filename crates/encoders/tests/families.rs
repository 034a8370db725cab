//! Encoders of any family, from folders and from nothing, and folders that are not what they seem.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{Encoder, Hooks, Init, NamedTensor, Pack, Pooling, Tape, WeightFile, weights};
use mtl_encoders::presets::{BERT_TINY, ROBERTA_BASE};
use mtl_encoders::{
    AnyEncoder, Bert, BertConfig, EncoderError, Form, Options, Roberta, RobertaConfig, create, families,
    open, preset,
};
use std::fs;
use std::path::Path;

const SIZES: BertConfig = BertConfig {
    vocab_size: 20,
    hidden_size: 8,
    layers: 2,
    heads: 2,
    intermediate_size: 12,
    max_positions: 10,
    initializer_range: 0.5,
    ..BERT_TINY
};
const ROBERTA: RobertaConfig =
    RobertaConfig { sizes: BertConfig { segments: 1, layer_norm_eps: 1e-5, ..SIZES }, pad_token_id: 1 };
const OPTIONS: Options<'_> =
    Options { dropout: None, checkpoint_layers: false, pooling: None, model: "encoder." };

fn forms() -> [Form; 2] {
    [SIZES.into(), ROBERTA.into()]
}

fn new(form: &Form, options: &Options<'_>) -> Result<AnyEncoder<f32, Cpu>, EncoderError> {
    create(form, &Cpu, &Init::new(7), options)
}

/// A folder as an encoder exports itself.
fn exported(form: &Form) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let export = new(form, &OPTIONS).expect("valid").export().expect("the family has folders");
    fs::write(folder.path().join("config.json"), export.config).expect("written");
    weights::save(&folder.path().join("model.safetensors"), &export.tensors, &[]).expect("written");
    folder
}

/// Changes the text of a folder's configuration.
fn edit(folder: &Path, change: impl Fn(String) -> String) {
    let path = folder.join("config.json");
    fs::write(&path, change(fs::read_to_string(&path).expect("there"))).expect("written");
}

/// Takes keys out of a folder's configuration.
fn without(folder: &Path, keys: &[&str]) {
    edit(folder, |text| {
        let mut json: serde_json::Value = serde_json::from_str(&text).expect("json");
        let object = json.as_object_mut().expect("an object");
        keys.iter().for_each(|key| assert!(object.remove(*key).is_some(), "{key}"));
        json.to_string()
    });
}

/// Puts a prefix before the name of each tensor of a folder.
fn with_prefix(folder: &Path, prefix: &str) {
    let path = folder.join("model.safetensors");
    let file = WeightFile::open(&path).expect("whole");
    let tensor = |name: &str| {
        let sizes = file.sizes(name).expect("listed").to_vec();
        NamedTensor::new(
            format!("{prefix}{name}"),
            sizes.clone(),
            &file.get::<f32>(name, &sizes).expect("floats"),
        )
    };
    let tensors: Vec<_> = file.names().map(tensor).collect();
    weights::save(&path, &tensors, &[]).expect("written");
}

fn pack() -> Pack {
    let mut pack = Pack::new();
    pack.push(&[2, 19, 4, 5], &[0, 0, 1, 1], 0, vec![]);
    pack.push(&[3], &[0], 1, vec![]);
    pack
}

fn states(encoder: &dyn Encoder<f32, Cpu, Hidden = usize>) -> [Vec<f32>; 2] {
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    let encoded = encoder.encode(&mut tape, &pack(), Hooks::NONE).expect("encodes");
    [encoded.tokens.to_vec(), encoded.sequences.to_vec()]
}

fn error(folder: &Path) -> String {
    open::<f32, Cpu>(folder, &Cpu, &OPTIONS).expect_err("does not load").to_string()
}

#[test]
fn an_exported_folder_opens_to_the_same_bits() {
    for form in forms() {
        let folder = exported(&form);
        assert_eq!(Form::read(folder.path()).expect("valid"), form);
        assert_eq!(Form::read(&folder.path().join("config.json")).expect("valid"), form);
        let opened = open::<f32, Cpu>(folder.path(), &Cpu, &OPTIONS).expect("loads");
        assert_eq!(states(&*opened), states(&*new(&form, &OPTIONS).expect("valid")));
        with_prefix(folder.path(), &format!("{}.", form.family()));
        let prefixed = open::<f32, Cpu>(folder.path(), &Cpu, &OPTIONS).expect("loads");
        assert_eq!(states(&*prefixed), states(&*opened));
    }
}

#[test]
fn typed_and_untyped_encoders_compute_the_same() {
    let init = Init::new(7);
    let bert = Bert::<Const<8>, Const<12>, f32, Cpu>::new(&Cpu, &SIZES, &init).expect("valid");
    let roberta = Roberta::<Const<8>, Const<12>, f32, Cpu>::new(&Cpu, &ROBERTA, &init).expect("valid");
    let [any_bert, any_roberta] = forms().map(|form| states(&*new(&form, &OPTIONS).expect("valid")));
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    assert_eq!(bert.encode(&mut tape, &pack(), Hooks::NONE).expect("encodes").tokens.to_vec(), any_bert[0]);
    assert_eq!(
        roberta.encode(&mut tape, &pack(), Hooks::NONE).expect("encodes").tokens.to_vec(),
        any_roberta[0]
    );
    assert_ne!(any_bert, any_roberta);
}

#[test]
fn a_form_tells_its_sizes() {
    for (form, family, positions) in [(forms()[0].clone(), "bert", 10), (forms()[1].clone(), "roberta", 8)] {
        assert_eq!((form.family(), form.positions(), form.dropout()), (family, positions, 0.1));
        assert_eq!((form.vocabulary(), form.hidden(), form.layers()), (20, 8, 2));
        assert_eq!((form.heads(), form.inner()), (2, 12));
        let encoder = new(&form.with_vocabulary(33), &OPTIONS).expect("valid");
        assert_eq!((encoder.vocabulary(), encoder.positions(), encoder.layers()), (33, positions, 2));
        assert!(form.with_vocabulary(0).check().is_err() && new(&form.with_vocabulary(0), &OPTIONS).is_err());
    }
    assert_eq!(preset("bert-tiny"), Some(BERT_TINY.into()));
    assert_eq!(preset("roberta-base").expect("there").get(), Some(&ROBERTA_BASE));
    assert_eq!((preset("roberta-base").expect("there").positions(), preset("bert-huge")), (512, None));
}

#[test]
fn every_family_has_a_row() {
    let rows = families::<f32, Cpu>();
    let names: Vec<&str> = rows.iter().map(|row| row.method.name).collect();
    assert_eq!(names, ["bert", "roberta"]);
    for row in rows {
        assert_eq!((row.method.group, row.method.keys.len()), ("encoder", 0));
        assert!(row.build.reader.signature.model_types.contains(&row.method.name));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(row.method.file);
        assert!(file.is_file(), "{}", file.display());
    }
}

#[test]
fn a_position_beyond_the_table_is_an_error() {
    let encoder = new(&ROBERTA.into(), &OPTIONS).expect("valid");
    let encode = |tokens| {
        let mut pack = Pack::new();
        pack.push(&vec![5; tokens], &vec![0; tokens], 0, vec![]);
        encoder.encode(&mut Tape::<f32, Cpu>::inference(&Cpu), &pack, Hooks::NONE).map(|_| ())
    };
    assert!(encode(8).is_ok());
    assert_eq!(encode(9).expect_err("8 positions").to_string(), "embedding: index 10 is outside 0..10");
}

#[test]
fn options_set_dropout_pooling_and_the_names_of_draws() {
    for form in forms() {
        let with = |options| new(&form, &options).expect("valid");
        assert_eq!(with(Options { dropout: Some(0.3), ..OPTIONS }).dropout(), 0.3);
        assert!(new(&form, &Options { dropout: Some(1.0), ..OPTIONS }).is_err());
        let [tokens, pooled] = states(&*with(OPTIONS));
        assert_eq!(with(OPTIONS).pooling(), Pooling::First);
        assert_ne!(pooled[..8], tokens[..8], "the pooler");
        let [_, last] = states(&*with(Options { pooling: Some(Pooling::Last), ..OPTIONS }));
        assert_eq!(last, tokens[24..]);
        let [_, mean] = states(&*with(Options { pooling: Some(Pooling::Mean), ..OPTIONS }));
        for (column, mean) in mean[..8].iter().enumerate() {
            let expected = (0..4).map(|row| tokens[row * 8 + column]).sum::<f32>() / 4.0;
            assert!((mean - expected).abs() < 1e-6, "{mean} {expected}");
        }
        let drawn = |model| {
            let encoder = with(Options { model, ..OPTIONS });
            let mut tape = Tape::<f32, Cpu>::training(&Cpu, 1, 1);
            encoder.encode(&mut tape, &pack(), Hooks::NONE).expect("encodes").tokens.to_vec()
        };
        assert_eq!(drawn("encoders.a."), drawn("encoders.a."));
        assert_ne!(drawn("encoders.a."), drawn("encoders.b."));
    }
}

#[test]
fn a_folder_without_model_type_is_read_by_its_own_evidence() {
    for form in forms() {
        let folder = exported(&form);
        without(folder.path(), &["model_type"]);
        assert_eq!(Form::read(folder.path()).expect("architectures").family(), form.family());
        without(folder.path(), &["architectures"]);
        let message = "config.json:1:1: there is no model_type, and nothing else shows the family; add \
                       \"model_type\" with one of \"bert\", \"roberta\"";
        assert!(error(folder.path()).ends_with(message), "{}", error(folder.path()));
        with_prefix(folder.path(), &format!("{}.", form.family()));
        let opened = open::<f32, Cpu>(folder.path(), &Cpu, &OPTIONS).expect("the prefix");
        assert_eq!(states(&*opened), states(&*new(&form, &OPTIONS).expect("valid")));
    }
}

#[test]
fn another_family_is_not_read_as_bert() {
    let bert = |folder: &Path| {
        Bert::<usize, usize, f32, Cpu>::from_folder(folder, &Cpu)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let folder = exported(&ROBERTA.into());
    assert!(bert(folder.path()).unwrap_err().contains("model_type is \"roberta\"; known are \"bert\""));
    without(folder.path(), &["model_type"]);
    assert!(bert(folder.path()).unwrap_err().contains("architectures \"RobertaModel\" is not of bert"));
    without(folder.path(), &["architectures"]);
    assert!(bert(folder.path()).unwrap_err().contains("pad_token_id 1 is not of bert"));
    without(folder.path(), &["pad_token_id"]);
    with_prefix(folder.path(), "electra.");
    assert!(
        bert(folder.path()).unwrap_err().contains("the prefix \"electra.\" of the weights is not of bert")
    );
    assert!(error(folder.path()).contains("there is no model_type"));

    let folder = exported(&SIZES.into());
    edit(folder.path(), |text| text.replace("\"model_type\": \"bert\"", "\"model_type\": \"xlnet\""));
    assert!(error(folder.path()).contains("model_type is \"xlnet\"; known are \"bert\", \"roberta\""));
    without(folder.path(), &["model_type"]);
    edit(folder.path(), |text| text.replace("BertModel", "ElectraModel"));
    assert!(error(folder.path()).contains("add \"model_type\" with one of \"bert\", \"roberta\""));
}

#[test]
fn layers_are_not_left_out_in_silence() {
    for form in forms() {
        let folder = exported(&form);
        edit(folder.path(), |text| text.replace("layers\": 2", "layers\": 1"));
        let message = error(folder.path());
        assert!(message.contains("num_hidden_layers is 1 but the weights have 2 layers"), "{message}");
        assert!(message.contains("config.json:"), "{message}");
        edit(folder.path(), |text| text.replace("layers\": 1", "layers\": 3"));
        assert!(
            error(folder.path()).contains("no tensor named \"encoder.layer.2."),
            "{}",
            error(folder.path())
        );
    }
}

#[test]
fn a_missing_key_is_named_with_its_file() {
    for (form, key) in forms().into_iter().flat_map(|form| {
        ["vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"]
            .map(|key| (form.clone(), key))
    }) {
        let folder = exported(&form);
        without(folder.path(), &[key]);
        let (message, path) = (error(folder.path()), folder.path().join("config.json"));
        assert!(message.starts_with(&*path.to_string_lossy()) && message.contains(key), "{message}");
    }
}

#[test]
fn a_roberta_reads_padding_tokens_and_segments_as_transformers_does() {
    let encoder = new(&ROBERTA.into(), &OPTIONS).expect("valid");
    let states = |ids: &[u32], segments: &[u32]| {
        let mut pack = Pack::new();
        pack.push(ids, segments, 0, vec![]);
        let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
        encoder.embed(&mut tape, &pack).expect("embeds").to_vec()
    };
    // A padding token has its own position, and does not count.
    let (with, without) = (states(&[4, 1, 5], &[0; 3]), states(&[4, 5], &[0; 2]));
    assert_eq!([&with[..8], &with[16..]].concat(), without);
    assert_eq!(states(&[4, 5], &[0, 1]), without);
    let range = |pad_token_id, vocab_size, max_positions| {
        let sizes = BertConfig { vocab_size, max_positions, ..ROBERTA.sizes };
        RobertaConfig { sizes, pad_token_id }.check().err().map(|problem| problem.to_string())
    };
    assert_eq!(range(1, 20, 3), None);
    assert_eq!(
        range(1, 20, 2).as_deref(),
        Some("max_position_embeddings must be more than pad_token_id + 1, got 2")
    );
    assert_eq!(range(20, 20, 40).as_deref(), Some("pad_token_id must be less than vocab_size, got 20"));
}
