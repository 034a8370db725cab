//! A small encoder with a classifier a task: embedding, layers of attention and feed-forward, dropout.

use super::{tensor, values};
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{
    Activation, Attention, Device, Dropout, Embedding, Float, IGNORED, LayerNorm, Linear, Loss, Module, Pack,
    ParamView, QueryKeyValue, Real, Tape, Tensor, TensorError,
};

/// Token ids are below this.
pub const WORDS: usize = 23;

/// Classes of every task.
pub const CLASSES: usize = 3;

/// Rows of a fixed or a free number of columns.
pub type Matrix<E, D> = Tensor<(usize, usize), E, D>;

/// One layer.
#[derive(Clone)]
pub struct Layer<M: Real, D: Device> {
    qkv: QueryKeyValue<usize, M, D>,
    out: Linear<usize, usize, M, D>,
    attention_norm: LayerNorm<usize, M, D>,
    up: Linear<usize, usize, M, D>,
    down: Linear<usize, usize, M, D>,
    output_norm: LayerNorm<usize, M, D>,
    dropouts: [Dropout; 3],
}

/// The model.
pub struct Small<M: Real, D: Device> {
    words: Embedding<usize, usize, M, D>,
    positions: Embedding<usize, usize, M, D>,
    embedding_norm: LayerNorm<usize, M, D>,
    embedding_dropout: Dropout,
    layers: Vec<Layer<M, D>>,
    /// One classifier a task.
    pub heads: Vec<Linear<usize, usize, M, D>>,
    /// Whether each layer keeps only its input.
    pub checkpoint: bool,
    /// How often the layers are run, one after another.
    pub rounds: usize,
}

fn linear<M: Real, D: Device>(device: &D, from: usize, to: usize, seed: u32) -> Linear<usize, usize, M, D> {
    let layer = Linear::new(tensor(device, (to, from), seed));
    layer.bias.set(tensor(device, (to,), seed + 1));
    // Values of about 1 / sqrt(inputs), so that activations stay of unit size.
    layer.weight.view().update(|values| device.scale(values, (from as f64).sqrt().recip()));
    layer
}

impl<M: Real, D: Device> Layer<M, D> {
    fn new(device: &D, hidden: usize, rate: f64, number: u32) -> Self {
        let seed = 100 * (number + 1);
        let norm = || LayerNorm::new(device, hidden, 1e-5).expect("a positive epsilon");
        let dropout = |place| Dropout::new(rate, &format!("{number}.{place}")).expect("a rate");
        Layer {
            qkv: QueryKeyValue::new(tensor(device, (Const, hidden, hidden), seed)),
            out: linear(device, hidden, hidden, seed + 10),
            attention_norm: norm(),
            up: linear(device, hidden, 4 * hidden, seed + 20),
            down: linear(device, 4 * hidden, hidden, seed + 30),
            output_norm: norm(),
            dropouts: ["attention", "attention_norm", "output_norm"].map(dropout),
        }
    }

    fn run<E: Float<Master = M>>(
        &self,
        tape: &mut Tape<E, D>,
        x: &Matrix<E, D>,
        pack: &Pack,
    ) -> Result<Matrix<E, D>, TensorError> {
        let qkv = tape.query_key_value(x, &self.qkv)?;
        let attention = Attention { heads: 2, causal: false, dropout: self.dropouts[0] };
        let mixed = tape.attention(&qkv, pack, attention)?;
        let mixed = tape.linear(&mixed, &self.out, Activation::None)?;
        let x = tape.layer_norm(&mixed, Some(x), &self.attention_norm, self.dropouts[1])?;
        let wide = tape.linear(&x, &self.up, Activation::Gelu)?;
        let narrow = tape.linear(&wide, &self.down, Activation::None)?;
        tape.layer_norm(&narrow, Some(&x), &self.output_norm, self.dropouts[2])
    }
}

impl<M: Real, D: Device> Small<M, D> {
    /// A model with repeatable weights, dropping at `rate`.
    pub fn new(device: &D, hidden: usize, layers: u32, tasks: u32, rate: f64) -> Self {
        Small {
            words: Embedding::new(tensor(device, (WORDS, hidden), 1)),
            positions: Embedding::new(tensor(device, (64, hidden), 2)),
            embedding_norm: LayerNorm::new(device, hidden, 1e-5).expect("a positive epsilon"),
            embedding_dropout: Dropout::new(rate, "embedding").expect("a rate"),
            layers: (0..layers).map(|number| Layer::new(device, hidden, rate, number)).collect(),
            heads: (0..tasks).map(|task| linear(device, hidden, CLASSES, 1000 + 10 * task)).collect(),
            checkpoint: false,
            rounds: 1,
        }
    }

