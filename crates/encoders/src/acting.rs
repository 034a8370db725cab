//! Hooks at the sites of a layer, for all families.

use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::{Const, Dim};
use mtl_core_tensor::{Device, Hooks, Pack, Site, SiteInput, Tape, Tensor, TensorError};

/// The hooks of a pass over a pack.
pub(crate) struct Acting<'a, H: Dim, E: Float, D: Device> {
    pub(crate) hooks: Hooks<'a, H, E, D>,
    pub(crate) pack: &'a Pack,
}

impl<H: Dim, E: Float, D: Device> Acting<'_, H, E, D> {
    /// Lets hooks act on the output `y` of a site whose product read `x`, in a layer that read `layer`.
    pub(crate) fn on<W: Dim>(
        &self,
        site: Site,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, W), E, D>,
        layer: &Tensor<(usize, H), E, D>,
        y: Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        if !self.hooks.any(site) {
            return Ok(y);
        }
        let x = x.reshape((x.shape().0, x.shape().1.size()))?;
        self.hooks.at(site, tape, SiteInput { x: &x, layer, pack: self.pack }, y)
    }

    /// Lets hooks act on queries, keys and values, `(tokens, 3, hidden)`.
    pub(crate) fn on_queries_keys_values(
        &self,
        layer: usize,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, H), E, D>,
        qkv: Tensor<(usize, Const<3>, H), E, D>,
    ) -> Result<Tensor<(usize, Const<3>, H), E, D>, TensorError> {
        let sites = [Site::Query(layer), Site::Key(layer), Site::Value(layer)];
        if !sites.iter().any(|site| self.hooks.any(*site)) {
            return Ok(qkv);
        }
        let mut part = |index: usize| {
            let y = tape.part(&qkv, index)?;
            self.on(sites[index], tape, x, x, y)
        };
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        tape.join([&query, &key, &value])
    }
}
