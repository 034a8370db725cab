//! Round robin: the streams in their order, again and again; nothing is random. Those that are not open are passed over.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::{Build, Draw, Moment, Sampler, SamplerState, Setup};
use crate::{CurriculumError, StreamId};

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "round-robin",
        "the tasks in the order of the file, again and again",
        "",
        "crates/curriculum/src/sampler/round_robin.rs",
    ),
    build: |_, setup| Box::new(RoundRobin::new(setup)),
};

/// The streams in their order, one draw each, without end.
#[derive(Debug, Clone)]
pub struct RoundRobin {
    n_streams: usize,
    per_draw: usize,
    /// Places passed so far, those of streams that were not open included.
    draws: u64,
}

impl RoundRobin {
    /// The sampler before its first draw.
    pub fn new(setup: &Setup<'_>) -> Self {
        Self { n_streams: setup.streams().len(), per_draw: setup.per_draw(), draws: 0 }
    }

    /// The place of the next open stream, and the stream.
    fn next(&self, moment: &Moment<'_>) -> (u64, StreamId) {
        let stream_at = |place: u64| StreamId((place % self.n_streams as u64) as usize);
        let mut places = (self.draws..).map(|place| (place, stream_at(place)));
        places.find(|(_, stream)| moment.open.contains(*stream)).expect("a stream is open")
    }
}

impl Sampler for RoundRobin {
    fn draw(&mut self, moment: &Moment<'_>) -> Draw {
        let (place, stream) = self.next(moment);
        self.draws = place + 1;
        Draw { stream, count: self.per_draw }
    }

    fn probabilities(&self, moment: &Moment<'_>) -> Vec<f64> {
        let mut probabilities = vec![0.0; self.n_streams];
        probabilities[self.next(moment).1.0] = 1.0;
        probabilities
    }

    fn state(&self) -> SamplerState {
        SamplerState::of_draws(self.draws)
    }

    fn restore(&mut self, state: &SamplerState) -> Result<(), CurriculumError> {
        self.draws = state.draws;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, Open, StreamInfo};

    fn sampler(streams: &[StreamInfo]) -> RoundRobin {
        RoundRobin::new(&Setup::new(0, 2, streams, Horizon { steps: 1, per_epoch: 1 }).unwrap())
    }

    #[test]
    fn streams_come_in_order() {
        let streams = StreamInfo::one_per_task(&[9, 1, 4]);
        let mut sampler = sampler(&streams);
        let moment = Moment { step: 0, open: &Open::all(3) };
        let drawn: Vec<usize> = (0..7).map(|_| sampler.draw(&moment).stream.0).collect();
        assert_eq!(drawn, [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(sampler.probabilities(&moment), [0.0, 1.0, 0.0]);
    }

    #[test]
    fn what_is_not_open_is_passed_over() {
        let streams = StreamInfo::one_per_task(&[9, 1, 4]);
        let mut sampler = sampler(&streams);
        let open = Open::those(&streams, |stream| stream.size > 1);
        let moment = Moment { step: 0, open: &open };
        let drawn: Vec<usize> = (0..4).map(|_| sampler.draw(&moment).stream.0).collect();
        assert_eq!(drawn, [0, 2, 0, 2]);
    }
}
