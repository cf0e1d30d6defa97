//! Where a listing in the order of the ids stands: behind the last id, so that rows which come or go meanwhile move
//! nothing.

use super::dialect::{At, Next, later};
use super::http::{CallError, CallErrorKind};

/// Place in such a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The last id that was read.
    pub(super) after: Option<String>,
    /// The order has to be asked for: the endpoint gives no links.
    pub(super) ordered: bool,
    /// Nothing follows.
    pub(super) end: bool,
    /// Where the vendor says that it goes on.
    link: Option<String>,
    /// Behind which id the pages that are linked began.
    began: Option<String>,
}

/// What a page led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It counts.
    Taken,
    /// It came in no known order: it has to be asked for once more.
    Again,
    /// The same rows come again and again.
    Stuck,
}

impl Place {
    /// Behind that id.
    pub(super) fn behind(after: Option<String>, ordered: bool) -> Self {
        Self { after, ordered, ..Self::default() }
    }

    /// What to ask for.
    pub(super) fn at(&self) -> At<'_> {
        let after = self.after.as_deref();
        match self.link.as_deref() {
            Some(link) => At::Link { link, began: self.began.as_deref(), after },
            None => At::Behind(after),
        }
    }

    /// Takes in what a page said.
    pub(super) fn step(&mut self, next: &Next, last_id: Option<&str>, rows: usize) -> Step {
        let after = last_id.map(|id| later(self.after.clone(), id)).or_else(|| self.after.clone());
        let moved = after != self.after;
        if self.link.is_none() {
            self.began.clone_from(&self.after);
        }
        match next {
            Next::Counted if !self.ordered => {
                self.ordered = true;
                return Step::Again;
            }
            // A short page may be the vendor's own limit: only an empty one is the end.
            Next::Counted => self.end = rows == 0,
            Next::End => self.end = true,
            Next::More(link) => self.link.clone_from(link),
        }
        self.after = after;
        if self.end || moved { Step::Taken } else { Step::Stuck }
    }

    /// Goes on behind the last id instead of where a link leads: the pages get another size.
    pub(super) fn leave_links(&mut self) {
        self.link = None;
    }

    /// A link may have run out at the vendor; the last id has not. True when that is another way to go on.
    pub(super) fn forget_link(&mut self, error: &CallError) -> bool {
        let refused = matches!(error.kind, CallErrorKind::Refused | CallErrorKind::NotFound);
        refused && self.link.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_goes_on_behind_the_greatest_id() {
        let mut place = Place::default();
        assert_eq!(place.step(&Next::More(None), Some("99"), 2), Step::Taken);
        assert_eq!(place.step(&Next::More(None), Some("100"), 2), Step::Taken);
        assert_eq!(place.at(), At::Behind(Some("100")), "by number, not by letters");
        assert_eq!(place.step(&Next::More(None), Some("100"), 2), Step::Stuck);
        assert_eq!(place.step(&Next::End, None, 0), Step::Taken);
        assert!(place.end);
    }

    #[test]
    fn links_remember_where_they_began() {
        let mut place = Place::behind(Some("7".into()), false);
        place.step(&Next::More(Some("a".into())), Some("8"), 1);
        place.step(&Next::More(Some("b".into())), Some("9"), 1);
        assert_eq!(place.at(), At::Link { link: "b", began: Some("7"), after: Some("9") });
        place.leave_links();
        assert_eq!(place.at(), At::Behind(Some("9")));
    }

    #[test]
    fn without_links_the_order_is_asked_for_until_a_page_is_empty() {
        let mut place = Place::default();
        assert_eq!(place.step(&Next::Counted, Some("7"), 5), Step::Again);
        assert_eq!(place.at(), At::Behind(None));
        assert_eq!(place.step(&Next::Counted, Some("5"), 5), Step::Taken);
        assert!(!place.end);
        assert_eq!(place.step(&Next::Counted, None, 0), Step::Taken);
        assert!(place.end);
    }
}
