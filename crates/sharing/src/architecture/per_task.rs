//! A copy of the encoder for each task, apart or with an exchange between them after each layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Architecture, Device, Encoded, Encoder, Encoding, Figure, Hooks, Module, NamedEncoder, Owner, Pack,
    ParamId, ParamView, ReadRows, Tape, Tensor, TensorError,
};

use super::Parts;
use super::rows::{self, Places, Selection};
use crate::SharingError;

/// What the copies hand each other after each layer. Its parameters are named `exchange.*` in the model.
pub trait Exchange<H: Dim, E: Float, D: Device>: Module<E::Master, D> + Debug + Send + Sync {
    /// What goes on in the copy of a task after a layer, from the outputs of that layer in all copies.
    ///
    /// # Shapes
    /// outputs: `(tasks,)` tensors of `(rows, hidden)`; result: `(rows, hidden)`.
    fn after_layer(
        &self,
        layer: usize,
        task: usize,
        tape: &mut Tape<E, D>,
        outputs: &[Tensor<(usize, H), E, D>],
    ) -> Result<Tensor<(usize, H), E, D>, TensorError>;

    /// Its parameters after a layer.
    fn layer_parameters(&self, layer: usize) -> Vec<ParamId>;

    /// What it has learned, for people.
    fn report(&self, tasks: &[String]) -> Vec<Figure>;
}

/// An encoder for each task, all of one form.
///
/// Without an exchange each copy runs on the sequences that its task reads. With one, all copies run on the whole pack,
/// and of the last layer each makes the rows that any task reads.
#[derive(Debug)]
pub struct PerTask<H: Dim, E: Float, D: Device> {
    /// Each with its dotted name in the model, in the order of the tasks.
    encoders: Vec<(String, Box<dyn Encoder<E, D, Hidden = H>>)>,
    tasks: Vec<String>,
    exchange: Option<Box<dyn Exchange<H, E, D>>>,
    owners: BTreeMap<ParamId, usize>,
    copies: Vec<Vec<ParamId>>,
}

impl<H: Dim, E: Float, D: Device> PerTask<H, E, D> {
    /// The copies of an architecture of this name, with what they exchange.
    ///
    /// Errors if there is not one encoder for each task, if there is none, if they differ in form, or if there are adapters.
    pub fn new(
        architecture: &'static str,
        parts: Parts<H, E, D>,
        exchange: Option<Box<dyn Exchange<H, E, D>>>,
    ) -> Result<Self, SharingError> {
        let Parts { encoders, tasks, adapters, .. } = parts;
        if tasks.is_empty() {
            return Err(SharingError::TooFewTasks { architecture, expected: 1, got: 0 });
        }
        if encoders.len() != tasks.len() {
            let (expected, got) = (tasks.len(), encoders.len());
            return Err(SharingError::EncoderCount { architecture, expected, got });
        }
        if !adapters.is_empty() {
            return Err(SharingError::AdaptersRefused { architecture });
        }
        check_form(&encoders)?;
        let parameters: Vec<Vec<ParamId>> = encoders.iter().map(|(_, encoder)| ids(&**encoder)).collect();
        let of_copy =
            |(task, ids): (usize, &Vec<ParamId>)| ids.iter().map(move |id| (*id, task)).collect::<Vec<_>>();
        let owners = parameters.iter().enumerate().flat_map(of_copy).collect();
        let copies =
            (0..parameters[0].len()).map(|at| parameters.iter().map(|ids| ids[at]).collect()).collect();
        Ok(PerTask { encoders, tasks, exchange, owners, copies })
    }

    fn apart(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &[ReadRows],
    ) -> Result<Vec<Encoded<H, E, D>>, TensorError> {
        let mut tasks = Vec::new();
        for ((_, encoder), read) in self.encoders.iter().zip(read) {
            tasks.push(if read.is_empty() {
                rows::nothing(tape.device(), encoder.hidden(), pack)?
            } else {
                let selection = Selection::new(pack, rows::sequences(pack, read)?);
                encoder.encode_read(tape, &selection.pack, &selection.rows(read), Hooks::NONE)?
            });
        }
        Ok(tasks)
    }

    fn exchanging(
        &self,
        exchange: &dyn Exchange<H, E, D>,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &[ReadRows],
    ) -> Result<Vec<Encoded<H, E, D>>, TensorError> {
        let (form, all) = (self.form(), rows::union(read));
        rows::sequences(pack, &all)?;
        let made = rows::of_last_layer(pack, &all, form.pooling())?;
        let last = self.last_layer(exchange, tape, pack, &made)?;
        let mut tasks = Vec::new();
        for (task, (read, (_, encoder))) in read.iter().zip(&self.encoders).enumerate() {
            if read.is_empty() {
                tasks.push(rows::nothing(tape.device(), encoder.hidden(), pack)?);
                continue;
            }
            let x = match form.layers() {
                0 => tape.gather_rows(&last[task], &made)?,
                layers => exchange.after_layer(layers - 1, task, tape, &last)?,
            };
            let places = Places::new(pack, read, form.pooling(), &made)?;
            let sequences = encoder.pooled(tape, &x, &places.pooled, &places.boundaries)?;
            tasks.push(Encoded { tokens: tape.gather_rows(&x, &places.tokens)?, sequences });
        }
        Ok(tasks)
    }

