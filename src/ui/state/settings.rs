//! Sync settings as they are edited: nothing is changed before the person says yes to what would leave.

use crate::domain::scope::same_name;
use crate::domain::{IntegrationId, ScopeRule, Stream, SyncScope, TypesMode};
use crate::service::messages::{ChoiceList, ScopePreview, SyncSettings, Ticket};
use std::time::Duration;

/// Longest age of tickets that can be chosen here, in months.
const MOST_MONTHS: u32 = 120;

/// The overlay's state.
#[derive(Debug)]
pub struct Settings {
    /// Whose.
    pub integration: IntegrationId,
    /// Its name.
    pub vendor: String,
    /// What is in effect, with the choices; `None` while it is asked for.
    pub current: Option<SyncSettings>,
    /// As edited.
    pub scope: SyncScope,
    /// Chosen line among those that can be chosen.
    pub cursor: usize,
    /// First line on the screen.
    pub top: usize,
    /// When to ask what the edit would do.
    pub due: Option<Duration>,
    /// The preview under way.
    pub ticket: Option<Ticket>,
    /// What the edit would do; `None` while that is not known.
    pub preview: Option<ScopePreview>,
    /// Enter came before it was known what the edit would do: the question follows the answer.
    pub hurried: bool,
    /// The person is asked whether to do it.
    pub asking: Option<Asking>,
}

/// The question before the change.
#[derive(Debug, Default)]
pub struct Asking {
    /// Lines scrolled down.
    pub scroll: usize,
    /// It was said yes; the answer is under way.
    pub saving: bool,
}

/// A line that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A list takes everything.
    All(ScopeRule),
    /// One choice of a list, by its place.
    Choice(ScopeRule, usize),
    /// Records that have none of the choices.
    None(ScopeRule),
    /// How several types of a company are judged.
    Mode,
    /// A stream on or off.
    Stream(Stream),
    /// Age of tickets.
    Months,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A heading.
    Head(String),
    /// A line that can be chosen.
    Item(Item),
}

impl Settings {
    /// Settings of an integration, still to be asked for.
    pub const fn new(integration: IntegrationId, vendor: String, scope: SyncScope) -> Self {
        Self {
            integration,
            vendor,
            current: None,
            scope,
            cursor: 0,
            top: 0,
            due: None,
            ticket: None,
            preview: None,
            hurried: false,
            asking: None,
        }
    }

