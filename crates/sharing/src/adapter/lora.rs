//! LoRA, low-rank adaptation: beside a weight that stays, a product of two thin matrices is learned.
//!
//! ```text
//! y = W x + b + (alpha / rank) B A dropout(x)        A: (rank, inputs), B: (hidden, rank)
//! ```
//!
//! A starts as Kaiming's uniform distribution with slope sqrt(5), which is uniform over ±1/sqrt(inputs), and B at 0, so
//! that at first nothing changes.
//!
//! Edward Hu, Yelong Shen, Phillip Wallis, Zeyuan Allen-Zhu, Yuanzhi Li, Shean Wang, Lu Wang, Weizhu Chen: *LoRA:
//! Low-Rank Adaptation of Large Language Models*, ICLR 2022 (2021), equation (3) and section 4.2 (queries and values).
//!
//! Differences from the paper: it draws A from a normal distribution, its released code and `peft` as here. `per = "task"` gives each
//! task products of its own; a sequence that several tasks label is then encoded once for each of them.

use std::sync::Arc;

use mtl_base::registry::{Default, Range};
use mtl_base::{Key, Method, Settings};
use mtl_core_tensor::device::Unary;
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Activation, Device, Dropout, Hook, Linear, Module, Owner, ParamView, Site, SiteInput, Tape, Tensor,
    TensorError,
};

use super::{Adapter, AdapterBuild, AdapterParts};
use crate::SharingError;

/// The places where it can act, as a configuration file names them.
const SITES: &[&str] = &["query", "key", "value", "attention-out", "feed-forward-out"];

/// Low-rank adaptation.
pub const METHOD: Method = Method::new(
    "adapter",
    "lora",
    "low-rank adaptation (LoRA)",
    "Hu et al. 2021",
    "crates/sharing/src/adapter/lora.rs",
)
.with(&[
    Key {
        name: "rank",
        default: Default::Number(8.0),
        range: Range::WholeFrom(1),
        meaning: "inner size of the products",
    },
    Key {
        name: "alpha",
        default: Default::Number(16.0),
        range: Range::Positive,
        meaning: "scale of the products, divided by the rank",
    },
    Key {
        name: "dropout",
        default: Default::Number(0.0),
        range: Range::Rate,
        meaning: "dropout of the products' inputs",
    },
    Key {
        name: "sites",
        default: Default::Texts(&["query", "value"]),
        range: Range::SomeOf(SITES),
        meaning: "products of each layer that it acts beside",
    },
    Key {
        name: "per",
        default: Default::Text("all"),
        range: Range::OneOf(&["all", "task"]),
        meaning: "whether all tasks share one or each task has its own",
    },
    Key {
        name: "freeze",
        default: Default::Flag(true),
        range: Range::Flag,
        meaning: "whether the encoder stays as it is",
    },
]);

/// How it is built: one adapter for each layer and, with `per = "task"`, task.
pub fn builder<H: Dim, E: Float, D: Device>() -> AdapterBuild<H, E, D> {
    build
}

fn build<H: Dim, E: Float, D: Device>(
    settings: &Settings,
    parts: AdapterParts<H, D>,
) -> Result<Vec<Adapter<H, E, D>>, SharingError> {
    let owners: Vec<(Owner, String)> = match settings.text("per") {
        "task" => {
            let own = |(task, name): (usize, &String)| (Owner::Task(task), format!("lora.{name}"));
            parts.tasks.iter().enumerate().map(own).collect()
        }
        _ => vec![(Owner::All, "lora".to_owned())],
    };
    let mut adapters = Vec::new();
    for (owner, prefix) in owners {
        for layer in 0..parts.layers {
            let hook = Lora::new(settings, &parts, layer, &format!("{prefix}.layer.{layer}"));
            let (owner, freezes_encoder) = (owner.clone(), settings.flag("freeze"));
            adapters.push(Adapter { owner, hook: Arc::new(hook), freezes_encoder });
        }
    }
    Ok(adapters)
}

/// The products of one layer.
#[derive(Debug)]
#[doc(alias = "low-rank adaptation")]
pub struct Lora<H: Dim, M: Real, D: Device> {
    sites: Vec<Site>,
    /// Of the sites, in their order.
    products: Vec<Product<H, M, D>>,
}

