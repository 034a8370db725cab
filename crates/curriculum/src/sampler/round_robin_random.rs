//! Random round robin, as MT-DNN trains: cut every task into mini-batches, put those of all tasks together, shuffle
//! them, and go through; the next epoch shuffles anew.
//!
//! Every example comes once per epoch. Task t has `ceil(n_t / b)` mini-batches of `b` examples; its last one in an
//! epoch may be smaller.
//!
//! Xiaodong Liu, Pengcheng He, Weizhu Chen, Jianfeng Gao: *Multi-Task Deep Neural Networks for Natural Language
//! Understanding*, ACL 2019, Algorithm 1.

use super::{Draw, Sampler, SamplerKind, SamplerState, check_sizes};
use crate::{CurriculumError, Draws, Purpose};

/// All mini-batches of all tasks, shuffled; every example once an epoch.
#[derive(Debug, Clone)]
#[doc(alias = "MT-DNN")]
pub struct RoundRobinRandom {
    seed: u64,
    /// Mini-batches per epoch of each task.
    batches: Vec<u64>,
    /// All mini-batches of an epoch, task by task.
    sorted: Vec<Draw>,
    /// The same in the order of `epoch`.
    order: Vec<Draw>,
    epoch: u64,
    draws: u64,
}

impl RoundRobinRandom {
    /// Makes the sampler for tasks of these `sizes`, `per_draw` examples to a mini-batch.
    ///
    /// Errors if there is no task, a task has no examples, or `per_draw` is zero.
    pub fn new(seed: u64, sizes: &[usize], per_draw: usize) -> Result<Self, CurriculumError> {
        check_sizes(sizes, per_draw)?;
        let batches = sizes.iter().map(|size| size.div_ceil(per_draw) as u64).collect();
        let sorted: Vec<Draw> = sizes
            .iter()
            .enumerate()
            .flat_map(|(task_idx, &size)| mini_batches(task_idx, size, per_draw))
            .collect();
        let order = epoch_order(seed, 0, &sorted);
        Ok(Self { seed, batches, sorted, order, epoch: 0, draws: 0 })
    }

    /// Mini-batches in an epoch, all tasks together.
    pub fn draws_per_epoch(&self) -> u64 {
        self.sorted.len() as u64
    }
}

impl Sampler for RoundRobinRandom {
    fn kind(&self) -> SamplerKind {
        SamplerKind::RoundRobinRandom
    }

    fn draw(&mut self) -> Draw {
        let epoch = self.draws / self.draws_per_epoch();
        if epoch != self.epoch {
            self.order = epoch_order(self.seed, epoch, &self.sorted);
            self.epoch = epoch;
        }
        let draw = self.order[(self.draws % self.draws_per_epoch()) as usize];
        self.draws += 1;
        draw
    }

    fn probabilities(&self, _index: u64) -> Vec<f64> {
        let all = self.draws_per_epoch() as f64;
        self.batches.iter().map(|&batches| batches as f64 / all).collect()
    }

    fn expected_draws(&self, draws: u64) -> Vec<f64> {
        self.probabilities(0).into_iter().map(|probability| probability * draws as f64).collect()
    }

    fn state(&self) -> SamplerState {
        SamplerState { draws: self.draws }
    }

    fn restore(&mut self, state: SamplerState) {
        self.draws = state.draws;
    }
}

/// A task's mini-batches: full ones, then what is left.
fn mini_batches(task_idx: usize, size: usize, per_draw: usize) -> impl Iterator<Item = Draw> {
    (0..size).step_by(per_draw).map(move |start| Draw { task_idx, count: per_draw.min(size - start) })
}

/// Shuffles which task comes when. A task's smaller mini-batch stays its last, so that its passes over its examples
/// begin and end with the epoch.
fn epoch_order(seed: u64, epoch: u64, sorted: &[Draw]) -> Vec<Draw> {
    let mut tasks: Vec<usize> = sorted.iter().map(|draw| draw.task_idx).collect();
    Draws::new(seed, Purpose::Epoch, &[epoch]).shuffle(&mut tasks);
    let mut next: Vec<usize> = first_of_each_task(sorted);
    tasks
        .into_iter()
        .map(|task_idx| {
            next[task_idx] += 1;
            sorted[next[task_idx] - 1]
        })
        .collect()
}

fn first_of_each_task(sorted: &[Draw]) -> Vec<usize> {
    let n_tasks = sorted.last().map_or(0, |draw| draw.task_idx + 1);
    (0..n_tasks).map(|task_idx| sorted.partition_point(|draw| draw.task_idx < task_idx)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mini_batches_cover_a_task() {
        let counts: Vec<usize> = mini_batches(0, 7, 3).map(|draw| draw.count).collect();
        assert_eq!(counts, [3, 3, 1]);
    }

    #[test]
    fn epochs_are_shuffled_differently() {
        let mut sampler = RoundRobinRandom::new(1, &[40, 40], 2).unwrap();
        let first: Vec<Draw> = (0..40).map(|_| sampler.draw()).collect();
        let second: Vec<Draw> = (0..40).map(|_| sampler.draw()).collect();
        assert_ne!(first, second);
    }

    #[test]
    fn probabilities_count_mini_batches() {
        let sampler = RoundRobinRandom::new(1, &[7, 2], 3).unwrap();
        assert_eq!(sampler.probabilities(0), [0.75, 0.25]);
        assert_eq!(sampler.expected_draws(8), [6.0, 2.0]);
    }
}
