//! A wire to a server that can be cut at the worst moment, for tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a part of tests, in this crate only because several crates use it"
)]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Pass,
    /// It never reaches the server.
    CutBefore,
    /// A part of what is written reaches the server.
    CutMidway,
    /// The server makes it, and the answer is lost.
    CutAfter,
}

/// Between a store and its server. It serves as long as the runtime that it was made in.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The database's URL by way of this.
    pub url: String,
    fate: Arc<Mutex<Fate>>,
    /// After a cut nobody gets through until this says so.
    open: watch::Sender<bool>,
    cuts: watch::Sender<u32>,
}

impl Proxy {
    /// In front of a database.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn new(url: &str) -> Self {
        let server = url.split(['@', '/']).find(|part| part.contains("127.0.0.1:")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let proxy = Self {
            url: url.replace(server, &own),
            fate: Arc::new(Mutex::new(Fate::Pass)),
            open: watch::Sender::new(true),
            cuts: watch::Sender::new(0),
        };
        let (serving, server) = (proxy.clone(), server.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Whoever comes while it is closed is hung up on.
                if !*serving.open.borrow() {
                    continue;
                }
                // And whoever comes while the server is down.
                if let Ok(server) = TcpStream::connect(&server).await {
                    tokio::spawn(serving.clone().serve(client, server));
                }
            }
        });
        proxy
    }

    /// Cuts at the next commit, and lets nobody through until [`Proxy::mend`].
    ///
    /// # Panics
    /// Never: nobody panics with the lock.
    pub fn cut(&self, fate: Fate) {
        self.cuts.send_replace(0);
        *self.fate.lock().unwrap() = fate;
    }

    /// Lets everybody through again, and forgets a cut that has not come.
    ///
    /// # Panics
    /// Never: nobody panics with the lock.
    pub fn mend(&self) {
        *self.fate.lock().unwrap() = Fate::Pass;
        self.open.send_replace(true);
    }

    /// Waits for the cut.
    ///
    /// # Panics
    /// If the proxy has ended.
    pub async fn wait_for_cut(&self) {
        self.cuts.subscribe().wait_for(|cuts| *cuts > 0).await.unwrap();
    }

    async fn serve(self, mut client: TcpStream, mut server: TcpStream) {
        let (mut asked, mut answered) = (vec![0; 1 << 20], vec![0; 1 << 20]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Ok(length @ 1..) = read else { return };
                    let part = &asked[..length];
                    let fate = if has_commit(part) { self.fate() } else { Fate::Pass };
                    let sent = match fate {
                        Fate::Pass | Fate::CutAfter => part,
                        Fate::CutMidway => &part[..length / 2],
                        Fate::CutBefore => &[],
                    };
                    if server.write_all(sent).await.is_err() {
                        return;
                    }
                    if fate == Fate::CutAfter {
                        await_commit(&mut server, &mut answered).await;
                    }
                    if fate != Fate::Pass {
                        self.cuts.send_modify(|cuts| *cuts += 1);
                        return;
                    }
                }
                read = server.read(&mut answered) => {
                    let Ok(length @ 1..) = read else { return };
                    if client.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Of the commit that comes, once.
    fn fate(&self) -> Fate {
        let fate = std::mem::replace(&mut *self.fate.lock().unwrap(), Fate::Pass);
        if fate != Fate::Pass {
            self.open.send_replace(false);
        }
        fate
    }
}

async fn await_commit(server: &mut TcpStream, answered: &mut [u8]) {
    loop {
        match server.read(answered).await {
            Ok(length @ 1..) if !has_commit(&answered[..length]) => {}
            // Also if the server hangs up: nobody hears of that commit either.
            _ => return,
        }
    }
}

fn has_commit(part: &[u8]) -> bool {
    part.windows(7).any(|window| window == b"COMMIT\0")
}
