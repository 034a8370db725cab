//! The length of the longest common subsequence.

/// How many words both texts have in the same order, at most.
///
/// The table of the textbook, a row at a time: `row[j]` is the length for the words of `left` read so far and the first
/// `j` of `right`. A column changes by 0 or 1 from one word of `right` to the next, so a row is a string of bits, and
/// one addition moves 64 of them to the next row (Hyyrö 2004, "Bit-Parallel LCS-length Computation Revisited"):
///
/// ```text
/// V' = (V + (V & M)) | (V & !M)
/// ```
///
/// `M` has a bit where `right` has the word; `V` starts as all ones, and each bit that is 0 at the end is one word shared.
pub(super) fn length(left: &[u32], right: &[u32]) -> usize {
    let blocks = right.len().div_ceil(64);
    let mut row = vec![u64::MAX; blocks];
    for &word in left {
        let mut carry = false;
        for (block, words) in row.iter_mut().zip(right.chunks(64)) {
            let matches = bits(words, word);
            let (sum, first) = block.overflowing_add(*block & matches);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *block = sum | (*block & !matches);
        }
    }
    row.iter().map(|block| block.count_zeros() as usize).sum()
}

/// A bit for each place where `words`, 64 at most, has `word`.
fn bits(words: &[u32], word: u32) -> u64 {
    words.iter().enumerate().fold(0, |bits, (place, &other)| bits | u64::from(other == word) << place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_counts_and_neighbourhood_does_not() {
        assert_eq!(length(&[1, 2, 3, 4, 5], &[2, 9, 4, 3, 5]), 3);
        assert_eq!(length(&[1, 2], &[2, 1]), 1);
        assert_eq!(length(&[], &[1]), 0);
        assert_eq!(length(&[7; 130], &[7; 200]), 130);
    }
}
