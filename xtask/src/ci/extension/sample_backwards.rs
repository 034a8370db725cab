//! A sample of a sampler: the streams from the last to the first, again and again.
//!
//! Those that are not open are passed over.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::{Build, Draw, Moment, Sampler, SamplerState};
use crate::{CurriculumError, StreamId};

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "sample-backwards",
        "the tasks from the last to the first, again and again",
        "",
        "crates/curriculum/src/sampler/sample_backwards.rs",
    ),
    build: |_, setup| {
        Box::new(Backwards { n_streams: setup.streams().len(), per_draw: setup.per_draw(), draws: 0 })
    },
};

/// The streams from the last to the first.
#[derive(Debug, Clone)]
pub struct Backwards {
    n_streams: usize,
    per_draw: usize,
    /// Places passed so far, those of streams that were not open included.
    draws: u64,
}

impl Backwards {
    /// The place of the next open stream, and the stream.
    fn next(&self, moment: &Moment<'_>) -> (u64, StreamId) {
        let stream_at = |place: u64| StreamId(self.n_streams - 1 - (place % self.n_streams as u64) as usize);
        let mut places = (self.draws..).map(|place| (place, stream_at(place)));
        places.find(|(_, stream)| moment.open.contains(*stream)).expect("a stream is open")
    }
}

impl Sampler for Backwards {
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
