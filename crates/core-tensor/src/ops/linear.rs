//! Linear layers: y = activation(x w^T + b), fused.

use crate::device::{Activation, Device, LinearSizes, Trace, Unary};
use crate::element::{Element, Float, Real};
use crate::error::TensorError;
use crate::pack::Rows;
use crate::param::{Module, Param, ParamId, ParamView, Role};
use crate::saved::{Origin, Saved, can_be_made_again};
use crate::shape::{Dim, Fits, Shape};
use crate::tape::{Backward, Gradient, NodeId, RowProduct, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::ops::Range;
use std::sync::Arc;

/// A linear layer from `I` to `O`: weight `(outputs, inputs)`, as in files, and bias `(outputs,)`.
#[derive(Debug, Clone)]
pub struct Linear<I: Dim, O: Dim, M: Real, D: Device> {
    /// The weight, `(outputs, inputs)`.
    pub weight: Param<(O, I), M, D>,
    /// The bias, `(outputs,)`.
    pub bias: Param<(O,), M, D>,
}

impl<I: Dim, O: Dim, M: Real, D: Device> Linear<I, O, M, D> {
    /// A layer with this weight and a bias of zeros.
    pub fn new(weight: Tensor<(O, I), M, D>) -> Self {
        let bias = Tensor::zeros(weight.device(), (weight.shape().0,));
        Linear { weight: Param::new(Role::Weight, weight), bias: Param::new(Role::BiasOrNorm, bias) }
    }
}

impl<I: Dim, O: Dim, M: Real, D: Device> Module<M, D> for Linear<I, O, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        visitor("weight", self.weight.view());
        visitor("bias", self.bias.view());
    }
}

/// The parts of a linear operation that do not depend on its static shape.
pub(crate) struct Product<M: Real, D: Device> {
    /// The key where it is learned, and the values.
    pub weight: (Option<ParamId>, Arc<D::Buffer<M>>),
    pub bias: (Option<ParamId>, Arc<D::Buffer<M>>),
    pub activation: Activation,
    pub sizes: LinearSizes,
}

impl<E: Float, D: Device> Tape<E, D> {
    /// y = activation(x w^T + b).
    ///
    /// # Shapes
    /// x: `(rows, inputs)`; y: `(rows, outputs)`.
    pub fn linear<R: Dim, W: Fits<I>, I: Dim, O: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        layer: &Linear<I, O, E::Master, D>,
        activation: Activation,
    ) -> Result<Tensor<(R, O), E, D>, TensorError> {
        let (outputs, inputs) = *layer.weight.shape();
        crate::error::check("linear", "input width", &[inputs.size()], &[x.shape().1.size()])?;
        let (rows, inputs) = (x.shape().0, inputs.size());
        let product = Product {
            weight: (layer.weight.learned(), layer.weight.value().shared()),
            bias: (layer.bias.learned(), layer.bias.value().shared()),
            activation,
            sizes: LinearSizes { rows: rows.size(), inputs, outputs: outputs.size() },
        };
        self.product("linear", x, product, (rows, outputs))
    }

    /// Runs and records a linear operation whose output has a given shape.
    pub(crate) fn product<S: Shape, T: Shape>(
        &mut self,
        op: &'static str,
        x: &Tensor<S, E, D>,
        product: Product<E::Master, D>,
        shape: T,
    ) -> Result<Tensor<T, E, D>, TensorError> {
        let input = self.input(op, x)?;
        let Product { weight, bias, activation, sizes } = product;
        let kind = if can_be_made_again::<E>() { Trace::Argument } else { Trace::Slope };
        let parameters: Vec<ParamId> = weight.0.into_iter().chain(bias.0).collect();
        let recorded = self.records(&[input], &parameters);
        let trace = (recorded && activation != Activation::None).then_some(kind);
        let (y, buffer) =
            self.device().linear(x.buffer(), &weight.1, Some(&bias.1), activation, trace, sizes);
        let mut y = Tensor::from_buffer(self.device(), shape, y);
        y.rows = x.rows.clone();
        let traced = buffer.map(|buffer| match kind {
            Trace::Argument => Traced::Argument(Arc::new(Activated { trace: buffer, activation })),
            Trace::Slope => Traced::Slope(Activated { trace: buffer, activation }),
        });
        if let Some(Traced::Argument(activated)) = &traced {
            y.origin = Some(activated.clone());
        }
        let rows = x.rows.clone();
        Ok(self.record(y, &[input], parameters, || {
            // A frozen weight needs no input for its gradient.
            let (x, bias) = (weight.0.map(|_| x.saved()), bias.0);
            Box::new(LinearBackward { input, x, traced, weight, bias, sizes, rows })
        }))
    }
}

