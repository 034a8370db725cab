//! The batch layout: sequences laid end to end, without padding.
//!
//! A [`Pack`] is plain vectors. Position-wise work runs on `(tokens, hidden)`; attention runs inside each
//! sequence's range. Each sequence names the set of tasks that label it, so one encoder pass serves several.

use crate::kernels::random::RowKey;
use std::ops::Range;
use std::sync::Arc;

/// Sequences laid end to end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pack {
    /// Token ids, `(tokens,)`.
    pub token_ids: Vec<u32>,
    /// Position of each token in its sequence, `(tokens,)`.
    pub positions: Vec<u32>,
    /// Segment of each token (0 or 1 in a pair), `(tokens,)`.
    pub segments: Vec<u32>,
    /// Where each sequence starts, then the number of tokens, `(sequences + 1,)`.
    pub boundaries: Vec<usize>,
    /// Number of each sequence within the training step, which keys its random draws, `(sequences,)`.
    pub numbers: Vec<u32>,
    /// The tasks that label each sequence, ascending, `(sequences,)`.
    pub tasks: Vec<Vec<u32>>,
    /// Where each sequence lies in the whole pack: its index, unless this is a [selection](Pack::select),
    /// `(sequences,)`.
    pub places: Vec<u32>,
}

impl Pack {
    /// An empty pack.
    pub fn new() -> Pack {
        Pack { boundaries: vec![0], ..Pack::default() }
    }

    /// Lays one more sequence at the end. `number` is its number within the training step.
    pub fn push(&mut self, token_ids: &[u32], segments: &[u32], number: u32, tasks: Vec<u32>) {
        debug_assert_eq!(token_ids.len(), segments.len(), "one segment a token");
        self.token_ids.extend_from_slice(token_ids);
        self.segments.extend_from_slice(segments);
        self.positions.extend(0..token_ids.len() as u32);
        self.boundaries.push(self.token_ids.len());
        self.places.push(self.numbers.len() as u32);
        self.numbers.push(number);
        self.tasks.push(tasks);
    }

    /// Some sequences of this pack, by index, as a pack. Rows of tensors over it belong to the sequences of the whole
    /// pack, so that a walk tells their tasks apart as before.
    ///
    /// # Panics
    /// If there is no such sequence.
    pub fn select(&self, sequences: &[u32]) -> Pack {
        let mut selection = Pack::new();
        for &sequence in sequences {
            let (index, range) = (sequence as usize, self.range(sequence as usize));
            selection.push(
                &self.token_ids[range.clone()],
                &self.segments[range.clone()],
                self.numbers[index],
                self.tasks[index].clone(),
            );
            let start = selection.tokens() - range.len();
            selection.positions[start..].copy_from_slice(&self.positions[range]);
            *selection.places.last_mut().expect("just pushed") = self.places[index];
        }
        selection
    }

    /// How many tokens.
    pub fn tokens(&self) -> usize {
        self.token_ids.len()
    }

    /// How many sequences.
    pub fn sequences(&self) -> usize {
        self.numbers.len()
    }

    /// The rows of one sequence.
    pub fn range(&self, sequence: usize) -> Range<usize> {
        self.boundaries[sequence]..self.boundaries[sequence + 1]
    }

    /// The rows of a tensor that has one row a token.
    pub fn token_rows(&self) -> Rows {
        let each = |s: usize| self.range(s).enumerate().map(move |(t, _)| (s, t));
        let keys = (0..self.sequences()).flat_map(each);
        Rows::new(keys.map(|(s, t)| (self.places[s], RowKey { sequence: self.numbers[s], token: t as u32 })))
    }

    /// The rows of a tensor that has one row a sequence.
    pub fn sequence_rows(&self) -> Rows {
        let keys = self.numbers.iter().zip(&self.places);
        Rows::new(keys.map(|(&number, &place)| (place, RowKey { sequence: number, token: 0 })))
    }

    /// The only task of each sequence, or `None` if a sequence has no task or several.
    pub fn single_tasks(&self) -> Option<Vec<u32>> {
        self.tasks.iter().map(|tasks| if let [task] = tasks[..] { Some(task) } else { None }).collect()
    }
}

/// Which sequence each row of a tensor belongs to, and what keys the row's random draws.
#[derive(Debug, Clone)]
pub struct Rows {
    owners: Arc<[u32]>,
    keys: Arc<[RowKey]>,
}

impl Rows {
    /// Rows from pairs of owner (sequence in the pack) and key.
    pub fn new(rows: impl Iterator<Item = (u32, RowKey)>) -> Rows {
        let (owners, keys): (Vec<_>, Vec<_>) = rows.unzip();
        Rows { owners: owners.into(), keys: keys.into() }
    }

    /// The sequence, within its pack, that each row belongs to.
    pub fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// What keys each row's random draws.
    pub fn keys(&self) -> &[RowKey] {
        &self.keys
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// The rows at these indices.
    pub fn select(&self, indices: &[u32]) -> Rows {
        Rows::new(indices.iter().map(|&i| (self.owners[i as usize], self.keys[i as usize])))
    }

    /// Runs of neighbouring rows with one task each, in row order: `(task, rows)`.
    ///
    /// `task_of` gives the task of each sequence in the pack.
    pub fn runs(&self, task_of: &[u32]) -> Vec<(u32, Range<usize>)> {
        let mut runs: Vec<(u32, Range<usize>)> = Vec::new();
        for (row, &owner) in self.owners.iter().enumerate() {
            let task = task_of[owner as usize];
            match runs.last_mut() {
                Some((last, range)) if *last == task => range.end = row + 1,
                _ => runs.push((task, row..row + 1)),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_keeps_keys_and_owners() {
        let mut pack = Pack::new();
        pack.push(&[1], &[0], 4, vec![0]);
        pack.push(&[2, 3], &[0, 1], 5, vec![1]);
        pack.push(&[4], &[0], 6, vec![0, 1]);
        let some = pack.select(&[1, 2]);
        assert_eq!((some.token_ids.as_slice(), some.boundaries.as_slice()), (&[2, 3, 4][..], &[0, 2, 3][..]));
        assert_eq!((some.segments.as_slice(), some.positions.as_slice()), (&[0, 1, 0][..], &[0, 1, 0][..]));
        assert_eq!(some.token_rows().owners(), [1, 1, 2]);
        assert_eq!(some.token_rows().keys(), &pack.token_rows().keys()[1..]);
        assert_eq!(some.sequence_rows().owners(), [1, 2]);
        assert_eq!(some.select(&[1]), pack.select(&[2]));
    }

    #[test]
    fn a_pack_knows_its_rows_and_runs() {
        let mut pack = Pack::new();
        pack.push(&[7, 8, 9], &[0, 0, 1], 4, vec![0]);
        pack.push(&[5], &[0], 9, vec![0]);
        pack.push(&[6, 6], &[0, 0], 2, vec![1]);
        assert_eq!((pack.tokens(), pack.sequences()), (6, 3));
        assert_eq!(pack.positions, [0, 1, 2, 0, 0, 1]);
        let rows = pack.token_rows();
        assert_eq!(rows.owners(), [0, 0, 0, 1, 2, 2]);
        assert_eq!(rows.keys()[5], RowKey { sequence: 2, token: 1 });
        let tasks = pack.single_tasks().unwrap();
        assert_eq!(rows.runs(&tasks), [(0, 0..4), (1, 4..6)]);
        assert_eq!(pack.sequence_rows().select(&[2, 0]).owners(), [2, 0]);
        pack.tasks[1] = vec![0, 1];
        assert_eq!(pack.single_tasks(), None);
    }
}
