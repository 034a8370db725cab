//! Ranks in which equals share the average of the places that they take.

/// The rank of each value, 1 for the smallest; equal values share the average rank (scipy's `rankdata`).
///
/// `[10, 20, 20, 30]` ranks as `[1, 2.5, 2.5, 4]`. Values must not be NaN for the order to mean anything.
///
/// # Shapes
/// `values`: (n,); result: (n,), summing to `n (n + 1) / 2`
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let end = start + tied.len();
        // Places start + 1 ..= end.
        let shared = (start + 1 + end) as f64 / 2.0;
        for &index in tied {
            ranks[index] = shared;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share() {
        let ranks = average_ranks(&[20.0, 10.0, 30.0, 20.0]);
        assert_eq!(ranks, [2.5, 1.0, 4.0, 2.5]);
        assert_eq!(average_ranks(&[-0.0, 0.0]), [1.5, 1.5]);
        assert!(average_ranks(&[]).is_empty());
    }
}
