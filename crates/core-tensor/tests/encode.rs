//! Encoders as a whole, on each device: what is read of them alone has the bits of what they make whole, with every
//! pooling and with hooks.

mod common;

use common::small::pack_of;
use common::{assert_close, tensor, wide};
use mtl_core_tensor::{
    Activation, Attention, Cpu, Device, Dropout, Encoder, Hook, Hooks, Island, Linear, Module, Pack, ParamId,
    ParamView, Pooling, QueryKeyValue, ReadRows, Reads, Site, SiteInput, Tape, Tensor, TensorError,
};
use mtl_core_tensor::{Embedding, shape::Const};
use std::collections::BTreeSet;
use std::sync::Arc;

const HIDDEN: usize = 6;

type Matrix<D> = Tensor<(usize, usize), f64, D>;

/// Layers of attention and one product, with hooks after it and at the end.
#[derive(Debug)]
struct Plain<D: Device> {
    words: Embedding<usize, usize, f64, D>,
    layers: Vec<(QueryKeyValue<usize, f64, D>, Linear<usize, usize, f64, D>)>,
    pooler: Linear<usize, usize, f64, D>,
    pooling: Pooling,
}

impl<D: Device> Plain<D> {
    fn new(device: &D, layers: u32, pooling: Pooling) -> Self {
        let square = |seed| Linear::new(tensor(device, (HIDDEN, HIDDEN), seed));
        let layer = |number| {
            let qkv = QueryKeyValue::new(tensor(device, (Const, HIDDEN, HIDDEN), 10 + number));
            (qkv, square(20 + number))
        };
        Plain {
            words: Embedding::new(tensor(device, (common::small::WORDS, HIDDEN), 1)),
            layers: (0..layers).map(layer).collect(),
            pooler: square(2),
            pooling,
        }
    }
}

impl<D: Device> Module<f64, D> for Plain<D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f64, D>)) {
        self.words.visit(&mut |name, view| visitor(&format!("words.{name}"), view));
        for (index, (qkv, out)) in self.layers.iter().enumerate() {
            qkv.visit(&mut |name, view| visitor(&format!("{index}.qkv.{name}"), view));
            out.visit(&mut |name, view| visitor(&format!("{index}.out.{name}"), view));
        }
        self.pooler.visit(&mut |name, view| visitor(&format!("pooler.{name}"), view));
    }
}

impl<D: Device> Encoder<f64, D> for Plain<D> {
    type Hidden = usize;

    fn hidden(&self) -> usize {
        HIDDEN
    }

    fn inner(&self) -> usize {
        HIDDEN
    }

    fn layers(&self) -> usize {
        self.layers.len()
    }

    fn vocabulary(&self) -> usize {
        common::small::WORDS
    }

    fn positions(&self) -> usize {
        64
    }

    fn dropout(&self) -> f64 {
        0.0
    }

    fn pooling(&self) -> Pooling {
        self.pooling
    }

    fn layer_parameters(&self, index: usize) -> BTreeSet<ParamId> {
        let names = self.names().into_iter();
        names.filter(|(_, name)| name.starts_with(&format!("{index}."))).map(|(id, _)| id).collect()
    }

    fn embed(&self, tape: &mut Tape<f64, D>, pack: &Pack) -> Result<Matrix<D>, TensorError> {
        tape.embed(&[self.words.lookup(&pack.token_ids)?], pack.token_rows())
    }

    fn layer(
        &self,
        index: usize,
        tape: &mut Tape<f64, D>,
        x: &Matrix<D>,
        pack: &Pack,
        rows: Option<&[u32]>,
        hooks: Hooks<'_, usize, f64, D>,
    ) -> Result<Matrix<D>, TensorError> {
        let (qkv, out) = &self.layers[index];
        let qkv = tape.query_key_value(x, qkv)?;
        let attention = Attention { heads: 2, causal: false, dropout: Dropout::OFF };
        let (mut mixed, mut below) = (tape.attention(&qkv, pack, attention)?, x.clone());
        if let Some(rows) = rows {
            (mixed, below) = (tape.gather_rows(&mixed, rows)?, tape.gather_rows(&below, rows)?);
        }
        let y = tape.linear(&mixed, out, Activation::Tanh)?;
        let input = SiteInput { x: &mixed, layer: &below, pack };
        let y = hooks.at(Site::AttentionOut(index), tape, input, y)?;
        hooks.at(Site::Layer(index), tape, SiteInput { x: &below, ..input }, y)
    }

    fn pool(&self, tape: &mut Tape<f64, D>, pooled: Matrix<D>) -> Result<Matrix<D>, TensorError> {
        tape.linear(&pooled, &self.pooler, Activation::Tanh)
    }
}

/// Adds a product of the site's output, and the site's input.
#[derive(Debug)]
struct Adapter<D: Device> {
    sites: Vec<Site>,
    product: Linear<usize, usize, f64, D>,
}

impl<D: Device> Adapter<D> {
    fn shared(device: &D, sites: &[Site]) -> Arc<dyn Hook<usize, f64, D>> {
        let product = Linear::new(tensor(device, (HIDDEN, HIDDEN), 50));
        Arc::new(Adapter { sites: sites.to_vec(), product })
    }
}

impl<D: Device> Module<f64, D> for Adapter<D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f64, D>)) {
        self.product.visit(visitor);
    }
}

impl<D: Device> Hook<usize, f64, D> for Adapter<D> {
    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn at(
        &self,
        site: Site,
        tape: &mut Tape<f64, D>,
        input: SiteInput<'_, usize, f64, D>,
        y: Matrix<D>,
    ) -> Result<Matrix<D>, TensorError> {
        assert!(self.sites.contains(&site));
        assert_eq!((input.x.sizes(), input.layer.sizes()), (y.sizes(), y.sizes()));
        let more = tape.linear(&y, &self.product, Activation::Tanh)?;
        let more = tape.binary(&more, input.x, mtl_core_tensor::device::Binary::Add)?;
        tape.binary(&y, &more, mtl_core_tensor::device::Binary::Add)
    }
}

