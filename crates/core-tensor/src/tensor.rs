//! A tensor: a shape, an element type, a device, and shared storage.

use crate::device::Device;
use crate::element::Element;
use crate::error::{TensorError, check};
use crate::pack::Rows;
use crate::saved::{Origin, Saved};
use crate::shape::{Shape, sizes};
use crate::tape::NodeId;
use std::sync::Arc;

/// A row-major tensor of shape `S` with elements `E` on device `D`.
///
/// Cloning shares the storage. A tensor that a tape recorded knows its place there.
#[derive(Debug)]
pub struct Tensor<S: Shape, E: Element, D: Device> {
    shape: S,
    data: Arc<D::Buffer<E>>,
    device: D,
    pub(crate) node: Option<NodeId>,
    pub(crate) rows: Option<Rows>,
    /// What the values can be made of again, if that is kept anyway.
    pub(crate) origin: Option<Arc<dyn Origin<E, D>>>,
}

impl<S: Shape, E: Element, D: Device> Clone for Tensor<S, E, D> {
    fn clone(&self) -> Self {
        Tensor {
            shape: self.shape,
            data: self.data.clone(),
            device: self.device.clone(),
            node: self.node,
            rows: self.rows.clone(),
            origin: self.origin.clone(),
        }
    }
}

impl<S: Shape, E: Element, D: Device> Tensor<S, E, D> {
    /// A tensor from host values, row-major. Errors if their number is not the shape's.
    pub fn from_slice(device: &D, shape: S, values: &[E]) -> Result<Self, TensorError> {
        check("tensor", "number of values", &[shape.num_elements()], &[values.len()])?;
        Ok(Tensor::from_buffer(device, shape, device.upload(values)))
    }

    /// A tensor of zeros.
    pub fn zeros(device: &D, shape: S) -> Self {
        Tensor::from_buffer(device, shape, device.zeros(shape.num_elements()))
    }

    /// A tensor over a buffer of the device. The buffer must hold as many elements as the shape has.
    pub fn from_buffer(device: &D, shape: S, buffer: D::Buffer<E>) -> Self {
        assert_eq!(D::len(&buffer), shape.num_elements(), "a buffer must fill its shape {shape:?}");
        Tensor { shape, data: Arc::new(buffer), device: device.clone(), node: None, rows: None, origin: None }
    }

    /// A tensor over storage that others hold too.
    pub(crate) fn from_shared(device: &D, shape: S, data: Arc<D::Buffer<E>>) -> Self {
        Tensor { shape, data, device: device.clone(), node: None, rows: None, origin: None }
    }

    /// The shape.
    pub fn shape(&self) -> &S {
        &self.shape
    }

    /// The sizes of the shape.
    pub fn sizes(&self) -> Vec<usize> {
        sizes(&self.shape)
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The storage.
    pub fn buffer(&self) -> &D::Buffer<E> {
        &self.data
    }

    /// The storage, shared.
    pub(crate) fn shared(&self) -> Arc<D::Buffer<E>> {
        self.data.clone()
    }

    /// The storage, to be changed in place; copied first if it is shared.
    pub fn buffer_mut(&mut self) -> &mut D::Buffer<E> {
        self.origin = None;
        if Arc::get_mut(&mut self.data).is_none() {
            self.data = Arc::new(self.device.duplicate(&self.data));
        }
        Arc::get_mut(&mut self.data).expect("storage that was just made is not shared")
    }

    /// The values, copied to the host, row-major.
    pub fn to_vec(&self) -> Vec<E> {
        self.device.download(&self.data)
    }

    /// The same values under another shape; rows keep their names if there are as many. Errors if the number of
    /// elements differs.
    pub fn reshape<T: Shape>(&self, shape: T) -> Result<Tensor<T, E, D>, TensorError> {
        check("reshape", "number of elements", &[self.shape.num_elements()], &[shape.num_elements()])?;
        let as_many = self.sizes().first() == sizes(&shape).first();
        Ok(Tensor {
            shape,
            data: self.data.clone(),
            device: self.device.clone(),
            node: self.node,
            rows: self.rows.clone().filter(|_| as_many),
            origin: self.origin.clone(),
        })
    }

    /// Where this tensor stands on its tape, if one recorded it. A walk can stop there.
    pub fn node(&self) -> Option<NodeId> {
        self.node
    }

    /// Which sequences its rows belong to, if it has one row a token or a sequence of a pack.
    pub fn rows(&self) -> Option<&Rows> {
        self.rows.as_ref()
    }

    /// The same tensor with its rows named. Errors if their number is not the first size.
    pub fn with_rows(mut self, rows: Rows) -> Result<Self, TensorError> {
        check("with_rows", "rows", &self.sizes()[..1], &[rows.len()])?;
        self.rows = Some(rows);
        Ok(self)
    }

    /// The same values, off the tape: no gradient flows through.
    pub fn detach(&self) -> Self {
        Tensor { node: None, origin: None, ..self.clone() }
    }

    /// The values as a backward pass keeps them.
    pub(crate) fn saved(&self) -> Saved<E, D> {
        match &self.origin {
            Some(origin) => Saved::Origin(origin.clone()),
            None => Saved::Values(self.shared()),
        }
    }
}
