//! Shuffled passes: inside a stream, every example comes once before any comes twice.

use serde::{Deserialize, Serialize};

use crate::{CurriculumError, Draws, Purpose, StreamId};

/// The order in which one stream's examples are shown: pass after pass, each in a new random order.
///
/// The order of a pass depends only on the seed, the stream and the number of the pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passes {
    seed: u64,
    stream: StreamId,
    shown: u64,
    pass: u64,
    order: Vec<usize>,
}

/// Where a stream stands: all that has to be saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassesState {
    /// Examples shown so far, repeats counted.
    pub shown: u64,
}

impl Passes {
    /// The passes of a stream over its `size` examples, from the beginning.
    ///
    /// Errors if `size` is zero.
    pub fn new(seed: u64, stream: StreamId, size: usize) -> Result<Self, CurriculumError> {
        if size == 0 {
            return Err(CurriculumError::EmptyTask { task_idx: stream.0 });
        }
        let order = pass_order(seed, stream, 0, size);
        Ok(Self { seed, stream, shown: 0, pass: 0, order })
    }

    /// The index of the next example, in `0..size`.
    pub fn next_example(&mut self) -> usize {
        let size = self.order.len() as u64;
        let pass = self.shown / size;
        if pass != self.pass {
            self.order = pass_order(self.seed, self.stream, pass, self.order.len());
            self.pass = pass;
        }
        let example = self.order[(self.shown % size) as usize];
        self.shown += 1;
        example
    }

    /// The indices of the next `count` examples; a new pass begins where one ends.
    pub fn take(&mut self, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.next_example()).collect()
    }

    /// What to save.
    pub fn state(&self) -> PassesState {
        PassesState { shown: self.shown }
    }

    /// Continues from a saved state of the same seed, stream and size.
    pub fn restore(&mut self, state: PassesState) {
        self.shown = state.shown;
    }
}

fn pass_order(seed: u64, stream: StreamId, pass: u64, size: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..size).collect();
    Draws::new(seed, Purpose::Pass, &[stream.0 as u64, pass]).shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_example_repeats_forever() {
        let mut passes = Passes::new(0, StreamId(0), 1).unwrap();
        assert_eq!(passes.take(3), [0, 0, 0]);
    }

    #[test]
    fn passes_and_streams_have_orders_of_their_own() {
        let mut first = Passes::new(3, StreamId(0), 50).unwrap();
        let mut second = Passes::new(3, StreamId(1), 50).unwrap();
        let pass = first.take(50);
        assert_ne!(pass, first.take(50));
        assert_ne!(pass, second.take(50));
    }

    #[test]
    fn no_examples_is_an_error() {
        assert_eq!(Passes::new(0, StreamId(2), 0), Err(CurriculumError::EmptyTask { task_idx: 2 }));
    }
}
