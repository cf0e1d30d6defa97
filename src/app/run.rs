//! One loop: shutdown first, then input, then messages in batches, then the frame that is due.

use super::Setup;
use crate::domain::{Clock, Failure, FailureClass, SystemClock};
use crate::service::messages::{Door, Event, Message, Overview};
use crate::term::{
    Ending, FrameClock, Guard, Input, InputEvent, MouseEvent, SLOW_SPACING, SPACING, Screen, Signals, Stdout, Taking,
    watch_for_hangup,
};
use crate::ui::{Effect, Mouse, Msg, Now, SetupAnswer, Spoken, State, UiConfig, draw, start, update};
use futures::future::BoxFuture;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Messages taken in before a frame; more wait for the next turn, so that a flood cannot keep keys waiting.
const BATCH: usize = 256;
/// A loop turn longer than this is reported in the trace.
const LONG_TURN: Duration = Duration::from_millis(100);
/// Answers of the wizard's requests under way; more than one is rare.
const ANSWERS: usize = 8;
/// A frame waits so long for rows that are on their way, so that a jump is one frame and not two.
const HOLD: Duration = Duration::from_millis(8);

/// What the interface starts with.
#[derive(Clone, Default)]
pub struct AppOptions {
    /// Settings.
    pub ui: UiConfig,
    /// The home's name, for the header.
    pub home: String,
    /// What is already known, so that the first frame shows it.
    pub overview: Option<Overview>,
    /// Connects systems; without it the home cannot be changed from the interface.
    pub setup: Option<Arc<dyn Setup>>,
}

/// How the interface ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The person left.
    Quit,
    /// Settings changed: the home is to be opened anew.
    Reload,
    /// A signal or a vanished terminal.
    Ended(Ending),
    /// The service closed its side.
    DoorClosed,
}

/// Runs the interface until the person leaves or the program has to end. The terminal is given back in every case.
///
/// # Errors
/// When there is no terminal (class `Usage`) or it cannot be used (class `Local`).
pub async fn run(door: Box<dyn Door>, messages: mpsc::Receiver<Message>, options: AppOptions) -> Result<Exit, Failure> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Failure::new(
            FailureClass::Usage,
            "the interface needs a terminal, and input or output is not one",
            "run it without a pipe (ssh needs -t), or use the subcommands: matchbook --help",
        ));
    }
    let broken = |e: io::Error| Failure::new(FailureClass::Local, format!("the terminal cannot be used: {e}"), "");
    let signals = Signals::new().map_err(broken)?;
    let size = crate::term::size().map_err(broken)?;
    let taking = match (options.ui.plain, options.ui.mouse) {
        (true, _) => Taking::Keys,
        (false, true) => Taking::Mouse,
        (false, false) => Taking::Screen,
    };
    let guard = Guard::enter(taking).map_err(broken)?;
    let mut app = App::new(door, options, size, guard);
    let exit = app.turn_until_end(messages, signals, watch_for_hangup()).await;
    match exit {
        Ok(exit) => Ok(exit),
        // A terminal that vanished shows as an error of reading or writing.
        Err(e) if gone(&e) => Ok(Exit::Ended(Ending::HangUp)),
        Err(e) => Err(broken(e)),
    }
}

fn gone(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(code) if code == rustix::io::Errno::IO.raw_os_error())
        || matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::WriteZero | io::ErrorKind::UnexpectedEof)
}

struct App {
    door: Box<dyn Door>,
    state: State,
    screen: Screen<Stdout>,
    guard: Guard,
    frames: FrameClock,
    started: Instant,
    wakes: Vec<Duration>,
    suspend: bool,
    ended: Option<Exit>,
    setup: Option<Arc<dyn Setup>>,
    /// What was said to a screen reader; `None` where the screen is painted.
    plain: Option<Spoken>,
    answers: mpsc::Sender<SetupAnswer>,
    answered: Option<mpsc::Receiver<SetupAnswer>>,
}

