//! Which rows of a pack tasks read: taken out of what was made for several, or looked for in a part of the pack.

use std::borrow::Cow;
use std::collections::BTreeSet;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Device, Encoded, Pack, Pooling, ReadRows, Reads, Tape, Tensor, TensorError};

/// All that any task reads.
pub(super) fn union(read: &[ReadRows]) -> ReadRows {
    read.iter().fold(ReadRows::new(), ReadRows::union)
}

/// Errors unless each task says what it reads.
pub(super) fn check_tasks(read: &[ReadRows], n_tasks: usize) -> Result<(), TensorError> {
    if read.len() == n_tasks {
        return Ok(());
    }
    let what = "tasks that say what they read";
    Err(TensorError::Shape { op: "encode", what, expected: vec![n_tasks], got: vec![read.len()] })
}

/// The rows of one task among those of all, whose [`union`] is `all`. Without a copy where they are the same.
pub(super) fn of_task<H: Dim, E: Float, D: Device>(
    tape: &mut Tape<E, D>,
    shared: &Encoded<H, E, D>,
    all: &ReadRows,
    read: &ReadRows,
) -> Result<Encoded<H, E, D>, TensorError> {
    let mut part = |x: &Tensor<(usize, H), E, D>, reads: Reads| {
        let rows = read.rows(reads);
        if rows == all.rows(reads) {
            return Ok(x.clone());
        }
        tape.gather_rows(x, &all.places(reads, rows))
    };
    Ok(Encoded {
        tokens: part(&shared.tokens, Reads::Tokens)?,
        sequences: part(&shared.sequences, Reads::Sequences)?,
    })
}

/// What a task reads that reads nothing.
pub(super) fn nothing<H: Dim, E: Float, D: Device>(
    device: &D,
    hidden: H,
    pack: &Pack,
) -> Result<Encoded<H, E, D>, TensorError> {
    let empty = || Tensor::zeros(device, (0, hidden)).with_rows(pack.sequence_rows().select(&[]));
    Ok(Encoded { tokens: empty()?, sequences: empty()? })
}

/// The sequences of a pack that `read` has a row of, ascending.
///
/// Errors if the pack has no such row.
pub(super) fn sequences(pack: &Pack, read: &ReadRows) -> Result<Vec<u32>, TensorError> {
    let missing = |index: u32, len| Err(TensorError::Index { op: "encode", index: index as usize, len });
    let mut sequences: BTreeSet<u32> = BTreeSet::new();
    for &sequence in read.rows(Reads::Sequences) {
        if sequence as usize >= pack.sequences() {
            return missing(sequence, pack.sequences());
        }
        sequences.insert(sequence);
    }
    for &token in read.rows(Reads::Tokens) {
        if token as usize >= pack.tokens() {
            return missing(token, pack.tokens());
        }
        sequences.insert(sequence_of(pack, token));
    }
    Ok(sequences.into_iter().collect())
}

/// The sequence of a token.
fn sequence_of(pack: &Pack, token: u32) -> u32 {
    pack.boundaries.partition_point(|&start| start <= token as usize) as u32 - 1
}

/// Some sequences of a pack, as a pack.
pub(super) struct Selection<'a> {
    whole: &'a Pack,
    /// Of the whole pack, ascending.
    pub(super) sequences: Vec<u32>,
    pub(super) pack: Cow<'a, Pack>,
}

impl<'a> Selection<'a> {
    /// These sequences, ascending, each once; the pack itself if it has no others.
    pub(super) fn new(whole: &'a Pack, sequences: Vec<u32>) -> Self {
        let pack = match sequences.len() == whole.sequences() {
            true => Cow::Borrowed(whole),
            false => Cow::Owned(whole.select(&sequences)),
        };
        Selection { whole, sequences, pack }
    }

    /// The same rows in the selection, which must have the sequences of all of them.
    pub(super) fn rows(&self, read: &ReadRows) -> ReadRows {
        let place = |sequence: &u32| {
            self.sequences.binary_search(sequence).expect("a sequence that is read was selected") as u32
        };
        let token = |&token: &u32| {
            let sequence = sequence_of(self.whole, token);
            let offset = token as usize - self.whole.boundaries[sequence as usize];
            (self.pack.boundaries[place(&sequence) as usize] + offset) as u32
        };
        let tokens: Vec<u32> = read.rows(Reads::Tokens).iter().map(token).collect();
        let sequences: Vec<u32> = read.rows(Reads::Sequences).iter().map(place).collect();
        ReadRows::new().with(Reads::Tokens, &tokens).with(Reads::Sequences, &sequences)
    }
}

