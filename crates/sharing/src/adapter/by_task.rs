//! Hooks of tasks, each on the rows of its task.

use std::collections::BTreeMap;
use std::sync::Arc;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::tape::{Backward, NodeId, Upstream, Walk};
use mtl_core_tensor::{
    Device, Hook, Hooks, Module, Pack, ParamView, Rows, Site, SiteInput, Tape, Tensor, TensorError,
};

use super::Adapter;

/// For each task the hooks that act on its rows. Each sequence of the pack has one task.
#[derive(Debug)]
pub(crate) struct ByTask<H: Dim, E: Float, D: Device> {
    tasks: Vec<Vec<Arc<dyn Hook<H, E, D>>>>,
    sites: Vec<Site>,
}

impl<H: Dim, E: Float, D: Device> ByTask<H, E, D> {
    pub(crate) fn new(n_tasks: usize, adapters: &[&Adapter<H, E, D>]) -> Self {
        let of_task = |task| {
            let own = adapters.iter().filter(|adapter| adapter.owner.includes(task));
            own.map(|adapter| adapter.hook.clone()).collect()
        };
        let mut sites: Vec<Site> =
            adapters.iter().flat_map(|adapter| adapter.hook.sites()).copied().collect();
        sites.sort_unstable();
        sites.dedup();
        ByTask { tasks: (0..n_tasks).map(of_task).collect(), sites }
    }
}

/// Its adapters show their parameters themselves.
impl<H: Dim, E: Float, D: Device> Module<E::Master, D> for ByTask<H, E, D> {
    fn visit(&self, _visitor: &mut dyn FnMut(&str, ParamView<'_, E::Master, D>)) {}
}

impl<H: Dim, E: Float, D: Device> Hook<H, E, D> for ByTask<H, E, D> {
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
        let names = y.rows().ok_or(TensorError::UnnamedRows { op: "adapter" })?.clone();
        let by_task = rows_by_task(input.pack, &names);
        if let Some((task, _)) = by_task.first_key_value().filter(|_| by_task.len() == 1) {
            return Hooks::new(&self.tasks[*task as usize]).at(site, tape, input, y);
        }
        let mut parts = Vec::new();
        for (task, rows) in by_task {
            let x = tape.gather_rows(input.x, &rows)?;
            let layer = tape.gather_rows(input.layer, &rows)?;
            let part = tape.gather_rows(&y, &rows)?;
            let input = SiteInput { x: &x, layer: &layer, pack: input.pack };
            parts.push((rows, Hooks::new(&self.tasks[task as usize]).at(site, tape, input, part)?));
        }
        interleave(tape, &parts, y.shape().1, names)
    }
}

/// The rows of each task, ascending, by the places of its sequences.
fn rows_by_task(pack: &Pack, names: &Rows) -> BTreeMap<u32, Vec<u32>> {
    let tasks: BTreeMap<u32, u32> =
        pack.places.iter().copied().zip(pack.tasks.iter().map(|tasks| tasks[0])).collect();
    let mut by_task: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, owner) in names.owners().iter().enumerate() {
        by_task.entry(tasks[owner]).or_default().push(row as u32);
    }
    by_task
}

/// One tensor of the rows of several, each of which says where its rows go; every row is in one of them.
fn interleave<H: Dim, E: Float, D: Device>(
    tape: &mut Tape<E, D>,
    parts: &[(Vec<u32>, Tensor<(usize, H), E, D>)],
    hidden: H,
    names: Rows,
) -> Result<Tensor<(usize, H), E, D>, TensorError> {
    let (rows, width) = (names.len(), hidden.size());
    let mut y = tape.device().zeros::<E>(rows * width);
    let mut inputs = Vec::new();
    for (places, part) in parts {
        inputs.push(tape.input("interleave", part)?);
        tape.device().scatter_add(&mut y, part.buffer(), places, width);
    }
    let y = Tensor::from_buffer(tape.device(), (rows, hidden), y).with_rows(names)?;
    Ok(tape.record(y, &inputs, Vec::new(), || {
        let places = parts.iter().map(|(places, _)| places.clone());
        Box::new(InterleaveBackward { parts: inputs.iter().copied().zip(places).collect(), width })
    }))
}

/// The gradient of each part is that of its rows.
struct InterleaveBackward {
    parts: Vec<(Option<NodeId>, Vec<u32>)>,
    width: usize,
}

impl<E: Float, D: Device> Backward<E, D> for InterleaveBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dy = upstream.tensor();
        for (input, places) in self.parts.iter().filter(|(input, _)| input.is_some()) {
            let dx = walk.device().gather_rows(&dy, places, self.width);
            walk.add(*input, dx);
        }
        Ok(())
    }
}