impl App {
    fn new(door: Box<dyn Door>, options: AppOptions, size: (u16, u16), guard: Guard) -> Self {
        let now = Now { wall: SystemClock.now(), since_start: Duration::ZERO };
        let (answers, answered) = mpsc::channel(ANSWERS);
        let spacing = if options.ui.low_bandwidth { SLOW_SPACING } else { SPACING };
        let plain = options.ui.plain.then(Spoken::default);
        let mut app = Self {
            door,
            state: State::new(options.ui, options.home, size, now),
            screen: Screen::new(Stdout, size),
            guard,
            frames: FrameClock::new(spacing),
            plain,
            started: Instant::now(),
            wakes: Vec::new(),
            suspend: false,
            ended: None,
            setup: options.setup,
            answers,
            answered: Some(answered),
        };
        app.state.guide = app.setup.as_ref().and_then(|s| s.guide());
        app.state.kinds = app.setup.as_ref().map(|s| s.kinds()).unwrap_or_default();
        if let Some(overview) = options.overview {
            app.tell(Msg::Door(Box::new(Message::Event(Event::Overview(Box::new(overview))))));
        }
        let effects = start(&mut app.state);
        app.carry_out(effects);
        app
    }

    async fn turn_until_end(
        &mut self,
        mut messages: mpsc::Receiver<Message>,
        mut signals: Signals,
        mut hung_up: oneshot::Receiver<()>,
    ) -> io::Result<Exit> {
        let mut input = Input::start();
        let Some(mut answered) = self.answered.take() else { return Ok(Exit::Quit) };
        loop {
            let due = self.next_due();
            tokio::select! {
                biased;
                Ok(()) = &mut hung_up => return Ok(Exit::Ended(Ending::HangUp)),
                signal = signals.next() => match signal {
                    Some(ending) => return Ok(Exit::Ended(ending)),
                    None => self.come_back()?,
                },
                events = input.next() => match events? {
                    Some(events) => self.take_input(events),
                    None => return Ok(Exit::Ended(Ending::HangUp)),
                },
                message = messages.recv() => match message {
                    Some(message) => self.take_messages(message, &mut messages),
                    None => return Ok(Exit::DoorClosed),
                },
                Some(answer) = answered.recv() => self.tell(Msg::Setup(answer)),
                () = tokio::time::sleep_until((self.started + due.unwrap_or_default()).into()), if due.is_some() => {}
            }
            self.finish_turn()?;
            if let Some(exit) = self.ended {
                return Ok(exit);
            }
            if std::mem::take(&mut self.suspend) {
                self.guard.pause();
                signals.stop_job().await;
                self.come_back()?;
            }
        }
    }

    fn since_start(&self) -> Duration {
        self.started.elapsed()
    }

    /// When the loop has something to do by itself.
    fn next_due(&self) -> Option<Duration> {
        self.wakes.iter().copied().chain(self.frames.due()).min()
    }

    fn take_input(&mut self, events: Vec<InputEvent>) {
        for event in events {
            self.tell(match event {
                InputEvent::Key(key) => Msg::Key(key),
                InputEvent::Paste(text) => Msg::Paste(text),
                InputEvent::Resize(width, height) => Msg::Resize(width, height),
                InputEvent::Mouse(MouseEvent::Click, x, y) => Msg::Mouse(Mouse::Click, x, y),
                InputEvent::Mouse(MouseEvent::WheelUp, x, y) => Msg::Mouse(Mouse::Up, x, y),
                InputEvent::Mouse(MouseEvent::WheelDown, x, y) => Msg::Mouse(Mouse::Down, x, y),
            });
        }
    }

    fn take_messages(&mut self, first: Message, messages: &mut mpsc::Receiver<Message>) {
        self.tell(Msg::Door(Box::new(first)));
        for _ in 1..BATCH {
            let Ok(message) = messages.try_recv() else { break };
            self.tell(Msg::Door(Box::new(message)));
        }
    }

