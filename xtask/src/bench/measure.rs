//! The measuring loop of `bench step`: what the PyTorch script does, with this workspace's engine.
//!
//! The step itself is [`RandomModel`]'s, which `mtl bench` measures too. All positions are real tokens, so nothing is
//! gained by packing.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::bail;
use mtl_core_tensor::optim::{AdamW, AdamWConfig};
use mtl_core_tensor::threads::awake;
use mtl_core_tensor::{Float, bf16};
use mtl_encoders::presets::{BERT_BASE, BERT_TINY, MINILM_L6};
use mtl_train::bench::{RandomModel, random_batch};
use mtl_train::machine::peak_rss_mib;

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
    let form = match args.encoder {
        Encoder::Minilm => &MINILM_L6,
        Encoder::BertBase => &BERT_BASE,
        Encoder::BertTiny => &BERT_TINY,
    };
    // A plain step uses the first head.
    let mut model = RandomModel::<E>::new(&(*form).into(), TASKS as u32)?;
    let tasks = if matches!(args.mode, Mode::Gram | Mode::Apart) { TASKS } else { 1 };
    let batch = random_batch(args.batch, args.seq, tasks, args.pack_tokens);
    let mut optimizer = AdamW::new(AdamWConfig::new(0.01))?;
    let mut combining = args.combining.build(TASKS, 0, &BTreeMap::new())?;
    let mut seconds = Vec::with_capacity(args.steps);
    for step in 0..WARM_UP + args.steps {
        let start = Instant::now();
        match args.mode {
            Mode::Train => model.train(&mut optimizer, &batch, step as u64)?,
            Mode::Infer => batch.iter().try_for_each(|(pack, _)| model.infer(pack))?,
            Mode::Gram | Mode::Apart => {
                let holds = if args.mode == Mode::Gram { Holds::Products } else { Holds::Gradients };
                let [(pack, labels)] = &batch[..] else { bail!("tasks are told apart in one pack") };
                let (whole, combining) = ((pack, labels), combining.as_mut());
                awake(|| {
                    combine::train::<E>(&mut model, &mut optimizer, whole, step as u64, holds, combining)
                })?;
            }
        }
        if step >= WARM_UP {
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(StepTimes { seconds, peak_rss_mib: peak_rss_mib() as u64 })
}
