//! Random round robin, as MT-DNN trains: cut every stream into mini-batches, put those of all streams together, shuffle
//! them, and go through; the next epoch shuffles anew.
//!
//! Every example comes once per epoch. Task t has `ceil(n_t / b)` mini-batches of `b` examples; its last one in an
//! epoch may be smaller.
//!
//! Xiaodong Liu, Pengcheng He, Weizhu Chen, Jianfeng Gao: *Multi-Task Deep Neural Networks for Natural Language
//! Understanding*, ACL 2019, Algorithm 1.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::independent::normalised;
use super::{Build, Draw, Moment, Sampler, SamplerState, Setup};
use crate::{CurriculumError, Draws, Open, Purpose, StreamId};

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "round-robin-random",
        "all mini-batches of all tasks, shuffled, every example once an epoch",
        "Liu et al. 2019 (MT-DNN)",
        "crates/curriculum/src/sampler/round_robin_random.rs",
    ),
    build: |_, setup| Box::new(RoundRobinRandom::new(setup)),
};

/// All mini-batches of all streams, shuffled; every example once an epoch.
#[derive(Debug, Clone)]
#[doc(alias = "MT-DNN")]
pub struct RoundRobinRandom {
    seed: u64,
    /// Mini-batches per epoch of each stream.
    batches: Vec<u64>,
    /// All mini-batches of an epoch, stream by stream.
    sorted: Vec<Draw>,
    /// The same in the order of `epoch`.
    order: Vec<Draw>,
    epoch: u64,
    /// Mini-batches passed so far, those of streams that were not open included.
    draws: u64,
}

impl RoundRobinRandom {
    /// The sampler before its first draw.
    pub fn new(setup: &Setup<'_>) -> Self {
        let (seed, per_draw) = (setup.seed(), setup.per_draw());
        let batches = setup.sizes().map(|size| size.div_ceil(per_draw) as u64).collect();
        let sorted: Vec<Draw> = setup
            .sizes()
            .enumerate()
            .flat_map(|(stream, size)| mini_batches(StreamId(stream), size, per_draw))
            .collect();
        let order = epoch_order(seed, 0, &sorted);
        Self { seed, batches, sorted, order, epoch: 0, draws: 0 }
    }

    /// The next mini-batch, of whatever stream.
    fn next(&mut self) -> Draw {
        let per_epoch = self.sorted.len() as u64;
        let epoch = self.draws / per_epoch;
        if epoch != self.epoch {
            self.order = epoch_order(self.seed, epoch, &self.sorted);
            self.epoch = epoch;
        }
        let draw = self.order[(self.draws % per_epoch) as usize];
        self.draws += 1;
        draw
    }
}

impl Sampler for RoundRobinRandom {
    fn draw(&mut self, moment: &Moment<'_>) -> Draw {
        loop {
            let draw = self.next();
            if moment.open.contains(draw.stream) {
                return draw;
            }
        }
    }

    /// Those of the first draw of an epoch.
    fn probabilities(&self, moment: &Moment<'_>) -> Vec<f64> {
        let batches: Vec<f64> = self.batches.iter().map(|&batches| batches as f64).collect();
        normalised(&batches, moment.open)
    }

    fn draws_per_epoch(&self, open: &Open) -> Option<u64> {
        Some(open.iter().map(|stream| self.batches[stream.0]).sum())
    }

    fn state(&self) -> SamplerState {
        SamplerState::of_draws(self.draws)
    }

    fn restore(&mut self, state: &SamplerState) -> Result<(), CurriculumError> {
        self.draws = state.draws;
        Ok(())
    }
}

/// A stream's mini-batches: full ones, then what is left.
fn mini_batches(stream: StreamId, size: usize, per_draw: usize) -> impl Iterator<Item = Draw> {
    (0..size).step_by(per_draw).map(move |start| Draw { stream, count: per_draw.min(size - start) })
}

/// Shuffles which stream comes when. A stream's smaller mini-batch stays its last, so that its passes over its examples
/// begin and end with the epoch.
fn epoch_order(seed: u64, epoch: u64, sorted: &[Draw]) -> Vec<Draw> {
    let mut streams: Vec<StreamId> = sorted.iter().map(|draw| draw.stream).collect();
    Draws::new(seed, Purpose::Epoch, &[epoch]).shuffle(&mut streams);
    let mut next: Vec<usize> = first_of_each_stream(sorted);
    streams
        .into_iter()
        .map(|stream| {
            next[stream.0] += 1;
            sorted[next[stream.0] - 1]
        })
        .collect()
}

fn first_of_each_stream(sorted: &[Draw]) -> Vec<usize> {
    let n_streams = sorted.last().map_or(0, |draw| draw.stream.0 + 1);
    (0..n_streams).map(|stream| sorted.partition_point(|draw| draw.stream.0 < stream)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, StreamInfo};

    fn sampler(streams: &[StreamInfo], per_draw: usize) -> RoundRobinRandom {
        RoundRobinRandom::new(&Setup::new(1, per_draw, streams, Horizon { steps: 1, per_epoch: 1 }).unwrap())
    }

    #[test]
    fn mini_batches_cover_a_stream() {
        let counts: Vec<usize> = mini_batches(StreamId(0), 7, 3).map(|draw| draw.count).collect();
        assert_eq!(counts, [3, 3, 1]);
    }

    #[test]
    fn epochs_are_shuffled_differently() {
        let mut sampler = sampler(&StreamInfo::one_per_task(&[40, 40]), 2);
        let moment = Moment { step: 0, open: &Open::all(2) };
        let first: Vec<Draw> = (0..40).map(|_| sampler.draw(&moment)).collect();
        let second: Vec<Draw> = (0..40).map(|_| sampler.draw(&moment)).collect();
        assert_ne!(first, second);
    }

    #[test]
    fn probabilities_count_mini_batches() {
        let streams = StreamInfo::one_per_task(&[7, 2]);
        let sampler = sampler(&streams, 3);
        assert_eq!(sampler.probabilities(&Moment { step: 0, open: &Open::all(2) }), [0.75, 0.25]);
        assert_eq!(sampler.draws_per_epoch(&Open::all(2)), Some(4));
        let open = Open::those(&streams, |stream| stream.size == 7);
        assert_eq!(sampler.draws_per_epoch(&open), Some(3));
    }
}