    fn tell(&mut self, msg: Msg) {
        let begun = Instant::now();
        let now = Now { wall: SystemClock.now(), since_start: self.since_start() };
        let effects = update(&mut self.state, now, msg);
        self.carry_out(effects);
        if begun.elapsed() > LONG_TURN {
            tracing::warn!(elapsed = ?begun.elapsed(), "a turn of the event loop took long");
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Submit(ticket, request) => self.door.submit(ticket, request),
                Effect::Copy(text) => {
                    if let Err(error) = self.screen.copy(&text) {
                        tracing::warn!(%error, "the clipboard text could not be sent");
                    }
                }
                Effect::Draw => self.frames.now(self.since_start()),
                Effect::DrawSoon => self.frames.soon(self.since_start()),
                Effect::WakeAt(at) => self.wakes.push(at),
                Effect::Repaint => self.screen.resize(self.state.size),
                Effect::Suspend => self.suspend = true,
                Effect::Quit => self.ended = Some(Exit::Quit),
                Effect::Reload => self.ended = Some(Exit::Reload),
                Effect::Deactivate(flow) => {
                    if let Some(setup) = &self.setup {
                        setup.give_up(flow);
                        self.ended = Some(Exit::Reload);
                    }
                }
                Effect::DeleteOrphans(integration, stream) => {
                    if let Some(setup) = &self.setup {
                        setup.delete_orphans(integration, stream);
                        self.ended = Some(Exit::Reload);
                    }
                }
                Effect::TestConnection(draft) => self.set_up(|s| s.test(draft), SetupAnswer::Tested),
                Effect::SaveConnection(draft) => self.set_up(|s| s.save(draft), SetupAnswer::Saved),
                Effect::SaveView(view) => self.set_up(|s| s.save_view(view), SetupAnswer::ViewsKept),
                Effect::RemoveView(view) => self.set_up(|s| s.remove_view(view), SetupAnswer::ViewsKept),
                Effect::SaveFlow(flow) => self.set_up(|s| s.save_flow(flow), SetupAnswer::FlowSaved),
            }
        }
    }

    /// Starts something that the wizard asked for; its answer comes as a message.
    fn set_up<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Setup) -> BoxFuture<'static, Result<T, Failure>>,
        answer: impl FnOnce(Result<T, Failure>) -> SetupAnswer + Send + 'static,
    ) {
        let Some(setup) = &self.setup else { return };
        let (work, answers) = (work(setup.as_ref()), self.answers.clone());
        tokio::spawn(async move {
            // The interface may be gone by then.
            let _ = answers.send(answer(work.await)).await;
        });
    }

    /// Wakes and draws what is due.
    fn finish_turn(&mut self) -> io::Result<()> {
        let now = self.since_start();
        let due = self.wakes.len();
        self.wakes.retain(|at| *at > now);
        if self.wakes.len() < due {
            self.tell(Msg::Wake);
        }
        if self.frames.due().is_some_and(|due| due <= self.since_start()) && !self.wait_for_data() {
            let state = &self.state;
            match &mut self.plain {
                Some(spoken) => self.screen.print(&spoken.news(state))?,
                None => drop(self.screen.frame(|buffer| draw(state, buffer))?),
            }
            self.frames.drawn(self.since_start());
        }
        Ok(())
    }

    /// True when the frame was put off because rows for it are on their way; never twice in a row.
    fn wait_for_data(&mut self) -> bool {
        let now = self.since_start();
        let Some(until) = self.state.awaited(HOLD) else { return false };
        if until <= now {
            return false;
        }
        self.frames.hold(until);
        true
    }

    /// The program is in the foreground again: modes, size and content of the terminal are unknown.
    fn come_back(&mut self) -> io::Result<()> {
        self.guard.retake()?;
        let (width, height) = crate::term::size()?;
        self.screen.forget();
        self.tell(Msg::Resize(width, height));
        Ok(())
    }
}
