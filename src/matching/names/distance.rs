//! Edit distance of short ASCII words, without a heap.

/// Longest word that is compared; longer ones are never alike.
const LONGEST: usize = 40;

/// The optimal string alignment distance (insertions, deletions, substitutions, swaps of neighbours), or `None` when it
/// is more than `most`.
#[must_use]
pub fn distance(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    if a.len() > LONGEST || b.len() > LONGEST || a.len().abs_diff(b.len()) > most {
        return None;
    }
    let same_start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same_start..], &b[same_start..]);
    let same_end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - same_end], &b[..b.len() - same_end]);
    if a.is_empty() || b.is_empty() {
        let rest = a.len() + b.len();
        return (rest <= most).then_some(rest);
    }
    let mut before_last = [0u8; LONGEST + 1];
    let mut last = [0u8; LONGEST + 1];
    let mut current = [0u8; LONGEST + 1];
    for (i, cell) in (0u8..).zip(last.iter_mut().take(b.len() + 1)) {
        *cell = i;
    }
    for i in 1..=a.len() {
        current[0] = last[0] + 1;
        let mut lowest = current[0];
        for j in 1..=b.len() {
            let change = u8::from(a[i - 1] != b[j - 1]);
            let mut cost = (last[j] + 1).min(current[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before_last[j - 2] + 1);
            }
            current[j] = cost;
            lowest = lowest.min(cost);
        }
        if usize::from(lowest) > most + 1 {
            return None;
        }
        before_last = last;
        last = current;
    }
    let found = usize::from(last[b.len()]);
    (found <= most).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_optimal_string_alignment(a in "[a-d]{0,9}", b in "[a-d]{0,9}", most in 0usize..4) {
            let full = strsim::osa_distance(&a, &b);
            prop_assert_eq!(distance(a.as_bytes(), b.as_bytes(), most), (full <= most).then_some(full));
        }
    }
}
