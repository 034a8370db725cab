//! What a model is made of: an encoder, hooks between its layers, and heads.

use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::pack::Pack;
use crate::param::Module;
use crate::shape::Dim;
use crate::tape::{Loss, Tape};
use crate::tensor::Tensor;

/// What an encoder makes of a pack.
#[derive(Debug, Clone)]
pub struct Encoded<H: Dim, E: Float, D: Device> {
    /// One row a token, `(tokens, hidden)`.
    pub tokens: Tensor<(usize, H), E, D>,
    /// One row a sequence, `(sequences, hidden)`: the pooler's output, or the first token where there is no pooler.
    pub sequences: Tensor<(usize, H), E, D>,
}

/// Token ids in, hidden states out, in steps that hooks can stand between.
pub trait Encoder<E: Float, D: Device>: Module<E::Master, D> {
    /// The type of the hidden size.
    type Hidden: Dim;

    /// The hidden size.
    fn hidden(&self) -> Self::Hidden;

    /// How many layers.
    fn layers(&self) -> usize;

    /// The input of the first layer, `(tokens, hidden)`.
    fn embed(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError>;

    /// The output of layer `index`, `(tokens, hidden)`.
    fn layer(
        &self,
        index: usize,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, Self::Hidden), E, D>,
        pack: &Pack,
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError>;

    /// These rows of the output of layer `index`, ascending, `(rows, hidden)`. An encoder may make no others.
    fn layer_at(
        &self,
        index: usize,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, Self::Hidden), E, D>,
        pack: &Pack,
        rows: &[u32],
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError> {
        let y = self.layer(index, tape, x, pack)?;
        tape.gather_rows(&y, rows)
    }

    /// What stands for each sequence, from the last layer's output at its first token.
    ///
    /// # Shapes
    /// first and result: `(sequences, hidden)`.
    fn pool(
        &self,
        tape: &mut Tape<E, D>,
        first: Tensor<(usize, Self::Hidden), E, D>,
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError>;

    /// The whole encoder, with hooks after each layer.
    fn encode(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        hooks: &mut [&mut dyn LayerHook<Self::Hidden, E, D>],
    ) -> Result<Encoded<Self::Hidden, E, D>, TensorError> {
        let mut tokens = self.embed(tape, pack)?;
        for index in 0..self.layers() {
            tokens = self.layer(index, tape, &tokens, pack)?;
            for hook in hooks.iter_mut() {
                tokens = hook.after_layer(index, tape, tokens, pack)?;
            }
        }
        let first = tape.first_rows(&tokens, pack)?;
        let sequences = self.pool(tape, first)?;
        Ok(Encoded { tokens, sequences })
    }

    /// What heads read of [`encode`](Encoder::encode) without hooks, to the bit; of the last layer only that is made.
    ///
    /// # Shapes
    /// `tokens` and `sequences` of the result have the rows of `read`, in its order.
    ///
    /// Errors if the pack has no such row.
    fn encode_read(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &ReadRows,
    ) -> Result<Encoded<Self::Hidden, E, D>, TensorError> {
        let (rows, tokens, first) = read.of_last_layer(pack)?;
        let mut x = self.embed(tape, pack)?;
        let last = self.layers().saturating_sub(1);
        for index in 0..last {
            x = self.layer(index, tape, &x, pack)?;
        }
        x = match self.layers() {
            0 => tape.gather_rows(&x, &rows)?,
            _ => self.layer_at(last, tape, &x, pack, &rows)?,
        };
        let first = tape.gather_rows(&x, &first)?;
        let sequences = self.pool(tape, first)?;
        Ok(Encoded { tokens: tape.gather_rows(&x, &tokens)?, sequences })
    }
}

/// The rows of a pack that heads read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadRows {
    tokens: Vec<u32>,
    sequences: Vec<u32>,
}

impl ReadRows {
    /// Nothing.
    pub fn new() -> ReadRows {
        ReadRows::default()
    }

    /// With these rows of tokens, or of sequences, too.
    #[must_use]
    pub fn with(mut self, reads: Reads, rows: &[u32]) -> ReadRows {
        let all = match reads {
            Reads::Tokens => &mut self.tokens,
            Reads::Sequences => &mut self.sequences,
        };
        all.extend(rows);
        all.sort_unstable();
        all.dedup();
        self
    }