    /// The edit differs from what is in effect.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.scope != self.scope)
    }

    /// The vendor's own choices came too. What was edited stays, and so does the chosen line.
    pub fn replace(&mut self, current: SyncSettings) {
        let choice = match self.item() {
            Some(Item::Choice(rule, place)) => self.names(rule).get(place).cloned().map(|name| (rule, name)),
            _ => None,
        };
        let item = self.item();
        if !self.is_changed() {
            self.scope = current.scope.clone();
        }
        self.current = Some(current);
        let wanted = match choice {
            Some((rule, name)) => {
                let place = self.names(rule).iter().position(|other| same_name(other, &name));
                place.map(|place| Item::Choice(rule, place))
            }
            None => item,
        };
        let at = wanted.and_then(|wanted| self.items().iter().position(|item| *item == wanted));
        self.cursor = at.unwrap_or(self.cursor).min(self.items().len().saturating_sub(1));
    }

    /// The list of a setting.
    #[must_use]
    pub fn list(&self, rule: ScopeRule) -> Option<&ChoiceList> {
        self.current.as_ref()?.lists.iter().find(|list| list.rule == rule)
    }

    /// Every line, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let Some(current) = &self.current else { return Vec::new() };
        let mut lines = Vec::new();
        let (queues, lists): (Vec<&ChoiceList>, Vec<&ChoiceList>) =
            current.lists.iter().partition(|list| list.rule == ScopeRule::TicketQueues);
        for list in lists {
            list_lines(list, &self.scope, &mut lines);
        }
        let has = |stream: &Stream| current.streams.iter().any(|s| s.stream == *stream);
        let switches: Vec<Stream> = Stream::INSIDE.into_iter().filter(has).collect();
        if !switches.is_empty() {
            lines.push(Line::Head("Also synced".to_owned()));
            lines.extend(switches.into_iter().map(|stream| Line::Item(Item::Stream(stream))));
        }
        if has(&Stream::Tickets) {
            lines.push(Line::Item(Item::Months));
        }
        for list in queues {
            list_lines(list, &self.scope, &mut lines);
        }
        lines
    }

    /// The lines that can be chosen.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let item = |line| if let Line::Item(item) = line { Some(item) } else { None };
        self.lines().into_iter().filter_map(item).collect()
    }

    /// The chosen one.
    #[must_use]
    pub fn item(&self) -> Option<Item> {
        self.items().get(self.cursor).copied()
    }

    /// The lines shown of a page, with the number of each that can be chosen.
    #[must_use]
    pub fn page(&self, page: usize) -> Vec<(Line, Option<usize>)> {
        let mut number = 0;
        let numbered = self.lines().into_iter().map(|line| {
            let item = matches!(line, Line::Item(_)).then_some(number);
            number += usize::from(item.is_some());
            (line, item)
        });
        numbered.skip(self.top).take(page).collect()
    }

    /// Scrolls so that the chosen line is in sight, with the heading above the first line of its list.
    pub fn keep_in_sight(&mut self, page: usize) {
        let lines = self.lines();
        let mut items = (0..lines.len()).filter(|at| matches!(lines[*at], Line::Item(_)));
        let at = items.nth(self.cursor).unwrap_or(0);
        let head = at.checked_sub(1).filter(|above| matches!(lines[*above], Line::Head(_)));
        self.top = self.top.min(head.unwrap_or(at)).max((at + 1).saturating_sub(page));
    }

    /// First line of the list after the chosen one, or before it.
    #[must_use]
    pub fn next_list(&self, forward: bool) -> usize {
        let items = self.items();
        let group = |item: &Item| match item {
            Item::All(rule) | Item::Choice(rule, _) | Item::None(rule) => Some(*rule),
            Item::Mode => Some(ScopeRule::CompanyTypes),
            Item::Stream(_) | Item::Months => None,
        };
        let starts: Vec<usize> =
            (0..items.len()).filter(|&at| at == 0 || group(&items[at]) != group(&items[at - 1])).collect();
        if forward {
            starts.iter().copied().find(|at| *at > self.cursor).unwrap_or(self.cursor)
        } else {
            starts.iter().copied().rev().find(|at| *at < self.cursor).unwrap_or(0)
        }
    }

    /// Changes what the chosen line says; an error is the reason why that cannot be.
    ///
    /// # Errors
    /// When nothing would be left of a list.
    pub fn toggle(&mut self) -> Result<(), &'static str> {
        match self.item() {
            Some(Item::All(rule)) => match self.scope.chosen_mut(rule) {
                Some(chosen) if chosen.is_empty() => {
                    Err("everything is taken; take choices out one by one, or o for only one")
                }
                Some(chosen) => {
                    chosen.clear();
                    Ok(())
                }
                None => Ok(()),
            },
            Some(Item::Choice(rule, place)) => self.toggle_choice(rule, place),
            Some(Item::None(rule)) if self.scope.none_switch(rule).is_none() => {
                Err("records that have none are taken only while everything is")
            }
            Some(Item::None(rule)) if self.scope.chosen(rule).is_empty() => {
                // Everything is taken: what has none is taken out, the rest is chosen by name.
                let names = self.names(rule);
                self.scope.chosen_mut(rule).into_iter().for_each(|chosen| chosen.clone_from(&names));
                self.scope.switch_mut(rule).into_iter().for_each(|switch| *switch = false);
                Ok(())
            }
            Some(Item::None(rule)) => {
                self.scope.switch_mut(rule).into_iter().for_each(|switch| *switch = !*switch);
                Ok(())
            }
            Some(Item::Mode) => {
                self.scope.company_types_mode = match self.scope.company_types_mode {
                    TypesMode::All => TypesMode::Any,
                    TypesMode::Any => TypesMode::All,
                };
                Ok(())
            }
            Some(Item::Stream(stream)) => {
                let rule = match stream {
                    Stream::Contacts => ScopeRule::Contacts,
                    Stream::Locations => ScopeRule::Locations,
                    _ => ScopeRule::Tickets,
                };
                self.scope.switch_mut(rule).into_iter().for_each(|switch| *switch = !*switch);
                Ok(())
            }
            Some(Item::Months) => Err("h and l make it shorter and longer; 0 takes tickets of any age"),
            None => Ok(()),
        }
    }

    fn toggle_choice(&mut self, rule: ScopeRule, place: usize) -> Result<(), &'static str> {
        let names = self.names(rule);
        let Some(name) = names.get(place).cloned() else { return Ok(()) };
        let Some(chosen) = self.scope.chosen_mut(rule) else { return Ok(()) };
        if chosen.is_empty() {
            *chosen = names.into_iter().filter(|other| *other != name).collect();
        } else if chosen.iter().any(|other| same_name(other, &name)) {
            if chosen.iter().all(|other| same_name(other, &name)) {
                return Err("one choice has to stay; the line “all” takes everything");
            }
            chosen.retain(|other| !same_name(other, &name));
        } else {
            chosen.push(name);
        }
        Ok(())
    }

    /// Takes only the chosen line's choice.
    pub fn only(&mut self) {
        let Some(Item::Choice(rule, place)) = self.item() else { return };
        let Some(name) = self.names(rule).get(place).cloned() else { return };
        if let Some(chosen) = self.scope.chosen_mut(rule) {
            *chosen = vec![name];
        }
    }

    /// Makes the age of tickets longer or shorter.
    pub fn step(&mut self, longer: bool) {
        if self.item() == Some(Item::Months) {
            let months = self.scope.ticket_months;
            self.scope.ticket_months = if longer { (months + 1).min(MOST_MONTHS) } else { months.saturating_sub(1) };
        }
    }

    fn names(&self, rule: ScopeRule) -> Vec<String> {
        let choices = self.list(rule).map(|list| list.choices.as_slice()).unwrap_or_default();
        choices.iter().map(|choice| choice.name.clone()).collect()
    }
}