/// The rows of tokens that a last layer must make, ascending: those that are read, and those that stand for the
/// sequences that are read.
///
/// Errors if the pack has no such sequence, or a sequence that is read is empty.
pub(super) fn of_last_layer(pack: &Pack, read: &ReadRows, pooling: Pooling) -> Result<Vec<u32>, TensorError> {
    let mut rows: BTreeSet<u32> = read.rows(Reads::Tokens).iter().copied().collect();
    for &sequence in read.rows(Reads::Sequences) {
        rows.extend(pooling.rows(pack, sequence)?);
    }
    Ok(rows.into_iter().collect())
}

/// What a task reads of the rows of a last layer: where its tokens lie among them, where the tokens that stand for its
/// sequences lie, and where those of each sequence begin.
pub(super) struct Places {
    pub(super) tokens: Vec<u32>,
    pub(super) pooled: Vec<u32>,
    pub(super) boundaries: Vec<usize>,
}

impl Places {
    /// `rows` are those of [`of_last_layer`] for this task and others.
    pub(super) fn new(
        pack: &Pack,
        read: &ReadRows,
        pooling: Pooling,
        rows: &[u32],
    ) -> Result<Self, TensorError> {
        let place = |row: u32| rows.binary_search(&row).expect("a row that is read was made") as u32;
        let tokens = read.rows(Reads::Tokens).iter().map(|&row| place(row)).collect();
        let (mut pooled, mut boundaries) = (Vec::new(), vec![0]);
        for &sequence in read.rows(Reads::Sequences) {
            pooled.extend(pooling.rows(pack, sequence)?.map(place));
            boundaries.push(pooled.len());
        }
        Ok(Places { tokens, pooled, boundaries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> Pack {
        let mut pack = Pack::new();
        pack.push(&[1, 2], &[0; 2], 0, vec![0]);
        pack.push(&[3, 4, 5], &[0; 3], 1, vec![1]);
        pack.push(&[6], &[0], 2, vec![0]);
        pack
    }

    #[test]
    fn a_selection_finds_its_rows_again() {
        let (pack, read) =
            (pack(), ReadRows::new().with(Reads::Tokens, &[3, 4]).with(Reads::Sequences, &[2]));
        let sequences = sequences(&pack, &read).expect("rows of the pack");
        assert_eq!(sequences, [1, 2]);
        let selection = Selection::new(&pack, sequences);
        assert_eq!(selection.pack.token_ids, [3, 4, 5, 6]);
        let read = selection.rows(&read);
        assert_eq!((read.rows(Reads::Tokens), read.rows(Reads::Sequences)), (&[1, 2][..], &[1][..]));
    }

    #[test]
    fn a_row_that_the_pack_lacks_is_an_error() {
        for (reads, row) in [(Reads::Tokens, 6), (Reads::Sequences, 3)] {
            let error = sequences(&pack(), &ReadRows::new().with(reads, &[row])).unwrap_err();
            assert!(error.to_string().contains(&row.to_string()), "{error}");
        }
    }

    #[test]
    fn an_empty_sequence_stands_for_nothing_and_hides_no_other() {
        let mut pack = pack();
        pack.push(&[], &[], 3, vec![0]);
        pack.push(&[7], &[0], 4, vec![0]);
        assert_eq!(sequence_of(&pack, 6), 4);
        let read = ReadRows::new().with(Reads::Sequences, &[3]);
        assert!(of_last_layer(&pack, &read, Pooling::First).is_err());
    }

    #[test]
    fn places_are_among_the_rows_that_were_made() {
        let (pack, read) =
            (pack(), ReadRows::new().with(Reads::Tokens, &[5]).with(Reads::Sequences, &[0, 1]));
        let rows = of_last_layer(&pack, &read, Pooling::Mean).expect("rows of the pack");
        assert_eq!(rows, [0, 1, 2, 3, 4, 5]);
        let places = Places::new(&pack, &read, Pooling::First, &[0, 2, 5]).expect("rows of the pack");
        assert_eq!((places.tokens, places.pooled, places.boundaries), (vec![2], vec![0, 1], vec![0, 1, 2]));
    }
}