    /// The rows of that kind, ascending, each once.
    pub fn rows(&self, reads: Reads) -> &[u32] {
        match reads {
            Reads::Tokens => &self.tokens,
            Reads::Sequences => &self.sequences,
        }
    }

    /// Where each of `rows` lies among [`rows`](ReadRows::rows).
    ///
    /// # Panics
    /// If one is not read.
    pub fn places(&self, reads: Reads, rows: &[u32]) -> Vec<u32> {
        places(self.rows(reads), rows)
    }

    /// The rows that the last layer must make, and where among them lie the tokens and the sequences' first tokens.
    fn of_last_layer(&self, pack: &Pack) -> Result<(Vec<u32>, Vec<u32>, Vec<u32>), TensorError> {
        let first_token = |&sequence: &u32| match pack.boundaries.get(sequence as usize) {
            Some(&row) if (sequence as usize) < pack.sequences() => Ok(row as u32),
            _ => {
                Err(TensorError::Index { op: "encode_read", index: sequence as usize, len: pack.sequences() })
            }
        };
        let first: Vec<u32> = self.sequences.iter().map(first_token).collect::<Result<_, _>>()?;
        let mut rows = [self.tokens.as_slice(), &first].concat();
        rows.sort_unstable();
        rows.dedup();
        let (tokens, first) = (places(&rows, &self.tokens), places(&rows, &first));
        Ok((rows, tokens, first))
    }
}

/// Where each of `rows` lies in `all`, which is ascending.
fn places(all: &[u32], rows: &[u32]) -> Vec<u32> {
    rows.iter()
        .map(|row| all.binary_search(row).expect("the row is among those that are read") as u32)
        .collect()
}

/// Something that stands between an encoder's layers: an adapter, a tap for a low-level task, a gate.
pub trait LayerHook<H: Dim, E: Float, D: Device> {
    /// Takes the output of layer `index` and gives the input of the next.
    fn after_layer(
        &mut self,
        index: usize,
        tape: &mut Tape<E, D>,
        x: Tensor<(usize, H), E, D>,
        pack: &Pack,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError>;
}

/// Which rows a head reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// One row a sequence.
    Sequences,
    /// Chosen rows of tokens.
    Tokens,
}

/// What the rows of a head should come out as.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// A class each, or [`crate::IGNORED`], `(rows,)`.
    Classes(Vec<u32>),
    /// 0 or 1 for each label, `(rows, labels)`; NaN counts nothing.
    Labels(Vec<f64>),
    /// A value each, in the unit that the head learns, `(rows,)`.
    Values(Vec<f64>),
}

impl Targets {
    /// The kind, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Targets::Classes(_) => "classes",
            Targets::Labels(_) => "labels",
            Targets::Values(_) => "values",
        }
    }
}

/// What a head says of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// A class, and the probability of each.
    Class(usize, Vec<f64>),
    /// The labels that hold, and the probability of each.
    Labels(Vec<usize>, Vec<f64>),
    /// A value in the file's scale.
    Value(f64),
}

/// Hidden states in; logits, loss and predictions out.
pub trait Head<H: Dim, E: Float, D: Device>: Module<E::Master, D> {
    /// Which rows it reads.
    fn reads(&self) -> Reads;

    /// How many numbers it gives a row.
    fn outputs(&self) -> usize;

    /// The key of the metric by which it is judged by default.
    fn default_metric(&self) -> &'static str;

    /// The logits of its rows.
    ///
    /// # Shapes
    /// rows: `(rows, hidden)`; result: `(rows, outputs)`.
    fn logits(
        &self,
        tape: &mut Tape<E, D>,
        rows: &Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, usize), E, D>, TensorError>;

    /// The loss of logits against targets, summed and divided by `denominator`.
    ///
    /// Errors if the targets are of another kind or number than the head's.
    fn loss(
        &self,
        tape: &mut Tape<E, D>,
        logits: &Tensor<(usize, usize), E, D>,
        targets: &Targets,
        denominator: f64,
    ) -> Result<Loss, TensorError>;

    /// What the logits of each row, `(rows, outputs)`, mean.
    fn decode(&self, logits: &[f64]) -> Vec<Prediction>;
}
