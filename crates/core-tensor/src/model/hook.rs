//! Hooks: what acts inside an encoder's layers without being a part of it, such as adapters.

use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::pack::Pack;
use crate::param::Module;
use crate::shape::Dim;
use crate::tape::Tape;
use crate::tensor::Tensor;
use std::fmt::Debug;
use std::sync::Arc;

/// A place in an encoder's layers, by the number of the layer, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Site {
    /// The product that makes the queries, `(tokens, hidden)`.
    Query(usize),
    /// The product that makes the keys, `(tokens, hidden)`.
    Key(usize),
    /// The product that makes the values, `(tokens, hidden)`.
    Value(usize),
    /// The product after attention, before dropout, residual and norm, `(rows, hidden)`.
    AttentionOut(usize),
    /// The product back from the inner size, before dropout, residual and norm, `(rows, hidden)`.
    FeedForwardOut(usize),
    /// The end of the layer, `(rows, hidden)`.
    Layer(usize),
}

impl Site {
    /// The number of the layer.
    pub fn layer(self) -> usize {
        match self {
            Site::Query(layer)
            | Site::Key(layer)
            | Site::Value(layer)
            | Site::AttentionOut(layer)
            | Site::FeedForwardOut(layer)
            | Site::Layer(layer) => layer,
        }
    }
}

/// What goes into a site.
#[derive(Debug)]
pub struct SiteInput<'a, H: Dim, E: Float, D: Device> {
    /// The input of the site's product, `(rows, inputs)`: hidden or inner size wide. Of [`Site::Layer`], the input of
    /// the layer.
    pub x: &'a Tensor<(usize, usize), E, D>,
    /// The input of the layer at the same rows, `(rows, hidden)`.
    pub layer: &'a Tensor<(usize, H), E, D>,
    /// The pack. Its sequences say which task a row is of.
    pub pack: &'a Pack,
}

impl<H: Dim, E: Float, D: Device> Clone for SiteInput<'_, H, E, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Dim, E: Float, D: Device> Copy for SiteInput<'_, H, E, D> {}

/// Something that acts at sites of an encoder: an adapter, a gate, a probe.
///
/// An encoder that lacks one of the sites refuses the hook when it is put together.
pub trait Hook<H: Dim, E: Float, D: Device>: Module<E::Master, D> + Debug + Send + Sync {
    /// Where it acts.
    fn sites(&self) -> &[Site];

    /// Takes the output `y` of a site and gives what goes on in its place.
    ///
    /// # Shapes
    /// y and result: as [`Site`] says.
    fn at(
        &self,
        site: Site,
        tape: &mut Tape<E, D>,
        input: SiteInput<'_, H, E, D>,
        y: Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError>;
}

/// The hooks of one pass, in the order in which they act.
#[derive(Debug)]
pub struct Hooks<'a, H: Dim, E: Float, D: Device>(&'a [Arc<dyn Hook<H, E, D>>]);

impl<H: Dim, E: Float, D: Device> Clone for Hooks<'_, H, E, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Dim, E: Float, D: Device> Copy for Hooks<'_, H, E, D> {}

impl<'a, H: Dim, E: Float, D: Device> Hooks<'a, H, E, D> {
    /// None.
    pub const NONE: Hooks<'static, H, E, D> = Hooks(&[]);

    /// These hooks.
    pub fn new(hooks: &'a [Arc<dyn Hook<H, E, D>>]) -> Self {
        Hooks(hooks)
    }

    /// Handles to the hooks, for a part that outlives the pass's stack.
    pub fn to_vec(self) -> Vec<Arc<dyn Hook<H, E, D>>> {
        self.0.to_vec()
    }

    /// Whether one of them acts at a site.
    pub fn any(self, site: Site) -> bool {
        self.0.iter().any(|hook| hook.sites().contains(&site))
    }

    /// Lets the hooks of a site act on its output, one after the other.
    pub fn at(
        self,
        site: Site,
        tape: &mut Tape<E, D>,
        input: SiteInput<'_, H, E, D>,
        mut y: Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        for hook in self.0.iter().filter(|hook| hook.sites().contains(&site)) {
            y = hook.at(site, tape, input, y)?;
        }
        Ok(y)
    }
}