/// What an activation left for its gradient.
#[derive(Debug)]
struct Activated<E: Element, D: Device> {
    trace: D::Buffer<E>,
    activation: Activation,
}

/// Of an [`Activated`] that has the arguments.
impl<E: Float, D: Device> Origin<E, D> for Activated<E, D> {
    fn values(&self, device: &D) -> D::Buffer<E> {
        device.unary(&self.trace, Unary::Activation(self.activation))
    }
}

/// A trace of the activation.
enum Traced<E: Float, D: Device> {
    /// Its arguments, of which its values are made again.
    Argument(Arc<Activated<E, D>>),
    Slope(Activated<E, D>),
}

impl<E: Float, D: Device> Traced<E, D> {
    /// The gradient of the arguments, from that of the values.
    fn backward(&self, device: &D, dy: D::Buffer<E>) -> D::Buffer<E> {
        let (kind, activated) = match self {
            Traced::Argument(activated) => (Trace::Argument, &**activated),
            Traced::Slope(activated) => (Trace::Slope, activated),
        };
        device.activation_backward(dy, (kind, &activated.trace), activated.activation)
    }
}

struct LinearBackward<E: Float, D: Device> {
    input: Option<NodeId>,
    /// None if the weight is frozen.
    x: Option<Saved<E, D>>,
    /// None if there is no activation.
    traced: Option<Traced<E, D>>,
    weight: (Option<ParamId>, Arc<D::Buffer<E::Master>>),
    bias: Option<ParamId>,
    sizes: LinearSizes,
    rows: Option<Rows>,
}

impl<E: Float, D: Device> Backward<E, D> for LinearBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dy = upstream.tensor();
        let du = Arc::new(match &self.traced {
            None => dy,
            Some(traced) => traced.backward(walk.device(), dy),
        });
        let (n, rows, sizes) = (self.sizes.rows, self.rows.as_ref(), self.sizes);
        if let Some((weight, x)) = self.weight.0.zip(self.x.as_ref()) {
            let product = WeightProduct { du: du.clone(), x: x.values(walk.device()), sizes };
            walk.parameter_product(weight, n, rows, product);
        }
        if let Some(bias) = self.bias {
            walk.parameter_rows(bias, n, rows, &mut |device, range| {
                Gradient::Dense(device.column_sums(&du, range, sizes.outputs))
            });
        }
        if self.input.is_some() {
            let dx = walk.device().linear_input(&du, &self.weight.1, sizes);
            walk.add(self.input, dx);
        }
        Ok(())
    }
}

/// The weight's gradient, du^T x.
struct WeightProduct<E: Float, D: Device> {
    du: Arc<D::Buffer<E>>,
    x: Arc<D::Buffer<E>>,
    sizes: LinearSizes,
}

impl<E: Float, D: Device> RowProduct<E, D> for WeightProduct<E, D> {
    fn over(&self, device: &D, rows: Range<usize>) -> Gradient<E::Master, D> {
        Gradient::Dense(device.linear_weight(&self.du, &self.x, rows, self.sizes))
    }
}
