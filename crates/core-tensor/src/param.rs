//! Parameters: tensors that are learned, with a name, an identity and whether they decay.

use crate::device::Device;
use crate::element::Real;
use crate::error::{TensorError, check};
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

/// The identity of a parameter, the key of its gradient. Unique in a process; names are for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(u64);

impl ParamId {
    fn fresh() -> ParamId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ParamId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Which kind of parameter this is: it decides about weight decay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A weight matrix or embedding table: decays.
    Weight,
    /// A bias or a gain or offset of a normalisation: never decays.
    BiasOrNorm,
}

/// A learned tensor of the master type.
///
/// A clone is another handle to the same parameter: same identity, and an update of one is seen by all. A layer can so
/// be cloned into a checkpointed part, and a weight can be tied: held in two places of a model, learned once.
/// [`Param::fork`] makes a parameter of its own.
///
/// Updates go through shared handles, so that a model need not be exclusive to be trained. A tape that holds the
/// values keeps those that it has seen: an update then makes new storage.
#[derive(Debug)]
pub struct Param<S: Shape, M: Real, D: Device> {
    id: ParamId,
    role: Role,
    shape: S,
    device: D,
    cell: Arc<Cell<M, D>>,
}

/// What all handles to a parameter share.
#[derive(Debug)]
struct Cell<M: Real, D: Device> {
    values: RwLock<Arc<D::Buffer<M>>>,
    frozen: AtomicBool,
}

impl<M: Real, D: Device> Cell<M, D> {
    fn new(values: Arc<D::Buffer<M>>) -> Arc<Self> {
        Arc::new(Cell { values: RwLock::new(values), frozen: AtomicBool::new(false) })
    }

    fn values(&self) -> Arc<D::Buffer<M>> {
        self.values.read().expect("no update of a parameter panics").clone()
    }

    fn replace(&self, values: Arc<D::Buffer<M>>) {
        *self.values.write().expect("no update of a parameter panics") = values;
    }

    /// Changes the values in place; copies them first if a tape or another parameter holds them.
    fn update(&self, device: &D, change: impl FnOnce(&mut D::Buffer<M>)) {
        let mut values = self.values.write().expect("no update of a parameter panics");
        if Arc::get_mut(&mut values).is_none() {
            *values = Arc::new(device.duplicate(&values));
        }
        change(Arc::get_mut(&mut values).expect("storage that was just made is not shared"));
    }
}

impl<S: Shape, M: Real, D: Device> Clone for Param<S, M, D> {
    fn clone(&self) -> Self {
        Param {
            id: self.id,
            role: self.role,
            shape: self.shape,
            device: self.device.clone(),
            cell: self.cell.clone(),
        }
    }
}

impl<S: Shape, M: Real, D: Device> Param<S, M, D> {
    /// A parameter with these first values.
    pub fn new(role: Role, value: Tensor<S, M, D>) -> Self {
        let (shape, device) = (*value.shape(), value.device().clone());
        Param { id: ParamId::fresh(), role, shape, device, cell: Cell::new(value.shared()) }
    }

    /// Another parameter with the same values for now.
    pub fn fork(&self) -> Self {
        Param { id: ParamId::fresh(), cell: Cell::new(self.cell.values()), ..self.clone() }
    }

    /// The key of its gradient.
    pub fn id(&self) -> ParamId {
        self.id
    }

    /// The key of its gradient, or `None` where it is frozen and has none.
    pub fn learned(&self) -> Option<ParamId> {
        (!self.is_frozen()).then_some(self.id)
    }

    /// The shape.
    pub fn shape(&self) -> &S {
        &self.shape
    }

    /// The values as they are now.
    pub fn value(&self) -> Tensor<S, M, D> {
        Tensor::from_shared(&self.device, self.shape, self.cell.values())
    }

    /// Replaces the values.
    ///
    /// # Panics
    /// If the shape is another one.
    pub fn set(&self, value: Tensor<S, M, D>) {
        assert_eq!(value.sizes(), crate::shape::sizes(&self.shape), "a parameter keeps its shape");
        self.cell.replace(value.shared());
    }

    /// Freezes the parameter, for all its handles, or lets it learn again. What only frozen parameters need is not
    /// computed by a walk. It holds for operations that are recorded from now on.
    pub fn freeze(&self, frozen: bool) {
        self.cell.frozen.store(frozen, Ordering::Relaxed);
    }

    /// Whether it is frozen.
    pub fn is_frozen(&self) -> bool {
        self.cell.frozen.load(Ordering::Relaxed)
    }

    /// This parameter without its shape's type.
    pub fn view(&self) -> ParamView<'_, M, D> {
        ParamView {
            id: self.id,
            role: self.role,
            sizes: crate::shape::sizes(&self.shape),
            device: self.device.clone(),
            cell: &self.cell,
        }
    }
}

/// A parameter whose shape is known at run time: what optimizers, files and checks see.
#[derive(Debug)]
pub struct ParamView<'a, M: Real, D: Device> {
    /// The key of its gradient.
    pub id: ParamId,
    /// Whether it decays.
    pub role: Role,
    /// The sizes of its shape.
    pub sizes: Vec<usize>,
    /// Where it lives.
    pub device: D,
    cell: &'a Cell<M, D>,
}

