//! Drives the interface without a terminal: keys in, the fake service behind, a vt100 terminal in front.
#![allow(dead_code, reason = "each test file uses a part of it")]

use super::fake_service::{FakeService, noon};
use matchbook::service::messages::{Event, Message, Request, Ticket};
use matchbook::term::Screen;
use matchbook::ui::{Effect, Key, Msg, Now, State, UiConfig, draw, start, update};
use std::collections::VecDeque;
use std::num::NonZero;
use std::time::Duration;

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a terminal has cells")
}

/// Interface, service and terminal.
pub struct Harness {
    /// The interface.
    pub state: State,
    /// The service.
    pub service: FakeService,
    /// Answers wait here while the line is slow.
    pub slow: bool,
    /// Bytes of the last frame.
    pub bytes: usize,
    /// Texts sent to the clipboard.
    pub copied: Vec<String>,
    /// The person left.
    /// Effects that somebody else would have to carry out.
    pub outside: Vec<Effect>,
    pub quit: bool,
    /// Requests of the last message.
    pub asked: Vec<Request>,
    waiting: VecDeque<(Ticket, Request)>,
    wakes: Vec<Duration>,
    clock: Duration,
    screen: Screen<Vec<u8>>,
    terminal: vt100::Parser,
    sent: usize,
    dirty: bool,
}

impl Harness {
    /// An interface of that size over a service, with everything fetched.
    pub fn new(service: FakeService, size: (u16, u16)) -> Self {
        Self::with(service, size, UiConfig::default())
    }

    /// The same with settings.
    pub fn with(service: FakeService, size: (u16, u16), config: UiConfig) -> Self {
        let now = Now { wall: noon(), since_start: Duration::ZERO };
        let mut harness = Self {
            state: State::new(config, "acme-msp".to_owned(), size, now),
            service,
            slow: false,
            bytes: 0,
            copied: Vec::new(),
            outside: Vec::new(),
            quit: false,
            asked: Vec::new(),
            waiting: VecDeque::new(),
            wakes: Vec::new(),
            clock: Duration::ZERO,
            screen: Screen::new(Vec::new(), size),
            terminal: vt100::Parser::new(cells(size.1), cells(size.0), 0),
            sent: 0,
            dirty: false,
        };
        let effects = start(&mut harness.state);
        harness.carry_out(effects);
        harness.answer();
        harness.rest();
        harness.frame();
        harness
    }

    fn now(&self) -> Now {
        Now { wall: noon(), since_start: self.clock }
    }

    fn tell(&mut self, msg: Msg) {
        let now = self.now();
        let effects = update(&mut self.state, now, msg);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Submit(ticket, request) => {
                    self.asked.push(request.clone());
                    self.waiting.push_back((ticket, request));
                }
                Effect::Copy(text) => self.copied.push(text),
                Effect::Draw | Effect::DrawSoon => self.dirty = true,
                Effect::WakeAt(at) => self.wakes.push(at),
                Effect::Repaint => {
                    let (width, height) = self.state.size;
                    self.screen.resize((width, height));
                    self.terminal.screen_mut().set_size(cells(height), cells(width));
                }
                Effect::Suspend
                | Effect::Reload
                | Effect::Deactivate(_)
                | Effect::DeleteOrphans(..)
                | Effect::TestConnection(_)
                | Effect::SaveConnection(_)
                | Effect::SaveView(_)
                | Effect::RemoveView(_)
                | Effect::SaveFlow(_) => self.outside.push(effect),
                Effect::Quit => self.quit = true,
            }
        }
    }

    /// The service answers everything that waits.
    pub fn answer(&mut self) {
        while let Some((ticket, request)) = self.waiting.pop_front() {
            let (reply, events) = self.service.handle(request);
            self.tell(Msg::Door(Box::new(Message::Reply { ticket, reply: Box::new(reply) })));
            self.events(events);
        }
    }

    /// The service answers what has waited longest.
    pub fn answer_one(&mut self) {
        if let Some((ticket, request)) = self.waiting.pop_front() {
            let (reply, _) = self.service.handle(request);
            self.tell(Msg::Door(Box::new(Message::Reply { ticket, reply: Box::new(reply) })));
        }
    }

    /// The service tells of something.
    pub fn events(&mut self, events: Vec<Event>) {
        for event in events {
            self.tell(Msg::Door(Box::new(Message::Event(event))));
        }
        if !self.slow {
            self.answer();
        }
    }

    /// Time goes by until nothing is due any more.
    pub fn rest(&mut self) {
        while let Some(at) = self.wakes.iter().copied().min() {
            self.clock = self.clock.max(at);
            self.wakes.retain(|w| *w > at);
            self.tell(Msg::Wake);
            if !self.slow {
                self.answer();
            }
        }
    }

    /// Paints a frame when something changed.
    pub fn frame(&mut self) {
        self.bytes = 0;
        if std::mem::take(&mut self.dirty) {
            let state = &self.state;
            self.bytes = self.screen.frame(|buffer| draw(state, buffer)).expect("memory");
            let wire = &self.screen.wire()[self.sent..];
            self.terminal.process(wire);
            self.sent = self.screen.wire().len();
        }
    }

    /// One key, answered by the next frame; nothing that is due later happens.
    pub fn key(&mut self, key: &str) {
        self.asked.clear();
        let key = Key::parse(key).unwrap_or_else(|| panic!("{key} is a key"));
        self.tell(Msg::Key(key));
        if !self.slow {
            self.answer();
        }
        self.frame();
    }

    /// Keys separated by blanks, then rest.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.key(key);
        }
        self.rest();
        self.frame();
    }

    /// Typed characters, then rest.
    pub fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.tell(Msg::Key(Key::plain(matchbook::ui::KeyCode::Char(c))));
        }
        self.rest();
        self.frame();
    }

    /// A message from elsewhere, then rest.
    pub fn send(&mut self, msg: Msg) {
        self.tell(msg);
        self.rest();
        self.frame();
    }

    /// Another size of the terminal.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.tell(Msg::Resize(width, height));
        self.answer();
        self.rest();
        self.frame();
    }

    /// What the terminal shows.
    pub fn shown(&self) -> String {
        let (_, width) = self.terminal.screen().size();
        self.terminal
            .screen()
            .rows(0, width.get())
            .map(|line| line.trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The terminal's lines.
    pub fn lines(&self) -> Vec<String> {
        self.shown().lines().map(str::to_owned).collect()
    }

    /// The terminal.
    pub fn terminal(&self) -> &vt100::Screen {
        self.terminal.screen()
    }

    /// Fails with the screen when the text is not on it.
    #[track_caller]
    pub fn see(&self, text: &str) {
        assert!(self.shown().contains(text), "not on the screen: {text}\n{}", self.shown());
    }

    /// Fails with the screen when the text is on it.
    #[track_caller]
    pub fn miss(&self, text: &str) {
        assert!(!self.shown().contains(text), "still on the screen: {text}\n{}", self.shown());
    }

    /// The last line with the cursor's sign: that of the lowest pane that has one.
    #[track_caller]
    pub fn cursor_line(&self) -> String {
        let found = self.lines().into_iter().rfind(|l| l.contains('▌'));
        found.unwrap_or_else(|| panic!("no cursor\n{}", self.shown()))
    }
}
