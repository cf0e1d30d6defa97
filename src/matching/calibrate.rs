//! From the competition's probabilities to confidences that mean what they say: of pairs at 0.95, 95 of 100 are right.
//!
//! A monotone, piecewise linear map in log-odds: it never changes which candidate is better, only what is said of it. The
//! competition errs on the careful side in the middle, where names differ in writing that no list of abbreviations knows, and
//! is about right where a pair can be automatic. The five points were estimated (penalised likelihood, a pull towards no
//! change; `examples/quality` repeats it with `--calibrate`) on labelled lists of several kinds, every kind with the same weight: company registers, power companies, sites,
//! restaurants, plants with owners, airports, people. Left out one at a time, each kind gives nearly the same points; lists of
//! banks, which took no part, are said more rightly with the map than without. Whatever the map says, no candidate gets more
//! than its share among those that compete with it: of two twins each has one half at most.

/// Competition's log-odds (natural) → said log-odds, for companies and sites.
const COMPANY: [(f32, f32); 5] = [(-6.9, -4.3), (-2.9, -1.05), (0.0, 1.45), (2.9, 2.95), (5.3, 6.0)];

/// The same for devices. Of a device found by what little is left of its identifiers more pairs are right than independent
/// evidence says: a name, a company and a model that agree do so together.
const DEVICE: [(f32, f32); 4] = [(-6.9, -6.4), (-2.5, -2.0), (0.0, 1.5), (6.9, 8.4)];

/// Log-odds beyond which nothing is told apart any more.
const MOST: f32 = 16.0;

fn through(points: &[(f32, f32)], p: f32) -> f32 {
    let z = (p / (1.0 - p)).ln().clamp(-MOST, MOST);
    let (first, last) = (points[0], points[points.len() - 1]);
    let said = if z <= first.0 {
        z + (first.1 - first.0)
    } else if z >= last.0 {
        z + (last.1 - last.0)
    } else {
        let at = points.partition_point(|point| point.0 < z).max(1);
        let ((x0, y0), (x1, y1)) = (points[at - 1], points[at]);
        y0 + (y1 - y0) * (z - x0) / (x1 - x0)
    };
    1.0 / (1.0 + (-said).exp())
}

/// The most that is said of a candidate with this share of all odds that compete: of two twins each has a half at most, and
/// a better one is held back the less, the weaker its rivals are (often they are the same company once more).
fn most(share: f32) -> f32 {
    if share < 0.5 { share } else { 1.0 - 2.0 * (1.0 - share) * (1.0 - share) }
}

/// What is said of a company pair that the competition gave this probability, and this share of all odds that compete.
#[must_use]
pub fn company(p: f32, share: f32) -> f32 {
    if p <= 0.0 { 0.0 } else { through(&COMPANY, p).min(most(share)) }
}

/// What is said of a device pair that the competition gave this probability, and this share of all odds that compete.
#[must_use]
pub fn device(p: f32, share: f32) -> f32 {
    if p <= 0.0 { 0.0 } else { through(&DEVICE, p).min(most(share)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_candidates_stays() {
        for map in [company, device] {
            let mut last = 0.0;
            for step in 1..=10_000u16 {
                let said = map(f32::from(step) / 10_000.0, 1.0);
                assert!(said >= last && (0.0..=1.0).contains(&said), "{step}");
                last = said;
            }
            assert!((map(0.0, 1.0)).abs() < f32::EPSILON && map(1.0, 1.0) > 0.999_999);
            assert!(map(0.999, 0.5) <= 0.5 && map(0.999, 0.97) > 0.99);
        }
    }
}
