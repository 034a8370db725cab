//! One training step, or one inference pass, of a BERT-family encoder: what is measured and what is reported.
//!
//! The keys of the report are those of the PyTorch script that it is compared with, plus `encoder`.

use clap::ValueEnum;
use mtl_sharing::GradientKind;
use mtl_sharing::gradient::Needs;
use serde::{Deserialize, Serialize};

use super::measure;
use super::sample::median;

/// Most tokens of a pack, as a session has it by default.
pub(crate) use mtl_train::prepare::PACK_TOKENS;

/// What to measure: one encoder, one batch whose positions are all real tokens.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub(crate) struct StepArgs {
    /// Encoder size
    #[arg(long, value_enum)]
    pub(crate) encoder: Encoder,
    /// Sequences per step
    #[arg(long, default_value_t = 32, value_parser = positive)]
    pub(crate) batch: usize,
    /// Tokens per sequence
    #[arg(long, default_value_t = 128, value_parser = positive)]
    pub(crate) seq: usize,
    /// Most tokens of a pack: a larger step is laid into several, as a session lays it
    #[arg(long, default_value_t = PACK_TOKENS, value_parser = positive)]
    pub(crate) pack_tokens: usize,
    /// Precision of the matrix products
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub(crate) dtype: Dtype,
    /// A whole optimizer step, or the forward pass alone
    #[arg(long, value_enum, default_value_t = Mode::Train)]
    pub(crate) mode: Mode,
    /// How `gram` and `apart` combine the tasks' gradients: any method that looks at their Gram matrix
    #[arg(long, default_value_t = GradientKind::PcGrad, value_parser = by_gram, value_name = "METHOD")]
    pub(crate) combining: GradientKind,
    /// Threads
    #[arg(long, default_value_t = 2, value_parser = positive)]
    pub(crate) threads: usize,
    /// Measured steps, after two that are not measured
    #[arg(long, default_value_t = 7, value_parser = positive)]
    pub(crate) steps: usize,
    /// Print one JSON line instead of a sentence
    #[arg(long)]
    pub(crate) json: bool,
}

fn by_gram(name: &str) -> Result<GradientKind, String> {
    let kind: GradientKind = name.parse().map_err(|error| format!("{error}"))?;
    match kind.needs() {
        Needs::Gram => Ok(kind),
        needs => Err(format!("it needs {}", needs.describe())),
    }
}

pub(super) fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

/// An encoder size that both sides can build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoder {
    /// 6 layers of width 384
    Minilm,
    /// 12 layers of width 768
    BertBase,
    /// 2 layers of width 128
    BertTiny,
}

/// The sizes of an encoder that decide its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Width of the hidden states.
    pub(crate) hidden: usize,
    /// Number of layers.
    pub(crate) layers: usize,
    /// Attention heads per layer.
    pub(crate) heads: usize,
    /// Width of the feed-forward layer.
    pub(crate) ffn: usize,
}

impl Encoder {
    /// Its sizes.
    pub(crate) fn shape(self) -> Shape {
        let (layers, hidden, heads) = match self {
            Self::Minilm => (6, 384, 12),
            Self::BertBase => (12, 768, 12),
            Self::BertTiny => (2, 128, 2),
        };
        Shape { hidden, layers, heads, ffn: 4 * hidden }
    }
}

/// Precision of the matrix products; master weights and reductions are f32 in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dtype {
    /// 32-bit floats
    F32,
    /// bfloat16 products, accumulated in f32
    Bf16,
}

/// How much of a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Forward with dropout, loss, backward, clipping, AdamW
    Train,
    /// Forward alone
    Infer,
    /// A step of four tasks: Gram matrix in one walk, then the weighted gradient from what the walk kept
    Gram,
    /// The same, with every task's gradient kept
    Apart,
}

/// The value as it is written on a command line.
pub(crate) fn flag(value: impl ValueEnum) -> String {
    value.to_possible_value().expect("no value is hidden").get_name().to_owned()
}

/// Floating-point operations of one step: two per weight and token outside the embeddings, and the two products
/// of attention, `4 * layers * seq * hidden` per token; a backward pass costs two forward passes.
pub(crate) fn flop(args: &StepArgs) -> f64 {
    let shape = args.encoder.shape();
    let tokens = (args.batch * args.seq) as f64;
    let per_token = 2 * weights(shape) + 4 * shape.layers * args.seq * shape.hidden;
    // A step that combines gradients counts what a plain one needs: its rate is then that of useful work.
    let passes = match args.mode {
        Mode::Train | Mode::Gram | Mode::Apart => 3.0,
        Mode::Infer => 1.0,
    };
    tokens * per_token as f64 * passes
}

/// Weights outside the embeddings: layers, pooler, and a head of two classes.
fn weights(shape: Shape) -> usize {
    let Shape { hidden, layers, ffn, .. } = shape;
    let attention = 4 * (hidden * hidden + hidden);
    let feed_forward = 2 * hidden * ffn + ffn + hidden;
    let norms = 2 * 2 * hidden;
    let pooler = hidden * hidden + hidden;
    layers * (attention + feed_forward + norms) + pooler + 2 * hidden + 2
}

