//! Where two texts differ, cluster by cluster.

use similar::{Algorithm, DiffTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

/// A part of a text, and whether the other one lacks it.
pub type Part<'a> = (&'a str, bool);

/// Texts with less in common than this are simply different.
const ALIKE: f32 = 0.4;
/// Equal stretches between two differences that are shorter belong to the difference: confetti cannot be read.
const STRETCH: usize = 2;
/// Longer texts are not compared.
const LONGEST: usize = 400;

/// Both texts in parts. Case does not matter. Texts that are wholly different have one part each.
#[must_use]
pub fn diff<'a>(left: &'a str, right: &'a str) -> (Vec<Part<'a>>, Vec<Part<'a>>) {
    let whole = || (vec![(left, true)], vec![(right, true)]);
    if left.is_empty() || right.is_empty() || left.len() > LONGEST || right.len() > LONGEST {
        return whole();
    }
    let (a, b) = (clusters(left), clusters(right));
    let fold = |of: &[(usize, &str)]| of.iter().map(|(_, c)| c.to_lowercase()).collect::<Vec<_>>();
    let ops = capture_diff_slices(Algorithm::Myers, &fold(&a), &fold(&b));
    if similar::get_diff_ratio(&ops, a.len(), b.len()) < ALIKE {
        return whole();
    }
    let (mut l, mut r) = (Marks::new(a.len()), Marks::new(b.len()));
    let count = ops.len();
    for (i, op) in ops.iter().enumerate() {
        let inner = i > 0 && i + 1 < count;
        let changed = op.tag() != DiffTag::Equal || (inner && op.old_range().len() < STRETCH);
        l.set(op.old_range(), changed);
        r.set(op.new_range(), changed);
    }
    (l.parts(left, &a), r.parts(right, &b))
}

fn clusters(text: &str) -> Vec<(usize, &str)> {
    text.grapheme_indices(true).collect()
}

struct Marks(Vec<bool>);

impl Marks {
    fn new(len: usize) -> Self {
        Self(vec![false; len])
    }

    fn set(&mut self, range: std::ops::Range<usize>, changed: bool) {
        if let Some(marks) = self.0.get_mut(range) {
            marks.fill(changed);
        }
    }

    fn parts<'a>(&self, text: &'a str, clusters: &[(usize, &str)]) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let mut start = 0;
        for at in 1..=self.0.len() {
            if at == self.0.len() || self.0[at] != self.0[start] {
                let end = clusters.get(at).map_or(text.len(), |(byte, _)| *byte);
                parts.push((&text[clusters[start].0..end], self.0[start]));
                start = at;
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_marked_and_nothing_else() {
        let (left, right) = diff("Harbor Dental Grp", "Harbor Dental Group LLC");
        assert_eq!(left.first(), Some(&("Harbor Dental Gr", false)));
        assert_eq!(right.first(), Some(&("Harbor Dental Gr", false)));
        assert!(right.iter().any(|(text, changed)| *changed && text.contains("LLC")));
    }

    #[test]
    fn the_parts_are_the_text() {
        for (a, b) in [
            ("14:7d:da:00:00:01", "14:7d:da:00:00:02"),
            ("株式会社テスト", "株式会社テスト2"),
            ("abc", "xyz"),
            ("", "x"),
        ] {
            let (left, right) = diff(a, b);
            assert_eq!(left.iter().map(|p| p.0).collect::<String>(), a);
            assert_eq!(right.iter().map(|p| p.0).collect::<String>(), b);
        }
        assert_eq!(diff("14:7d:da:00:00:01", "14:7d:da:00:00:02").0.last(), Some(&("1", true)));
        assert_eq!(diff("abc", "xyz").0, [("abc", true)]);
        assert_eq!(diff("ACME", "acme").0, [("ACME", false)]);
    }
}
