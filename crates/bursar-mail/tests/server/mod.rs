//! A mail server on this machine that takes every mail, or answers what a test tells it to.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a server behaves.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// What it can do, beyond the least.
    pub(crate) offers: Vec<&'static str>,
    /// What it answers to a verb instead of taking it: `("RCPT", "550 no")`. The greeting's verb is
    /// empty, that of a mail's content is a dot. An answer without text closes the connection.
    pub(crate) answers: Vec<(&'static str, &'static str)>,
    /// Says nothing at all.
    pub(crate) silent: bool,
    /// Its certificate.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Speaks TLS from the first byte instead of after STARTTLS.
    pub(crate) tls_first: bool,
}

impl Script {
    fn told(&self, verb: &str) -> Option<&'static str> {
        self.answers.iter().find(|(told, _)| *told == verb).map(|(_, text)| *text)
    }
}

/// A mail server that is running.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

/// What it has been told, over all its connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Every command.
    pub(crate) commands: Vec<String>,
    /// Every mail that it took.
    pub(crate) mails: Vec<String>,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), Arc::clone(&shared)));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, script: Script, seen: Arc<Mutex<Seen>>) {
    if script.silent {
        std::future::pending::<()>().await;
    }
    if let Some(tls) = script.tls.as_ref().filter(|_| script.tls_first) {
        if let Ok(stream) = tls.accept(stream).await {
            converse(BufStream::new(stream), &script, &seen, true).await;
        }
        return;
    }
    if let (Some(stream), Some(tls)) =
        (converse(BufStream::new(stream), &script, &seen, true).await, &script.tls)
        && let Ok(stream) = tls.accept(stream.into_inner()).await
    {
        converse(BufStream::new(stream), &script, &seen, false).await;
    }
}

/// Until the client leaves, or asks for TLS: then the stream goes on as another.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufStream<S>,
    script: &Script,
    seen: &Mutex<Seen>,
    greets: bool,
) -> Option<BufStream<S>> {
    if greets {
        answer(&mut stream, script, "", "220 mail.test ESMTP").await?;
    }
    loop {
        let line = line(&mut stream).await?;
        seen.lock().unwrap().commands.push(line.clone());
        let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let offers = ["mail.test"].iter().chain(&script.offers);
                let (last, others) = (script.offers.last().unwrap_or(&"mail.test"), offers);
                let mut text: String = others.map(|offer| format!("250-{offer}\r\n")).collect();
                text.push_str(&format!("250 {last}"));
                answer(&mut stream, script, &verb, &text).await?;
            }
            "STARTTLS" => {
                answer(&mut stream, script, &verb, "220 go ahead").await?;
                return Some(stream);
            }
            "AUTH" => answer(&mut stream, script, &verb, "235 2.7.0 welcome").await?,
            "DATA" => {
                answer(&mut stream, script, &verb, "354 end with a dot").await?;
                if script.told("DATA").is_some() {
                    continue;
                }
                let mail = content(&mut stream).await?;
                answer(&mut stream, script, ".", "250 2.0.0 taken").await?;
                if script.told(".").is_none() {
                    seen.lock().unwrap().mails.push(mail);
                }
            }
            _ => answer(&mut stream, script, &verb, "250 2.0.0 fine").await?,
        }
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    script: &Script,
    verb: &str,
    usual: &str,
) -> Option<()> {
    let text = script.told(verb).unwrap_or(usual);
    if text.is_empty() {
        return None;
    }
    stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn line<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    Some(line.strip_suffix("\r\n").unwrap().to_owned())
}

async fn content<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> Option<String> {
    let mut mail = String::new();
    loop {
        let line = line(stream).await?;
        if line == "." {
            return Some(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
        mail.push_str("\r\n");
    }
}