/// The two matrices at one site.
#[derive(Debug)]
struct Product<H: Dim, M: Real, D: Device> {
    /// The dotted name, which in the model follows `adapters.`.
    name: String,
    /// A and B. Their biases are frozen zeros.
    a: Linear<usize, usize, M, D>,
    b: Linear<usize, H, M, D>,
    dropout: Dropout,
    /// alpha / rank.
    scale: f64,
}

impl<H: Dim, M: Real, D: Device> Lora<H, M, D> {
    /// The products of a layer, whose names begin with `prefix`. `settings` are those of [`METHOD`].
    pub fn new(settings: &Settings, parts: &AdapterParts<H, D>, layer: usize, prefix: &str) -> Self {
        let chosen: Vec<&str> = SITES
            .iter()
            .copied()
            .filter(|site| settings.texts("sites").iter().any(|text| text == site))
            .collect();
        let product = |site: &&str| Product::new(settings, parts, site, format!("{prefix}.{site}"));
        Lora {
            products: chosen.iter().map(product).collect(),
            sites: chosen.iter().map(|name| site(name, layer)).collect(),
        }
    }
}

/// The site of a name in [`SITES`].
fn site(name: &str, layer: usize) -> Site {
    match name {
        "query" => Site::Query(layer),
        "key" => Site::Key(layer),
        "value" => Site::Value(layer),
        "attention-out" => Site::AttentionOut(layer),
        _ => Site::FeedForwardOut(layer),
    }
}

impl<H: Dim, M: Real, D: Device> Product<H, M, D> {
    fn new(settings: &Settings, parts: &AdapterParts<H, D>, site: &str, name: String) -> Self {
        let (rank, hidden) = (settings.whole("rank") as usize, parts.hidden);
        let inputs = if site == "feed-forward-out" { parts.inner } else { hidden.size() };
        let init = parts.init.part("adapters");
        // Kaiming's bound is sqrt(6 / ((1 + slope²) inputs)); the slope sqrt(5) leaves 1/sqrt(inputs).
        let first = init.uniform(&format!("{name}.a"), rank * inputs, 1.0 / (inputs as f64).sqrt());
        let a = Tensor::from_slice(&parts.device, (rank, inputs), &first).expect("as many as drawn");
        let place = format!("{}{name}.dropout", init.prefix());
        Product {
            name,
            a: without_bias(a),
            b: without_bias(Tensor::zeros(&parts.device, (hidden, rank))),
            dropout: Dropout::new(settings.number("dropout"), &place).expect("the settings hold a rate"),
            scale: settings.number("alpha") / rank as f64,
        }
    }
}

fn without_bias<I: Dim, O: Dim, M: Real, D: Device>(weight: Tensor<(O, I), M, D>) -> Linear<I, O, M, D> {
    let linear = Linear::new(weight);
    linear.bias.freeze(true);
    linear
}

impl<H: Dim, M: Real, D: Device> Module<M, D> for Lora<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        for Product { name, a, b, .. } in &self.products {
            visitor(&format!("{name}.a"), a.weight.view());
            visitor(&format!("{name}.b"), b.weight.view());
        }
    }
}

impl<H: Dim, E: Float, D: Device> Hook<H, E, D> for Lora<H, E::Master, D> {
    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn at(
        &self,
        site: Site,
        tape: &mut Tape<E, D>,
        input: SiteInput<'_, H, E, D>,
        y: Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let Some(at) = self.sites.iter().position(|own| *own == site) else { return Ok(y) };
        let Product { a, b, dropout, scale, .. } = &self.products[at];
        let x = tape.dropout(input.x, *dropout)?;
        let thin = tape.linear(&x, a, Activation::None)?;
        // B (scale A x) is scale B A x, and the thin factor is the smaller one.
        let thin = tape.unary(&thin, Unary::Affine(*scale, 0.0))?;
        let wide = tape.linear(&thin, b, Activation::None)?;
        tape.binary(&y, &wide, mtl_core_tensor::device::Binary::Add)
    }
}
