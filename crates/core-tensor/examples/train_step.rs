//! A classifier of bags of words, trained step by step: forward pass, walk back, clipping, AdamW.
//!
//! `cargo run -p mtl-core-tensor --example train_step`

use mtl_core_tensor::optim::{AdamW, AdamWConfig, Optimizer, global_norm};
use mtl_core_tensor::threads::awake;
use mtl_core_tensor::{
    Activation, Cpu, Embedding, Gradients, Init, Linear, Loss, Module, Pack, ParamView, Tape, Tensor,
    TensorError, WalkPlan,
};

const WORDS: usize = 50;
const WIDTH: usize = 16;
const CLASSES: usize = 3;
const STEPS: u64 = 60;

struct Classifier {
    words: Embedding<usize, usize, f32, Cpu>,
    hidden: Linear<usize, usize, f32, Cpu>,
    labels: Linear<usize, usize, f32, Cpu>,
}

impl Classifier {
    fn new(init: &Init) -> Result<Classifier, TensorError> {
        let table = |name: &str, rows: usize| {
            Tensor::from_slice(&Cpu, (rows, WIDTH), &init.normal::<f32>(name, rows * WIDTH, 0.1))
        };
        Ok(Classifier {
            words: Embedding::new(table("words", WORDS)?),
            hidden: Linear::new(table("hidden", WIDTH)?),
            labels: Linear::new(table("labels", CLASSES)?),
        })
    }

    /// The mean loss over a pack, recorded. The hidden layer is a part that keeps its input only and runs again on the way
    /// back.
    fn loss(
        &self,
        tape: &mut Tape<f32, Cpu>,
        pack: &Pack,
        classes: &[u32],
        smoothing: f64,
    ) -> Result<Loss, TensorError> {
        let x = tape.embed(&[self.words.lookup(&pack.token_ids)?], pack.token_rows())?;
        let hidden = self.hidden.clone();
        let x = tape.checkpoint(&x, move |tape, x| tape.linear(x, &hidden, Activation::Gelu))?;
        let x = tape.mean_pool(&x, pack)?;
        let logits = tape.linear(&x, &self.labels, Activation::None)?;
        tape.cross_entropy(&logits, classes, smoothing, classes.len() as f64)
    }
}

impl Module<f32, Cpu> for Classifier {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f32, Cpu>)) {
        self.words.visit(&mut |name, view| visitor(&format!("words.{name}"), view));
        self.hidden.visit(&mut |name, view| visitor(&format!("hidden.{name}"), view));
        self.labels.visit(&mut |name, view| visitor(&format!("labels.{name}"), view));
    }
}

/// Thirty sequences of five words; the class is that of most words, by their number.
fn batch() -> (Pack, Vec<u32>) {
    let (mut pack, mut classes) = (Pack::new(), Vec::new());
    for s in 0..30_u32 {
        let class = s % CLASSES as u32;
        let ids: Vec<u32> = (0..5).map(|t| (s * 7 + t) % 16 * 3 + if t < 4 { class } else { 0 }).collect();
        pack.push(&ids, &[0; 5], s, vec![0]);
        classes.push(class);
    }
    (pack, classes)
}

fn main() -> Result<(), TensorError> {
    let (model, (pack, classes)) = (Classifier::new(&Init::new(1))?, batch());
    let mut optimizer = AdamW::new(AdamWConfig::new(0.01))?;
    for step in 0..STEPS {
        let (loss, norm) = awake(|| -> Result<(f64, f64), TensorError> {
            let mut tape = Tape::<f32, Cpu>::training(&Cpu, 1, step);
            let loss = model.loss(&mut tape, &pack, &classes, 0.1)?;
            let mut gradients = Gradients::new();
            tape.walk(WalkPlan::only(&[(loss, 1.0)])?, &mut gradients)?;
            let norm = global_norm(&Cpu, &gradients);
            optimizer.step(&model, &gradients, 0.02, (1.0 / norm).min(1.0));
            Ok((loss.value, norm))
        })?;
        if step % 10 == 0 || step + 1 == STEPS {
            println!("step {:>2}: loss {loss:.4}, gradient norm {norm:.4}", step + 1);
        }
    }
    Ok(())
}
