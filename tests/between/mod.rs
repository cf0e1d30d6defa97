//! A line between matchbook and a vendor on which anything can go wrong: a small HTTP/1.1 server that passes requests
//! on and lets a test change, delay, cut or lose the answers.
#![allow(dead_code, reason = "each test file uses a part of it")]

use reqwest::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The vendor's answer, before it is sent on.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub sent: Sent,
}

/// How an answer arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// As it should.
    Whole,
    /// Not at all: the connection is reset.
    Lost,
    /// Half of the body, then the connection ends.
    Cut,
    /// In many small pieces.
    Drip,
    /// Half of the body, then nothing.
    Stalled,
}

impl Answer {
    /// Replaces it by one of that status and content.
    pub fn replace(&mut self, status: u16, content_type: &str, body: &str) {
        self.status = status;
        self.headers = vec![("content-type".into(), content_type.into())];
        self.body = body.into();
    }

    /// Sets a header.
    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
    }
}

/// Changes answers.
pub type Meddle = Box<dyn FnMut(&Asked, &mut Answer) + Send>;

/// The line.
pub struct Between {
    pub address: SocketAddr,
    meddle: Arc<Mutex<Option<Meddle>>>,
    front: Arc<Mutex<Option<String>>>,
}

impl Between {
    /// Passes everything on to the vendor at that address.
    pub async fn start(vendor: SocketAddr) -> Self {
        // Fails only where another test of this process installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let meddle: Arc<Mutex<Option<Meddle>>> = Arc::default();
        let front: Arc<Mutex<Option<String>>> = Arc::default();
        let (shared, encrypted) = (Arc::clone(&meddle), Arc::clone(&front));
        let client = reqwest::Client::builder().no_proxy().no_gzip().build().expect("a client");
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (client, meddle, front) = (client.clone(), Arc::clone(&shared), Arc::clone(&encrypted));
                tokio::spawn(async move { serve(socket, vendor, &client, &meddle, &front).await });
            }
        });
        Self { address, meddle, front }
    }

    /// It stands behind an encrypted front at that address: links to it in answers say so, as a vendor's do.
    pub fn stands_behind(&self, front: &str) {
        *self.front.lock().expect("a lock") = Some(front.to_owned());
    }

    /// Changes answers from now on.
    pub fn meddle(&self, meddle: impl FnMut(&Asked, &mut Answer) + Send + 'static) {
        *self.meddle.lock().expect("a lock") = Some(Box::new(meddle));
    }

    /// Passes everything on as it is again.
    pub fn leave_alone(&self) {
        *self.meddle.lock().expect("a lock") = None;
    }
}

/// Requests of one connection, until either side ends it.
async fn serve(
    socket: TcpStream,
    vendor: SocketAddr,
    client: &reqwest::Client,
    meddle: &Mutex<Option<Meddle>>,
    front: &Mutex<Option<String>>,
) {
    let _ = socket.set_nodelay(true);
    let mut socket = BufReader::new(socket);
    while let Some(asked) = read(&mut socket).await {
        let mut answer = pass_on(&asked, vendor, client).await;
        if let Some(front) = front.lock().expect("a lock").as_deref() {
            encrypt_links(&mut answer, front);
        }
        if let Some(meddle) = meddle.lock().expect("a lock").as_mut() {
            meddle(&asked, &mut answer);
        }
        if write(socket.get_mut(), &answer).await.is_none() {
            return;
        }
    }
}

/// Links to the front name its encrypted address.
fn encrypt_links(answer: &mut Answer, front: &str) {
    let plain = front.replacen("https://", "http://", 1);
    if let Ok(body) = std::str::from_utf8(&answer.body)
        && body.contains(&plain)
    {
        answer.body = body.replace(&plain, front).into_bytes();
    }
    for (_, value) in &mut answer.headers {
        *value = value.replace(&plain, front);
    }
}

async fn read(socket: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut first = lines.first()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()));
    let mut body = vec![0; length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)];
    socket.read_exact(&mut body).await.ok()?;
    Some(Asked { method, target, headers, body })
}

async fn pass_on(asked: &Asked, vendor: SocketAddr, client: &reqwest::Client) -> Answer {
    let method = asked.method.parse().expect("a method");
    let mut request = client.request(method, format!("http://{vendor}{}", asked.target)).body(asked.body.clone());
    for (name, value) in &asked.headers {
        if !name.eq_ignore_ascii_case("accept-encoding") && !name.eq_ignore_ascii_case("content-length") {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.expect("the vendor answers");
    let status = answer.status().as_u16();
    let kept = answer.headers().iter().filter(|(name, _)| ![CONTENT_LENGTH, TRANSFER_ENCODING].contains(name));
    let headers = kept.map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned())).collect();
    let body = answer.bytes().await.expect("the vendor's answer is whole").to_vec();
    Answer { status, headers, body, sent: Sent::Whole }
}

/// `None` when the connection is over.
async fn write(socket: &mut TcpStream, answer: &Answer) -> Option<()> {
    if answer.sent == Sent::Lost {
        let _ = socket.set_zero_linger();
        return None;
    }
    let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    socket.write_all(head.as_bytes()).await.ok()?;
    let half = answer.body.len() / 2;
    match answer.sent {
        Sent::Whole | Sent::Lost => socket.write_all(&answer.body).await.ok(),
        Sent::Drip => {
            for piece in answer.body.chunks(answer.body.len().div_ceil(20).max(1)) {
                socket.write_all(piece).await.ok()?;
                socket.flush().await.ok()?;
                tokio::task::yield_now().await;
            }
            Some(())
        }
        Sent::Cut => {
            socket.write_all(&answer.body[..half]).await.ok()?;
            None
        }
        Sent::Stalled => {
            socket.write_all(&answer.body[..half]).await.ok()?;
            // Until the client gives up and closes, or the test ends.
            let mut end = [0];
            let _ = tokio::time::timeout(Duration::from_mins(1), socket.read(&mut end)).await;
            None
        }
    }
}
