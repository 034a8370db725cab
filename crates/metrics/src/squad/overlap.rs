//! F1 of two bags of words.

/// How many words the bags share, each as often as the side that has it less often; sorts both.
pub(super) fn common(left: &mut [&str], right: &mut [&str]) -> usize {
    left.sort_unstable();
    right.sort_unstable();
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < left.len() && j < right.len() {
        match left[i].cmp(right[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
        }
    }
    common
}

/// F1 of two normalised texts; 0 if they share no word.
pub(crate) fn f1(gold: &str, predicted: &str) -> f64 {
    let mut gold: Vec<&str> = words(gold).collect();
    let mut predicted: Vec<&str> = words(predicted).collect();
    match common(&mut gold, &mut predicted) {
        0 => 0.0,
        common => 2.0 * common as f64 / (gold.len() + predicted.len()) as f64,
    }
}

/// The words of a normalised text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_words_count_as_often_as_both_have_them() {
        assert_eq!(common(&mut ["b", "a", "b"], &mut ["b", "b", "b", "c"]), 2);
        assert_eq!(f1("x y y", "y z"), 0.4);
        assert_eq!(f1("", ""), 0.0);
    }
}
