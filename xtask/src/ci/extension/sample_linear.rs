//! A sample of an adapter: a learned linear map is added at the end of each layer of the encoder, which stays as it is.
//!
//! ```text
//! z = y + W y + b        W: (hidden, hidden), b: (hidden), both 0 at first
//! ```

use std::sync::Arc;

use mtl_base::{Method, Settings};
use mtl_core_tensor::device::Binary;
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Activation, Device, Hook, Linear, Module, Owner, ParamView, Site, SiteInput, Tape, Tensor, TensorError,
};

use super::{Adapter, AdapterBuild, AdapterParts};
use crate::SharingError;

/// Linear maps.
pub const METHOD: Method = Method::new(
    "adapter",
    "sample-linear",
    "linear maps at the end of each layer",
    "",
    "crates/sharing/src/adapter/sample_linear.rs",
);

/// How it is built: one map for each layer, which all tasks share.
pub fn builder<H: Dim, E: Float, D: Device>() -> AdapterBuild<H, E, D> {
    build
}

fn build<H: Dim, E: Float, D: Device>(
    _settings: &Settings,
    parts: AdapterParts<H, D>,
) -> Result<Vec<Adapter<H, E, D>>, SharingError> {
    let adapter = |layer| {
        let map = Linear::new(Tensor::zeros(&parts.device, (parts.hidden, parts.hidden)));
        let hook =
            LinearMap { name: format!("sample-linear.layer.{layer}"), sites: [Site::Layer(layer)], map };
        Adapter { owner: Owner::All, hook: Arc::new(hook), freezes_encoder: true }
    };
    Ok((0..parts.layers).map(adapter).collect())
}

/// The map of one layer.
#[derive(Debug)]
struct LinearMap<H: Dim, M: Real, D: Device> {
    name: String,
    sites: [Site; 1],
    map: Linear<H, H, M, D>,
}

impl<H: Dim, M: Real, D: Device> Module<M, D> for LinearMap<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        self.map.visit(&mut |name, view| visitor(&format!("{}.{name}", self.name), view));
    }
}

impl<H: Dim, E: Float, D: Device> Hook<H, E, D> for LinearMap<H, E::Master, D> {
    fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn at(
        &self,
        _site: Site,
        tape: &mut Tape<E, D>,
        _input: SiteInput<'_, H, E, D>,
        y: Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let mapped = tape.linear(&y, &self.map, Activation::None)?;
        tape.binary(&y, &mapped, Binary::Add)
    }
}
