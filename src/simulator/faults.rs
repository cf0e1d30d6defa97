//! Fault profiles, and what can go wrong with one request.

use super::{
    server::Limit,
    world::{derived, derived_below},
};
use crate::domain::{Failure, FailureClass};
use std::{fmt, str::FromStr, time::Duration};

/// What goes wrong by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Faults {
    /// Only the published limits.
    #[default]
    None,
    /// Limits so tight that 429 with Retry-After occurs.
    Limits,
    /// Server errors, resets, slow, truncated and malformed answers, unreadable rows; the same for the same seed and
    /// order of requests.
    Flaky,
    /// Requests whose end the client does not learn: carried out and answered with a server error, or not at all; some
    /// fail before they are carried out, and some are over the limit.
    Unsure,
}

impl Faults {
    /// All profiles.
    pub const ALL: [Self; 4] = [Self::None, Self::Limits, Self::Flaky, Self::Unsure];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Limits => "limits",
            Self::Flaky => "flaky",
            Self::Unsure => "unsure",
        }
    }

    /// The limit to enforce where the vendor publishes this one. The tight ones keep `Retry-After` at one second.
    pub(super) fn limit(self, published: Limit) -> Limit {
        match self {
            Self::Limits => Limit { requests: 8, per: Duration::from_secs(1) },
            Self::None | Self::Flaky | Self::Unsure => published,
        }
    }

    /// What goes wrong with the request of that number. A retry has another number, so a client that retries a few
    /// times gets through.
    pub(super) fn of_request(self, seed: u64, number: u64) -> Option<Failing> {
        match self {
            Self::None => None,
            // Other users of the account use up its limit too.
            Self::Limits => (number % 7 == 5).then_some(Failing::Limited { retry_after: 1 }),
            Self::Unsure => match derived_below(seed ^ 0x0B5E, number, 1000) {
                0..50 => Some(Failing::Done(if number.is_multiple_of(2) { 500 } else { 504 })),
                50..90 => Some(Failing::LostAnswer),
                90..110 => Some(Failing::Truncated),
                110..140 => Some(Failing::Status(503)),
                140..160 => Some(Failing::Reset),
                160..180 => Some(Failing::Limited { retry_after: 0 }),
                // Longer than an impatient client waits.
                180..184 => Some(Failing::DoneLate(Duration::from_millis(1_500))),
                _ => None,
            },
            Self::Flaky => {
                let part = derived(seed, number);
                match derived_below(seed ^ 0xF1A2, number, 1000) {
                    0..30 => Some(Failing::Status([500, 502, 503, 504][usize::try_from(part % 4).unwrap_or(0)])),
                    30..45 => Some(Failing::Reset),
                    45..55 => Some(Failing::LostAnswer),
                    55..75 => Some(Failing::Slow(Duration::from_millis(100 + part % 400))),
                    75..87 => Some(Failing::Truncated),
                    87..99 => Some(Failing::Malformed),
                    99..119 => Some(Failing::BadRow),
                    _ => None,
                }
            }
        }
    }
}

impl FromStr for Faults {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        Self::ALL.into_iter().find(|f| f.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Failure::new(FailureClass::Usage, format!("no fault profile “{text}”"), format!("choose one of {names}"))
        })
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One way in which a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// Answered with this status and an HTML or JSON body, not carried out.
    Status(u16),
    /// Answered with 429, not carried out.
    Limited {
        /// Seconds in the `Retry-After` header.
        retry_after: u64,
    },
    /// The connection is reset, not carried out.
    Reset,
    /// Carried out, then the connection is reset.
    LostAnswer,
    /// Carried out, then answered with this status all the same.
    Done(u16),
    /// Carried out at once and answered so much later.
    DoneLate(Duration),
    /// Carried out and answered late.
    Slow(Duration),
    /// Carried out; the body ends early.
    Truncated,
    /// Carried out; the body is no JSON.
    Malformed,
    /// Carried out; one row of the page, if there is one, cannot be read.
    BadRow,
    /// Carried out; then the page's first row vanishes and comes back under a new id: what follows moves up by one.
    Shifted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_have_names_and_others_are_refused_with_the_list() {
        for faults in Faults::ALL {
            assert_eq!(faults.name().parse(), Ok(faults));
        }
        let failure = "bad".parse::<Faults>().unwrap_err();
        assert!(failure.remedy.contains("none, limits, flaky"), "{failure}");
    }

    #[test]
    fn flaky_is_the_same_for_the_same_seed_and_never_blocks_for_long() {
        let faults: Vec<_> = (0..20_000).map(|n| Faults::Flaky.of_request(7, n)).collect();
        assert!((0..20_000).zip(&faults).all(|(n, f)| Faults::Flaky.of_request(7, n) == *f));
        let fails = |f: &Option<Failing>| !matches!(f, None | Some(Failing::Slow(_) | Failing::BadRow));
        let longest = faults.split(|f| !fails(f)).map(<[_]>::len).max();
        assert!(longest <= Some(5), "{longest:?} failures in a row");
        let share = faults.iter().filter(|f| fails(f)).count();
        assert!((1000..2500).contains(&share), "{share} of 20,000");
    }
}