    /// The outputs of the last layer of all copies, before its exchange, at the rows `made`; without layers, the
    /// embeddings of all rows.
    fn last_layer(
        &self,
        exchange: &dyn Exchange<H, E, D>,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        made: &[u32],
    ) -> Result<Vec<Tensor<(usize, H), E, D>>, TensorError> {
        let mut xs = Vec::new();
        for (_, encoder) in &self.encoders {
            xs.push(encoder.embed(tape, pack)?);
        }
        let layers = self.form().layers();
        for layer in 0..layers {
            let is_last = layer + 1 == layers;
            let mut outputs = Vec::new();
            for ((_, encoder), x) in self.encoders.iter().zip(&xs) {
                outputs.push(encoder.layer(layer, tape, x, pack, is_last.then_some(made), Hooks::NONE)?);
            }
            xs = match is_last {
                true => outputs,
                false => (0..outputs.len())
                    .map(|task| exchange.after_layer(layer, task, tape, &outputs))
                    .collect::<Result<_, _>>()?,
            };
        }
        Ok(xs)
    }

    fn form(&self) -> &dyn Encoder<E, D, Hidden = H> {
        &*self.encoders[0].1
    }
}

/// The parameters of an encoder, in the order in which it shows them.
fn ids<H: Dim, E: Float, D: Device>(encoder: &dyn Encoder<E, D, Hidden = H>) -> Vec<ParamId> {
    let mut ids = Vec::new();
    encoder.visit_once(&mut |_, view| ids.push(view.id));
    ids
}

/// Errors unless all encoders have the form of the first.
fn check_form<H: Dim, E: Float, D: Device>(
    encoders: &[(String, Box<dyn Encoder<E, D, Hidden = H>>)],
) -> Result<(), SharingError> {
    let form = |encoder: &dyn Encoder<E, D, Hidden = H>| {
        [encoder.hidden().size(), encoder.layers(), encoder.parameter_count()]
    };
    let names = |encoder: &dyn Encoder<E, D, Hidden = H>| {
        let mut names = Vec::new();
        encoder.visit_once(&mut |name, view| names.push((name.to_owned(), view.sizes)));
        names
    };
    let (first, encoder) = &encoders[0];
    let (expected, expected_names) = (form(&**encoder), names(&**encoder));
    for (name, encoder) in &encoders[1..] {
        let got = form(&**encoder);
        if got != expected || names(&**encoder) != expected_names {
            let (first, name) = (first.clone(), name.clone());
            return Err(SharingError::EncoderForm { first, expected, name, got });
        }
    }
    Ok(())
}

impl<H: Dim, E: Float, D: Device> Module<E::Master, D> for PerTask<H, E, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, E::Master, D>)) {
        for (part, encoder) in &self.encoders {
            encoder.visit(&mut |name, view| visitor(&format!("{part}.{name}"), view));
        }
        if let Some(exchange) = &self.exchange {
            exchange.visit(&mut |name, view| visitor(&format!("exchange.{name}"), view));
        }
    }
}

impl<H: Dim, E: Float, D: Device> Architecture<H, E, D> for PerTask<H, E, D> {
    fn encode(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &[ReadRows],
    ) -> Result<Encoding<H, E, D>, TensorError> {
        rows::check_tasks(read, self.tasks.len())?;
        let tasks = match &self.exchange {
            Some(exchange) if read.iter().any(|read| !read.is_empty()) => {
                self.exchanging(&**exchange, tape, pack, read)?
            }
            _ => self.apart(tape, pack, read)?,
        };
        Ok(Encoding { tasks, shared: None })
    }

    /// A copy's parameters are its task's; with an exchange all losses reach all, but for what lies above the last
    /// layer, such as a pooler, which is counted with the rest.
    fn owner(&self, parameter: ParamId) -> Owner {
        match (&self.exchange, self.owners.get(&parameter)) {
            (None, Some(task)) => Owner::Task(*task),
            _ => Owner::All,
        }
    }

    fn last_shared(&self) -> BTreeSet<ParamId> {
        let (Some(exchange), Some(last)) = (&self.exchange, self.form().layers().checked_sub(1)) else {
            return BTreeSet::new();
        };
        let of_copies = self.encoders.iter().flat_map(|(_, encoder)| encoder.layer_parameters(last));
        of_copies.chain(exchange.layer_parameters(last)).collect()
    }

    fn encoders(&self) -> Vec<NamedEncoder<'_, H, E, D>> {
        self.encoders.iter().map(|(name, encoder)| (name.as_str(), &**encoder)).collect()
    }

    fn is_plain(&self) -> bool {
        self.exchange.is_none()
    }

    fn copies(&self) -> Vec<Vec<ParamId>> {
        self.copies.clone()
    }

    fn report(&self) -> Vec<Figure> {
        self.exchange.as_ref().map_or(Vec::new(), |exchange| exchange.report(&self.tasks))
    }
}
