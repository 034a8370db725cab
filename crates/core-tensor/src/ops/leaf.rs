//! Parameters as recorded tensors: small learned tables and coefficients that operations mix as they mix activations.
//!
//! The gradient of such a tensor is a sum over rows of all tasks, so a tape with one cannot be split by task in a
//! single walk ([`Tape::split`]); each task then has a walk of its own.

use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::param::{Param, ParamId};
use crate::shape::Shape;
use crate::tape::{Backward, Gradient, Tape, Upstream, Walk};
use crate::tensor::Tensor;

impl<E: Float, D: Device> Tape<E, D> {
    /// The values of a parameter, recorded: a walk hands over the gradient that reaches the tensor as the
    /// parameter's.
    pub fn leaf<S: Shape>(&mut self, param: &Param<S, E::Master, D>) -> Tensor<S, E, D> {
        let value = self.device().cast(param.value().buffer());
        let value = Tensor::from_buffer(self.device(), *param.shape(), value);
        let parameters: Vec<ParamId> = param.learned().into_iter().collect();
        let Some(&parameter) = parameters.first() else { return value };
        self.record(value, &[], parameters, || Box::new(LeafBackward { parameter }))
    }
}

struct LeafBackward {
    parameter: ParamId,
}

impl<E: Float, D: Device> Backward<E, D> for LeafBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let gradient = walk.device().cast::<E, E::Master>(&upstream.tensor());
        walk.parameter_rows(self.parameter, 0, None, &mut |device, _| {
            Gradient::Dense(device.duplicate(&gradient))
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Broadcast, Cpu};
    use crate::param::Role;
    use crate::tape::{Gradients, PerTaskGradients, Seed, WalkPlan};
    use crate::{Pack, Tensor};

    /// The row of a parameter added to rows of two tasks.
    fn recorded() -> (Tape<f64, Cpu>, Param<(usize,), f64, Cpu>, Pack, crate::Loss) {
        let param = Param::new(Role::Weight, Tensor::from_slice(&Cpu, (2,), &[1.0, 2.0]).expect("sizes"));
        let mut pack = Pack::new();
        pack.push(&[0], &[0], 0, vec![0]);
        pack.push(&[0], &[0], 1, vec![1]);
        let mut tape = Tape::recording(&Cpu);
        let x = Tensor::from_slice(&Cpu, (2, 2), &[1.0, 2.0, 3.0, 4.0]).expect("sizes");
        let x = x.with_rows(pack.token_rows()).expect("rows");
        let leaf = tape.leaf(&param);
        let y = tape.broadcast(&x, &leaf, Broadcast::Mul).expect("widths");
        let loss = tape.total(&y, 1.0).expect("positive");
        (tape, param, pack, loss)
    }

    #[test]
    fn a_leaf_hands_over_what_reaches_it() {
        let (mut tape, param, _, loss) = recorded();
        let mut gradients = Gradients::new();
        tape.walk(WalkPlan::only(&[(loss, 1.0)]).expect("recorded"), &mut gradients).expect("walks");
        assert_eq!(gradients.get(param.id()).expect("reached").to_dense(&Cpu, 2), [4.0, 6.0]);
    }

    #[test]
    fn a_tape_with_a_leaf_is_walked_once_for_each_task() {
        let (mut tape, param, pack, loss) = recorded();
        assert_eq!(tape.split(&pack), None);
        let tasks = pack.single_tasks().expect("one each");
        let mut per_task = PerTaskGradients::new(2);
        let seeds = vec![Seed::loss(&loss, 1.0).expect("recorded")];
        let plan = WalkPlan { seeds, stop_at: &[], split: Some(&tasks), last: false };
        assert!(matches!(tape.walk(plan, &mut per_task), Err(TensorError::CannotSplit)));
        let of_task = |_| vec![Seed::loss(&loss, 1.0).expect("recorded")];
        tape.walk_each((0..2).map(of_task).collect(), &[], true, &mut per_task).expect("walks");
        let second = per_task.tasks[1].get(param.id()).expect("reached");
        assert_eq!(second.to_dense(&Cpu, 2), [4.0, 6.0]);
    }

    #[test]
    fn a_frozen_leaf_is_not_recorded() {
        let (_, param, ..) = recorded();
        param.freeze(true);
        let mut tape = Tape::<f64, Cpu>::recording(&Cpu);
        assert!(tape.leaf(&param).node().is_none() && tape.is_empty());
    }
}
