//! The measuring loop of `bench step`: what the PyTorch script does, with this workspace's engine.
//!
//! A step is: forward with dropout .1, cross-entropy of a two-class head, backward, clipping at norm 1, AdamW over
//! every parameter, embeddings included. All positions are real tokens, so nothing is gained by packing.

use std::collections::BTreeMap;
use std::time::Instant;

use mtl_core_tensor::optim::{AdamW, AdamWConfig, Optimizer, global_norm};
use mtl_core_tensor::{
    Cpu, Encoder as _, Float, Gradients, Head, Init, Module, Pack, ParamView, Tape, Targets, WalkPlan, bf16,
};
use mtl_encoders::presets::{BERT_BASE, BERT_TINY, MINILM_L6};
use mtl_encoders::{Bert, BertConfig};
use mtl_heads::{Classification, HeadConfig};

use super::combine::{self, Holds, TASKS};
use super::step::{Dtype, Encoder, Mode, StepArgs, StepTimes};

/// Steps before the measured ones.
const WARM_UP: usize = 2;

/// Runs the steps on a thread pool of the asked size.
pub(super) fn measure(args: &StepArgs) -> anyhow::Result<StepTimes> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    pool.install(|| match args.dtype {
        Dtype::F32 => steps::<f32>(args),
        Dtype::Bf16 => steps::<bf16>(args),
    })
}

fn steps<E: Float<Master = f32>>(args: &StepArgs) -> anyhow::Result<StepTimes> {
    let mut model = Model::new(args.encoder)?;
    let (pack, labels) = batch(args);
    let mut optimizer = AdamW::new(AdamWConfig::new(0.01))?;
    let mut combining = args.combining.build(TASKS, 0, &BTreeMap::new())?;
    let mut seconds = Vec::with_capacity(args.steps);
    for step in 0..WARM_UP + args.steps {
        let start = Instant::now();
        match args.mode {
            Mode::Train => train::<E>(&mut model, &mut optimizer, &pack, &labels, step as u64)?,
            Mode::Infer => infer::<E>(&model, &pack)?,
            Mode::Gram | Mode::Apart => {
                let holds = if args.mode == Mode::Gram { Holds::Products } else { Holds::Gradients };
                let (batch, combining) = ((&pack, &labels), combining.as_mut());
                combine::train::<E>(&mut model, &mut optimizer, batch, step as u64, holds, combining)?;
            }
        }
        if step >= WARM_UP {
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(StepTimes { seconds, peak_rss_mib: peak_rss_mib()? })
}

/// An encoder with a two-class head for each task; a plain step uses the first.
pub(super) struct Model {
    pub(super) encoder: Bert<usize, usize, f32, Cpu>,
    pub(super) heads: [Classification<usize, f32, Cpu>; TASKS],
}

impl Model {
    fn new(encoder: Encoder) -> anyhow::Result<Self> {
        let config: &BertConfig = match encoder {
            Encoder::Minilm => &MINILM_L6,
            Encoder::BertBase => &BERT_BASE,
            Encoder::BertTiny => &BERT_TINY,
        };
        let head = |task: u32| {
            let dropout = HeadConfig { dropout: 0.1, op: u32::MAX - task };
            Classification::new(&Cpu, config.hidden_size, 2, dropout, &Init::new(u64::from(task)))
        };
        let encoder = Bert::new(&Cpu, config, &Init::new(0))?;
        Ok(Self { encoder, heads: [head(0)?, head(1)?, head(2)?, head(3)?] })
    }
}

impl Module<f32, Cpu> for Model {
    fn visit(&mut self, visitor: &mut dyn FnMut(&str, ParamView<'_, f32, Cpu>)) {
        self.encoder.visit(visitor);
        for (task, head) in self.heads.iter_mut().enumerate() {
            head.visit(&mut |name, view| visitor(&format!("{task}.{name}"), view));
        }
    }
}

fn train<E: Float<Master = f32>>(
    model: &mut Model,
    optimizer: &mut AdamW<f32, Cpu>,
    pack: &Pack,
    labels: &Targets,
    step: u64,
) -> anyhow::Result<()> {
    let mut gradients = Gradients::new();
    {
        let mut tape = Tape::<E, Cpu>::training(&Cpu, 0, step);
        let encoded = model.encoder.encode(&mut tape, pack, &mut [])?;
        let logits = Head::<usize, E, Cpu>::logits(&model.heads[0], &mut tape, &encoded.sequences)?;
        drop(encoded);
        let loss = model.heads[0].loss(&mut tape, &logits, labels, pack.sequences() as f64)?;
        tape.walk(WalkPlan::only(&[(loss, 1.0)])?, &mut gradients)?;
    }
    let norm = global_norm(&Cpu, &gradients);
    optimizer.step(model, &gradients, 1e-5, (1.0 / (norm + 1e-6)).min(1.0));
    Ok(())
}

fn infer<E: Float<Master = f32>>(model: &Model, pack: &Pack) -> anyhow::Result<()> {
    let mut tape = Tape::<E, Cpu>::inference(&Cpu);
    let encoded = model.encoder.encode(&mut tape, pack, &mut [])?;
    Head::<usize, E, Cpu>::logits(&model.heads[0], &mut tape, &encoded.sequences)?;
    Ok(())
}

/// Sequences of one length with repeatable token ids, and alternating labels; where gradients are combined, task by
/// task.
fn batch(args: &StepArgs) -> (Pack, Targets) {
    let mut pack = Pack::new();
    let tasks = if matches!(args.mode, Mode::Gram | Mode::Apart) { TASKS } else { 1 };
    for sequence in 0..args.batch {
        let ids = (0..args.seq).map(|token| 1000 + ((sequence * args.seq + token) * 7919 % 29_000) as u32);
        pack.push(
            &ids.collect::<Vec<_>>(),
            &vec![0; args.seq],
            sequence as u32,
            vec![(sequence * tasks / args.batch) as u32],
        );
    }
    (pack, Targets::Classes((0..args.batch as u32).map(|sequence| sequence % 2).collect()))
}

/// The largest resident memory of this process, from the operating system.
fn peak_rss_mib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.unwrap_or(0) / 1024)
}
