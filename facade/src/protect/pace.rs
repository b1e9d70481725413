//! A stream that fails when its client dawdles with the headers of a request or in reading an answer. hyper's own limit for
//! headers runs from the answer before, so that it is the one for idle connections, and does not hold for the first bytes of
//! all. How long a handler may take, with the body that it reads, is limited where requests are: [`crate::context`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::settings::Connections;

/// What HTTP/2 begins with. It has frames of its own between requests, which are no headers.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How many requests of a connection have begun, and how many of them have their answer.
#[derive(Clone, Default)]
pub struct Requests(Arc<[AtomicU64; 2]>);

/// A request that has no answer yet.
pub struct UnderWay(Requests);

impl Requests {
    /// The headers are here.
    pub fn begin(&self) -> UnderWay {
        self.0[0].fetch_add(1, Relaxed);
        UnderWay(self.clone())
    }

    fn begun(&self) -> u64 {
        self.0[0].load(Relaxed)
    }

    fn under_way(&self) -> bool {
        self.begun() != self.0[1].load(Relaxed)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0[1].fetch_add(1, Relaxed);
    }
}

/// A stream with limits of time.
pub struct Paced<S> {
    stream: S,
    limits: Connections,
    requests: Requests,
    /// When the headers that have begun to arrive must be complete.
    headers_by: Option<Instant>,
    /// How many requests there were when they began to.
    headers_of: u64,
    /// How much of the preface has come; `None` if it is not HTTP/2.
    preface: Option<usize>,
    /// Since when the client does not read.
    stuck: Option<Instant>,
    reading: Pin<Box<Sleep>>,
    writing: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    /// The stream of a client that has just come.
    pub fn new(stream: S, limits: Connections, requests: Requests) -> Self {
        Self {
            stream,
            limits,
            requests,
            headers_by: Some(Instant::now() + limits.header_timeout),
            headers_of: 0,
            preface: Some(0),
            stuck: None,
            reading: Box::pin(sleep(limits.header_timeout)),
            writing: Box::pin(sleep(limits.write_timeout)),
        }
    }

    fn has_read(&mut self, bytes: &[u8]) {
        if let Some(seen) = self.preface.filter(|seen| *seen < PREFACE.len()) {
            let length = bytes.len().min(PREFACE.len() - seen);
            let same = bytes[..length] == PREFACE[seen..seen + length];
            self.preface = same.then_some(seen + length);
        }
        if self.preface == Some(PREFACE.len()) {
            self.headers_by = None;
        } else if !self.requests.under_way() && self.headers_of != self.requests.begun() {
            self.headers_of = self.requests.begun();
            self.headers_by = Some(Instant::now() + self.limits.header_timeout);
        }
    }

    /// When nothing more of the headers may be waited for. Those that began before the last request did are complete.
    fn read_by(&self) -> Option<Instant> {
        self.headers_by
            .filter(|_| self.headers_of == self.requests.begun())
    }

    fn wait_for_reader(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let since = *self.stuck.get_or_insert_with(Instant::now);
        ready!(passes(
            &mut self.writing,
            since + self.limits.write_timeout,
            cx
        ));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

fn passes(timer: &mut Pin<Box<Sleep>>, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
    if timer.deadline() != deadline {
        timer.as_mut().reset(deadline);
    }
    timer.as_mut().poll(cx)
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(cx, into) {
            self.has_read(&into.filled()[before..]);
            return Poll::Ready(result);
        }
        if let Some(deadline) = self.read_by() {
            ready!(passes(&mut self.reading, deadline, cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Pending => self.wait_for_reader(cx),
            written => {
                self.stuck = None;
                written
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, bytes) {
            Poll::Pending => self.wait_for_reader(cx),
            written => {
                self.stuck = None;
                written
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