fn pack() -> Pack {
    pack_of(&[(3, vec![0]), (1, vec![1]), (5, vec![0]), (2, vec![1])])
}

fn rows_of<D: Device>(x: &Matrix<D>, rows: &[u32]) -> Vec<f64> {
    let values = wide(x);
    rows.iter().flat_map(|&row| values[row as usize * HIDDEN..][..HIDDEN].to_vec()).collect()
}

/// Everything that is read has the bits of the whole encoding.
#[track_caller]
fn assert_reads_are_the_whole<D: Device>(
    device: &D,
    encoder: &Plain<D>,
    hooks: Hooks<'_, usize, f64, D>,
) -> Vec<f64> {
    let pack = pack();
    let whole = encoder.encode(&mut Tape::inference(device), &pack, hooks).expect("encodes");
    for (tokens, sequences) in
        [(&[][..], &[0, 1, 2, 3][..]), (&[1, 4, 10], &[2]), (&[0, 3, 5], &[]), (&[], &[])]
    {
        let read = ReadRows::new().with(Reads::Tokens, tokens).with(Reads::Sequences, sequences);
        let got = encoder.encode_read(&mut Tape::inference(device), &pack, &read, hooks).expect("encodes");
        assert_eq!(wide(&got.tokens), rows_of(&whole.tokens, tokens), "to the bit");
        assert_eq!(wide(&got.sequences), rows_of(&whole.sequences, sequences), "to the bit");
    }
    wide(&whole.sequences)
}

fn every_pooling_reads_the_bits_of_the_whole<D: Device>(device: &D) {
    for layers in 0..3 {
        let mut all = Vec::new();
        for pooling in [Pooling::First, Pooling::Last, Pooling::Mean] {
            let encoder = Plain::new(device, layers, pooling);
            let sequences = assert_reads_are_the_whole(device, &encoder, Hooks::NONE);
            // What stands for a sequence, taken from the tokens in the plain way.
            let mut tape = Tape::inference(device);
            let (pack, tokens) =
                (pack(), encoder.encode(&mut tape, &pack(), Hooks::NONE).expect("encodes").tokens);
            let pooled = match pooling {
                Pooling::First => tape.gather_rows(&tokens, &[0, 3, 4, 9]),
                Pooling::Last => tape.gather_rows(&tokens, &[2, 3, 8, 10]),
                _ => tape.mean_pool(&tokens, &pack),
            };
            let pooled = encoder.pool(&mut tape, pooled.expect("rows of the pack")).expect("pools");
            assert_close(&sequences, &wide(&pooled), 1e-14);
            all.push(sequences);
        }
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "the poolings differ");
    }
}

fn hooks_act_on_what_is_read<D: Device>(device: &D) {
    for pooling in [Pooling::First, Pooling::Last, Pooling::Mean] {
        let encoder = Plain::new(device, 2, pooling);
        let mut seen = vec![assert_reads_are_the_whole(device, &encoder, Hooks::NONE)];
        let (first, last) = ([Site::Layer(0)], [Site::Layer(1)]);
        let both = [Site::AttentionOut(0), Site::AttentionOut(1)];
        for sites in [&first[..], &last, &both] {
            let hooks = [Adapter::shared(device, sites)];
            seen.push(assert_reads_are_the_whole(device, &encoder, Hooks::new(&hooks)));
        }
        let hooks = [Adapter::shared(device, &first), Adapter::shared(device, &last)];
        seen.push(assert_reads_are_the_whole(device, &encoder, Hooks::new(&hooks)));
        let elsewhere = [Adapter::shared(device, &[Site::Layer(7)])];
        assert_eq!(assert_reads_are_the_whole(device, &encoder, Hooks::new(&elsewhere)), seen[0]);
        for (place, one) in seen.iter().enumerate() {
            assert!(seen[..place].iter().all(|other| other != one), "each hook changes what is read");
        }
    }
}

fn what_a_pack_lacks_is_refused<D: Device>(device: &D) {
    for pooling in [Pooling::First, Pooling::Last, Pooling::Mean] {
        let encoder = Plain::new(device, 1, pooling);
        let read = |pack: &Pack, reads, rows: &[u32]| {
            let (read, mut tape) = (ReadRows::new().with(reads, rows), Tape::inference(device));
            let encoded = encoder.encode_read(&mut tape, pack, &read, Hooks::NONE);
            encoded.map(drop).expect_err("the pack has no such row").to_string()
        };
        assert_eq!(read(&pack(), Reads::Sequences, &[4]), "pooling: index 4 is outside 0..4");
        assert_eq!(read(&pack(), Reads::Tokens, &[11]), "gather_rows: index 11 is outside 0..11");
        let empty = pack_of(&[(2, vec![0]), (0, vec![0])]);
        let error = read(&empty, Reads::Sequences, &[1]);
        assert_eq!(error, "tokens of a sequence that is read must be at least 1, got 0");
    }
}

/// Runs each test body on each device.
macro_rules! on_each_device {
    ($($test:ident),* $(,)?) => {
        mod cpu {
            $(#[test] fn $test() { super::$test(&super::Cpu); })*
        }
        mod island {
            $(#[test] fn $test() { super::$test(&super::Island); })*
        }
    };
}

on_each_device!(
    every_pooling_reads_the_bits_of_the_whole,
    hooks_act_on_what_is_read,
    what_a_pack_lacks_is_refused,
);