/// What one side prints for one process: one JSON line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepReport {
    /// Present on our side only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encoder: Option<Encoder>,
    /// Width of the hidden states.
    pub(crate) hidden: usize,
    /// Number of layers.
    pub(crate) layers: usize,
    /// Attention heads per layer.
    pub(crate) heads: usize,
    /// Width of the feed-forward layer.
    pub(crate) ffn: usize,
    /// Sequences per step.
    pub(crate) batch: usize,
    /// Tokens per sequence.
    pub(crate) seq: usize,
    /// Threads.
    pub(crate) threads: usize,
    /// Measured steps.
    pub(crate) steps: usize,
    /// Precision.
    pub(crate) dtype: Dtype,
    /// Step or forward pass.
    pub(crate) mode: Mode,
    /// Median time of one step.
    pub(crate) seconds: f64,
    /// Tokens per second at the median.
    pub(crate) tokens_per_s: f64,
    /// 1e9 operations of [`flop`] per second at the median.
    pub(crate) gflop_per_s: f64,
    /// Largest resident memory of the process, in MiB.
    pub(crate) peak_rss_mib: u64,
    /// Whether PyTorch compiled the model; false on our side.
    #[serde(default)]
    pub(crate) compile: bool,
    /// The version of PyTorch; null on our side.
    #[serde(default)]
    pub(crate) torch: Option<String>,
}

/// Measures and prints.
pub(crate) fn run(args: &StepArgs) -> anyhow::Result<()> {
    let report = StepReport::new(args, &measure::measure(args)?);
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        let StepReport { seconds, tokens_per_s, gflop_per_s, peak_rss_mib, .. } = report;
        println!(
            "{:.1} ms a step, {tokens_per_s:.0} tokens/s, {gflop_per_s:.1} GFLOP/s, {peak_rss_mib} MiB at most",
            1e3 * seconds
        );
    }
    Ok(())
}

/// What a measuring loop hands back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StepTimes {
    /// Time of each measured step, at least one.
    pub(crate) seconds: Vec<f64>,
    /// Largest resident memory of the process, in MiB.
    pub(crate) peak_rss_mib: u64,
}

impl StepReport {
    /// The report of a measurement: medians, as the script takes them.
    pub(crate) fn new(args: &StepArgs, times: &StepTimes) -> Self {
        let Shape { hidden, layers, heads, ffn } = args.encoder.shape();
        let seconds = median(times.seconds.iter().copied());
        Self {
            encoder: Some(args.encoder),
            hidden,
            layers,
            heads,
            ffn,
            batch: args.batch,
            seq: args.seq,
            threads: args.threads,
            steps: times.seconds.len(),
            dtype: args.dtype,
            mode: args.mode,
            seconds,
            tokens_per_s: (args.batch * args.seq) as f64 / seconds,
            gflop_per_s: flop(args) / seconds / 1e9,
            peak_rss_mib: times.peak_rss_mib,
            compile: false,
            torch: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(encoder: Encoder, batch: usize, seq: usize, mode: Mode) -> StepArgs {
        let (dtype, combining) = (Dtype::F32, GradientKind::PcGrad);
        let (pack_tokens, threads, steps, json) = (PACK_TOKENS, 2, 7, true);
        StepArgs { encoder, batch, seq, pack_tokens, dtype, mode, combining, threads, steps, json }
    }

    #[test]
    fn weights_are_those_that_transformers_counts() {
        // Parameters of BertForSequenceClassification (transformers 5.23.0) whose name lacks "embeddings".
        let counted = [(Encoder::Minilm, MINILM), (Encoder::BertBase, BASE), (Encoder::BertTiny, TINY)];
        for (encoder, expected) in counted {
            assert_eq!(weights(encoder.shape()), expected, "{encoder:?}");
        }
    }

    const MINILM: usize = 10_795_394;
    const BASE: usize = 85_646_594;
    const TINY: usize = 413_314;

    #[test]
    fn a_training_step_costs_three_forward_passes() {
        let infer = flop(&args(Encoder::BertTiny, 64, 64, Mode::Infer));
        let expected = 4096.0 * (2.0 * TINY as f64 + 4.0 * 2.0 * 64.0 * 128.0);
        assert_eq!(infer, expected);
        assert_eq!(flop(&args(Encoder::BertTiny, 64, 64, Mode::Train)), 3.0 * infer);
    }

    #[test]
    fn values_are_written_as_the_script_writes_them() {
        assert_eq!(flag(Encoder::BertBase), "bert-base");
        assert_eq!(flag(Dtype::Bf16), "bf16");
        assert_eq!(flag(Mode::Infer), "infer");
    }

    #[test]
    fn the_line_of_the_script_is_read() {
        let line = r#"{"hidden": 384, "layers": 6, "heads": 12, "ffn": 1536, "batch": 32, "seq": 128, "threads": 2,
            "steps": 7, "dtype": "bf16", "mode": "train", "compile": false, "seconds": 0.9792,
            "tokens_per_s": 4183, "gflop_per_s": 286.0, "peak_rss_mib": 2900, "torch": "2.15.0"}"#;
        let report: StepReport = serde_json::from_str(line).unwrap();
        assert_eq!((report.dtype, report.mode, report.encoder), (Dtype::Bf16, Mode::Train, None));
        assert_eq!((report.peak_rss_mib, report.torch.as_deref()), (2900, Some("2.15.0")));
    }

    #[test]
    fn a_report_survives_its_own_line() {
        let times = StepTimes { seconds: vec![0.5, 9.0, 0.4], peak_rss_mib: 700 };
        let report = StepReport::new(&args(Encoder::Minilm, 32, 128, Mode::Train), &times);
        assert_eq!((report.seconds, report.tokens_per_s, report.steps), (0.5, 8192.0, 3));
        let line = serde_json::to_string(&report).unwrap();
        assert!(line.starts_with(r#"{"encoder":"minilm","hidden":384"#), "{line}");
        assert_eq!(serde_json::from_str::<StepReport>(&line).unwrap(), report);
        assert!(line.contains(r#""compile":false,"torch":null"#), "every key of the script's line: {line}");
    }
}
