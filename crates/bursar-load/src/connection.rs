//! HTTP/1.1 as a client needs it that asks, waits for the reply and asks again.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room for a reply to begin with.
const ROOM: usize = 16 * 1024;
/// More headers than any reply of ours has.
const HEADERS: usize = 32;

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    /// The bytes of one reply.
    reply: BytesMut,
    /// Where its body begins.
    body: usize,
    /// Does the server close it after this reply?
    closing: bool,
}

/// The first part of a reply.
struct Head {
    status: u16,
    bytes: usize,
    body_bytes: usize,
    closing: bool,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, reply: BytesMut::with_capacity(ROOM), body: 0, closing: false })
    }

    /// Sends a request and reads the reply; its status.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.reply.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read().await?;
            if let Some(head) = head(&self.reply)? {
                break head;
            }
        };
        let whole = head.bytes.saturating_add(head.body_bytes);
        self.reply.reserve(whole.saturating_sub(self.reply.len()));
        while self.reply.len() < whole {
            self.read().await?;
        }
        (self.body, self.closing) = (head.bytes, head.closing);
        Ok(head.status)
    }

    /// The body of the last reply.
    pub(crate) fn body(&self) -> &[u8] {
        self.reply.get(self.body..).unwrap_or_default()
    }

    /// Can it be asked again?
    pub(crate) fn lasts(&self) -> bool {
        !self.closing
    }

    async fn read(&mut self) -> io::Result<()> {
        if self.reply.capacity() == self.reply.len() {
            self.reply.reserve(ROOM);
        }
        if self.stream.read_buf(&mut self.reply).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// The first part of a reply, once it is all there.
fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let odd = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|error| odd(&error.to_string()))?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let header = |name: &str| {
        let mut headers = response.headers.iter();
        let found = headers.find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let status = response.code.ok_or_else(|| odd("a reply without a status"))?;
    let body_bytes = match header("content-length") {
        Some(length) => length.parse().map_err(|_| odd("a length that is no number"))?,
        None if status == 204 || status == 304 => 0,
        None => return Err(odd("a reply without a length")),
    };
    let closing = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Some(Head { status, bytes: length, body_bytes, closing }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let reply = b"HTTP/1.1 201 Created\r\nContent-Length: 12\r\nConnection: close\r\n\r\n";
        for part in 0..reply.len() {
            assert!(head(&reply[..part]).unwrap().is_none(), "{part}");
        }
        let head = head(reply).unwrap().unwrap();
        assert_eq!((head.status, head.bytes, head.body_bytes), (201, reply.len(), 12));
        assert!(head.closing);
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for wrong in [
            &b"SSH-2.0-OpenSSH\r\n"[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert!(head(wrong).is_err(), "{wrong:?}");
        }
    }
}