fn list_lines(list: &ChoiceList, scope: &SyncScope, lines: &mut Vec<Line>) {
    lines.push(Line::Head(list.title.clone()));
    lines.push(Line::Item(Item::All(list.rule)));
    lines.extend((0..list.choices.len()).map(|place| Line::Item(Item::Choice(list.rule, place))));
    if list.none.records > 0 || scope.none_switch(list.rule).is_some() {
        lines.push(Line::Item(Item::None(list.rule)));
    }
    if list.rule == ScopeRule::CompanyTypes {
        lines.push(Line::Item(Item::Mode));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::messages::{ChoiceView, ScopedStream};

    fn settings() -> Settings {
        let choice =
            |name: &str, records| ChoiceView { name: name.into(), records, known: true, ..ChoiceView::default() };
        let list = |rule, none| ChoiceList {
            rule,
            title: "Types".into(),
            choices: vec![choice("A", 3), choice("B", 2), choice("C", 1)],
            none: choice("", none),
        };
        let stream = |stream| ScopedStream { stream, word: String::new(), records: 1, left_out: 0, matched: 0 };
        let mut settings = Settings::new("psa".into(), "PSA".into(), SyncScope::default());
        settings.current = Some(SyncSettings {
            integration: "psa".into(),
            vendor: "PSA".into(),
            scope: SyncScope::default(),
            lists: vec![list(ScopeRule::CompanyTypes, 0), list(ScopeRule::DeviceTypes, 5)],
            streams: vec![stream(Stream::Companies), stream(Stream::Contacts), stream(Stream::Tickets)],
            warnings: Vec::new(),
        });
        settings
    }

    fn at(settings: &mut Settings, item: Item) {
        settings.cursor = settings.items().iter().position(|i| *i == item).unwrap();
    }

    #[test]
    fn the_first_choice_taken_out_names_the_rest_and_the_last_one_stays() {
        let mut settings = settings();
        at(&mut settings, Item::Choice(ScopeRule::CompanyTypes, 1));
        assert_eq!(settings.toggle(), Ok(()));
        assert_eq!(settings.scope.company_types, ["A", "C"]);
        settings.only();
        assert_eq!(settings.scope.company_types, ["B"]);
        assert!(settings.toggle().is_err() && settings.is_changed());
        at(&mut settings, Item::All(ScopeRule::CompanyTypes));
        assert_eq!(settings.toggle(), Ok(()));
        assert!(!settings.is_changed() && settings.toggle().is_err());
    }

    #[test]
    fn what_has_none_can_be_taken_out_alone() {
        let mut settings = settings();
        assert!(!settings.items().contains(&Item::None(ScopeRule::CompanyTypes)), "there are no such companies");
        at(&mut settings, Item::None(ScopeRule::DeviceTypes));
        assert_eq!(settings.toggle(), Ok(()));
        assert_eq!((settings.scope.device_types.len(), settings.scope.untyped), (3, false));
        assert_eq!(settings.toggle(), Ok(()));
        assert!(settings.scope.untyped);
    }

    #[test]
    fn switches_mode_and_months() {
        let mut settings = settings();
        for item in [Item::Mode, Item::Stream(Stream::Contacts), Item::Stream(Stream::Tickets)] {
            at(&mut settings, item);
            assert_eq!(settings.toggle(), Ok(()));
        }
        let scope = &settings.scope;
        assert_eq!((scope.company_types_mode, scope.contacts, scope.tickets), (TypesMode::Any, false, false));
        at(&mut settings, Item::Months);
        settings.step(true);
        settings.step(false);
        settings.step(false);
        assert_eq!(settings.scope.ticket_months, 11);
        (0..20).for_each(|_| settings.step(false));
        assert_eq!(settings.scope.ticket_months, 0);
    }

    #[test]
    fn the_heading_stays_in_sight_and_lists_are_jumped_between() {
        let mut settings = settings();
        settings.cursor = settings.items().len() - 1;
        settings.keep_in_sight(4);
        assert!(settings.top > 0 && settings.page(4).last().unwrap().1 == Some(settings.cursor));
        settings.cursor = settings.next_list(false);
        settings.cursor = settings.next_list(false);
        assert_eq!(settings.item(), Some(Item::All(ScopeRule::DeviceTypes)));
        settings.keep_in_sight(4);
        assert!(matches!(settings.page(4)[0].0, Line::Head(_)));
        settings.cursor = 0;
        assert_eq!(settings.next_list(true), 5, "four lines and the mode belong to the types");
    }
}
