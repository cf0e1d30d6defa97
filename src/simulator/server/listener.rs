//! A listener that only ever binds to this machine, and connections that can be cut like a broken line.

use crate::domain::{Failure, FailureClass};
use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Listens on a loopback address.
pub struct Loopback {
    inner: TcpListener,
    stop: CancellationToken,
}

impl Loopback {
    /// Binds to the address, or to a free port of 127.0.0.1. Cancelling `stop` cuts every connection.
    ///
    /// # Errors
    /// The address is not loopback, or it is taken.
    pub async fn bind(address: Option<SocketAddr>, stop: CancellationToken) -> Result<Self, Failure> {
        let address = address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        if !address.ip().is_loopback() {
            return Err(Failure::new(
                FailureClass::Usage,
                format!("the simulated vendors do not listen on {address}: it is not a loopback address"),
                "use 127.0.0.1:PORT",
            ));
        }
        let inner = TcpListener::bind(address).await.map_err(|error| {
            Failure::new(FailureClass::Local, format!("cannot listen on {address}: {error}"), "choose another port")
        })?;
        Ok(Self { inner, stop })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr, Failure> {
        self.inner
            .local_addr()
            .map_err(|error| Failure::new(FailureClass::Local, format!("the listener has no address: {error}"), ""))
    }
}

impl Listener for Loopback {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.inner.accept().await {
                Ok((stream, peer)) => return (Connection::new(stream, self.stop.child_token()), peer),
                // Out of file handles: the connections that are open will free some.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// Cuts one connection: the peer sees a reset.
#[derive(Clone)]
pub struct Cut(pub CancellationToken);

impl Connected<IncomingStream<'_, Loopback>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Loopback>) -> Self {
        Self(stream.io().cut.clone())
    }
}

/// A connection that ends with a reset once it is cut.
pub struct Connection {
    stream: TcpStream,
    cut: CancellationToken,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Connection {
    fn new(stream: TcpStream, cut: CancellationToken) -> Self {
        // Without it small answers wait for the peer's acknowledgement; refusal only costs speed.
        let _ = stream.set_nodelay(true);
        Self { stream, cancelled: Box::pin(cut.clone().cancelled_owned()), cut }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cancelled.as_mut().poll(context).is_pending() {
            return Ok(());
        }
        // A reset instead of an orderly end; where the system refuses, the peer sees an early end, which is as bad.
        let _ = self.stream.set_zero_linger();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