    /// The last hidden states, and what the layers took in before: one tensor a layer and the last.
    pub fn encode<E: Float<Master = M>>(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
    ) -> Result<Vec<Matrix<E, D>>, TensorError> {
        let lookups = [self.words.lookup(&pack.token_ids)?, self.positions.lookup(&pack.positions)?];
        let x = tape.embed(&lookups, pack.token_rows())?;
        let x = tape.layer_norm(&x, None, &self.embedding_norm, Dropout::OFF)?;
        let mut states = vec![tape.dropout(&x, self.embedding_dropout)?];
        for layer in (0..self.rounds).flat_map(|_| &self.layers) {
            let x = states.last().expect("at least the embedding");
            let y = if self.checkpoint {
                let (layer, pack) = (layer.clone(), pack.clone());
                tape.checkpoint(x, move |tape, x| layer.run(tape, x, &pack))?
            } else {
                layer.run(tape, x, pack)?
            };
            states.push(y);
        }
        Ok(states)
    }

    /// The last hidden states, from what layer `first` takes in.
    pub fn run_from<E: Float<Master = M>>(
        &self,
        first: usize,
        tape: &mut Tape<E, D>,
        mut x: Matrix<E, D>,
        pack: &Pack,
    ) -> Result<Matrix<E, D>, TensorError> {
        for layer in &self.layers[first..] {
            x = layer.run(tape, &x, pack)?;
        }
        Ok(x)
    }

    /// The loss of one task: each token of the sequences that it labels is classified.
    pub fn task_loss<E: Float<Master = M>>(
        &self,
        tape: &mut Tape<E, D>,
        x: &Matrix<E, D>,
        pack: &Pack,
        task: u32,
    ) -> Result<Option<Loss>, TensorError> {
        let labelled = (0..pack.sequences()).filter(|&s| pack.tasks[s].contains(&task));
        let rows: Vec<u32> = labelled.flat_map(|s| pack.range(s)).map(|row| row as u32).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let class = |row: u32| (pack.token_ids[row as usize] + task + row % 2) % CLASSES as u32;
        let targets: Vec<u32> =
            rows.iter().map(|&row| if row % 7 == 6 { IGNORED } else { class(row) }).collect();
        let own = tape.gather_rows(x, &rows)?;
        let logits = tape.linear(&own, &self.heads[task as usize], Activation::None)?;
        tape.cross_entropy(&logits, &targets, 0.0, rows.len() as f64).map(Some)
    }
}

impl<M: Real, D: Device> Module<M, D> for Small<M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        fn part<M: Real, D: Device>(
            name: &str,
            module: &dyn Module<M, D>,
            visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>),
        ) {
            module.visit(&mut |inner, view| visitor(&format!("{name}.{inner}"), view));
        }
        part("words", &self.words, visitor);
        part("positions", &self.positions, visitor);
        part("norm", &self.embedding_norm, visitor);
        for (i, layer) in self.layers.iter().enumerate() {
            part(&format!("{i}.qkv"), &layer.qkv, visitor);
            part(&format!("{i}.out"), &layer.out, visitor);
            part(&format!("{i}.attention_norm"), &layer.attention_norm, visitor);
            part(&format!("{i}.up"), &layer.up, visitor);
            part(&format!("{i}.down"), &layer.down, visitor);
            part(&format!("{i}.output_norm"), &layer.output_norm, visitor);
        }
        for (task, head) in self.heads.iter().enumerate() {
            part(&format!("head.{task}"), head, visitor);
        }
    }
}

/// A pack of sequences of these lengths, numbered in order, each with its tasks.
pub fn pack_of(sequences: &[(usize, Vec<u32>)]) -> Pack {
    let mut pack = Pack::new();
    for (number, (length, tasks)) in sequences.iter().enumerate() {
        push(&mut pack, *length, number as u32, tasks.clone());
    }
    pack
}

/// Lays the sequence of this number at the end: its words follow from the number.
pub fn push(pack: &mut Pack, length: usize, number: u32, tasks: Vec<u32>) {
    let word = |x: f64| ((x + 1.0) / 2.0 * WORDS as f64) as u32 % WORDS as u32;
    let ids: Vec<u32> = values(length, 500 + number).into_iter().map(word).collect();
    pack.push(&ids, &vec![0; length], number, tasks);
}
