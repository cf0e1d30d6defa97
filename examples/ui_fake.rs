//! The interface over a service made of synthetic rows, to look at and to measure: `ui_fake [DEVICES] [sync|calm|empty]`.

#[path = "../tests/common/fake_service.rs"]
mod fake_service;

use fake_service::FakeService;
use matchbook::app::{AppOptions, run};
use matchbook::service::messages::{Door, Event, Message, Request, Ticket};
use matchbook::term::detect;
use matchbook::ui::UiConfig;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc as blocking};
use std::time::Duration;
use tokio::sync::mpsc;

struct FakeDoor(blocking::Sender<(Ticket, Request)>);

impl Door for FakeDoor {
    fn submit(&self, ticket: Ticket, request: Request) {
        let _ = self.0.send((ticket, request));
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let devices: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let mode = args.next().unwrap_or_else(|| "sync".to_owned());
    let service = if mode == "empty" { FakeService::empty() } else { FakeService::new(devices / 100 + 3, devices) };
    let service = Arc::new(Mutex::new(service));
    let overview = service.lock().expect("not poisoned").overview();
    let (requests_tx, requests_rx) = blocking::channel();
    let (messages_tx, messages) = mpsc::channel(1024);
    answer(Arc::clone(&service), requests_rx, messages_tx.clone());
    if mode == "sync" {
        tokio::spawn(sync(service, messages_tx));
    }
    let able = detect(|name| std::env::var(name).ok());
    let ui = UiConfig { unicode: able.unicode, colour: able.colour, ..UiConfig::default() };
    let options = AppOptions { ui, home: "fake".to_owned(), overview: Some(overview), setup: None };
    match run(Box::new(FakeDoor(requests_tx)), messages, options).await {
        Ok(exit) => {
            eprintln!("{exit:?}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

fn answer(
    service: Arc<Mutex<FakeService>>,
    requests: blocking::Receiver<(Ticket, Request)>,
    messages: mpsc::Sender<Message>,
) {
    std::thread::spawn(move || {
        for (ticket, request) in requests {
            let (reply, events) = service.lock().expect("not poisoned").handle(request);
            let reply = Message::Reply { ticket, reply: Box::new(reply) };
            for message in std::iter::once(reply).chain(events.into_iter().map(Message::Event)) {
                if messages.blocking_send(message).is_err() {
                    return;
                }
            }
        }
    });
}

async fn sync(service: Arc<Mutex<FakeService>>, messages: mpsc::Sender<Message>) {
    let mut beat = tokio::time::interval(Duration::from_millis(100));
    loop {
        beat.tick().await;
        let events: Vec<Event> = service.lock().expect("not poisoned").sync_step();
        for event in events {
            if messages.send(Message::Event(event)).await.is_err() {
                return;
            }
        }
    }
}