impl<M: Real, D: Device> ParamView<'_, M, D> {
    /// How many numbers it has.
    #[expect(clippy::len_without_is_empty, reason = "a parameter of no numbers is nobody's question")]
    pub fn len(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Its values, row-major.
    pub fn buffer(&self) -> Arc<D::Buffer<M>> {
        self.cell.values()
    }

    /// Changes the values in place.
    pub fn update(&self, change: impl FnOnce(&mut D::Buffer<M>)) {
        self.cell.update(&self.device, change);
    }

    /// Replaces the values by host values. Errors if their number differs.
    pub fn set(&self, values: &[M]) -> Result<(), TensorError> {
        check("set", "number of values", &[self.len()], &[values.len()])?;
        self.cell.replace(Arc::new(self.device.upload(values)));
        Ok(())
    }

    /// The values, copied to the host.
    pub fn to_vec(&self) -> Vec<M> {
        self.device.download(&self.buffer())
    }

    /// Freezes the parameter, or lets it learn again.
    pub fn freeze(&self, frozen: bool) {
        self.cell.frozen.store(frozen, Ordering::Relaxed);
    }

    /// Whether it is frozen.
    pub fn is_frozen(&self) -> bool {
        self.cell.frozen.load(Ordering::Relaxed)
    }
}

/// Something with named parameters: a layer, an encoder, a head, a model.
pub trait Module<M: Real, D: Device> {
    /// Shows each parameter with its name, always in the same order. Names are dotted paths.
    ///
    /// A tied parameter is shown once for each place that holds it; see [`Module::visit_once`].
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>));

    /// Shows each parameter once, under the first of its names.
    fn visit_once(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        let mut seen = BTreeSet::new();
        self.visit(&mut |name, view| {
            if seen.insert(view.id) {
                visitor(name, view);
            }
        });
    }

    /// Every parameter's first name and key.
    fn names(&self) -> BTreeMap<ParamId, String> {
        let mut names = BTreeMap::new();
        self.visit_once(&mut |name, view| {
            names.insert(view.id, name.to_string());
        });
        names
    }

    /// How many numbers there are, frozen ones counted, tied ones once.
    fn parameter_count(&self) -> usize {
        let mut count = 0;
        self.visit_once(&mut |_, view| count += view.len());
        count
    }

    /// How many numbers are learned.
    fn learned_count(&self) -> usize {
        let mut count = 0;
        self.visit_once(&mut |_, view| count += if view.is_frozen() { 0 } else { view.len() });
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Cpu, ElementwiseOps};

    struct Tied(Param<(usize,), f64, Cpu>, Param<(usize,), f64, Cpu>);

    impl Module<f64, Cpu> for Tied {
        fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f64, Cpu>)) {
            visitor("table", self.0.view());
            visitor("decoder", self.1.view());
        }
    }

    fn param(values: &[f64]) -> Param<(usize,), f64, Cpu> {
        let value = Tensor::from_slice(&Cpu, (values.len(),), values).expect("sizes");
        Param::new(Role::Weight, value)
    }

    #[test]
    fn tied_weights_stay_together_and_are_updated_once() {
        let table = param(&[1.0, 2.0]);
        let model = Tied(table.clone(), table);
        model.visit_once(&mut |_, view| view.update(|values| Cpu.scale(values, 2.0)));
        assert_eq!((model.0.value().to_vec(), model.1.value().to_vec()), (vec![2.0, 4.0], vec![2.0, 4.0]));
        assert_eq!((model.parameter_count(), model.names().len()), (2, 1));
        assert_eq!(model.names()[&model.1.id()], "table");
    }

    #[test]
    fn a_fork_has_values_of_its_own() {
        let first = param(&[1.0]);
        let second = first.fork();
        second.view().update(|values| Cpu.scale(values, 3.0));
        assert_eq!((first.value().to_vec(), second.value().to_vec()), (vec![1.0], vec![3.0]));
        assert_ne!(first.id(), second.id());
    }

    #[test]
    fn what_a_tape_has_seen_stays() {
        let weight = param(&[1.0]);
        let seen = weight.value();
        weight.view().update(|values| Cpu.scale(values, 5.0));
        assert_eq!((seen.to_vec(), weight.value().to_vec()), (vec![1.0], vec![5.0]));
    }

    #[test]
    fn visiting_copies_nothing_while_a_tape_lives() {
        let weight = param(&[1.0]);
        let (seen, before) = (weight.value(), weight.view().buffer());
        let model = Tied(weight.clone(), weight.clone());
        model.visit(&mut |_, view| assert_eq!(view.to_vec(), [1.0]));
        assert!(Arc::ptr_eq(&before, &weight.view().buffer()) && Arc::ptr_eq(&before, &seen.shared()));
    }

    #[test]
    fn all_handles_are_frozen_together() {
        let weight = param(&[1.0]);
        weight.clone().freeze(true);
        assert_eq!((weight.is_frozen(), weight.learned()), (true, None));
        assert!(!weight.fork().is_frozen());
    }
}
