//! How nodes tell each other that something was committed, by `NOTIFY`.
//!
//! Whoever notifies holds a lock of the whole server until his commit is on disk. Within the commits
//! themselves that would let the server do one at a time. So a node rings after its commits, over a
//! connection of its own, once for all of the last few milliseconds, and without waiting for the disk. That a
//! node dies in between, or the server loses it, is made up for by looking now and then.

use std::future::poll_fn;
use std::sync::OnceLock;
use std::time::Duration;

use futures::stream::{Stream, unfold};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::{AsyncMessage, Client};

use crate::backoff::Backoff;
use crate::connection::{Connections, Line, Served};

const LISTEN: &str = "LISTEN bursar_commits";

/// Once without waiting for the disk.
const RING: &str = "
    SELECT pg_notify('bursar_commits', $1)
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick";

/// A node rings no more often than this.
const PAUSE: Duration = Duration::from_millis(10);

/// What a node rings and hears.
pub(crate) struct Bell {
    line: Line,
    /// Who rings. A node doesn't listen to itself.
    node: String,
    /// Whoever asks the task to ring; full if it is about to.
    ringer: OnceLock<mpsc::Sender<()>>,
    closed: watch::Sender<bool>,
}

impl Bell {
    /// Nothing is connected yet.
    pub(crate) fn new(line: Line, node: String) -> Self {
        Self { line, node, ringer: OnceLock::new(), closed: watch::channel(false).0 }
    }

    /// Something was committed here.
    pub(crate) fn ring(&self) {
        let ringer = self.ringer.get_or_init(|| {
            let (ringer, rung) = mpsc::channel(1);
            let (line, node) = (self.line.clone(), self.node.clone());
            tokio::spawn(ring(line, node, rung, self.closed.subscribe()));
            ringer
        });
        // If it is full, it will ring for us as well.
        let _ = ringer.try_send(());
    }

    /// An item whenever another node may have rung. Ends when the store is closed.
    pub(crate) fn hear(&self) -> impl Stream<Item = ()> + Send + 'static {
        let (heard, hearing) = mpsc::channel(1);
        let (line, node) = (self.line.clone(), self.node.clone());
        let mut closed = self.closed.subscribe();
        tokio::spawn(async move {
            let is_over = heard.clone();
            tokio::select! {
                () = is_over.closed() => {}
                _ = closed.wait_for(|closed| *closed) => {}
                () = hear(&line, &node, &heard) => {}
            }
        });
        unfold(hearing, |mut hearing| async move {
            hearing.recv().await?;
            Some(((), hearing))
        })
    }

    /// Rings and hears no more.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }
}

async fn ring(
    line: Line,
    node: String,
    mut rung: mpsc::Receiver<()>,
    mut closed: watch::Receiver<bool>,
) {
    let ringing = async {
        let Ok(connection) = Connections::of(line, 1) else { return };
        while rung.recv().await.is_some() {
            if let Err(error) = connection.query(RING, &[&node]).await {
                tracing::debug!(%error, "other nodes can't be told of commits; they look by themselves");
            }
            sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = ringing => {}
        _ = closed.wait_for(|closed| *closed) => {}
    }
}

/// Listens for ever; again and again, if the connection is cut.
async fn hear(line: &Line, node: &str, heard: &mpsc::Sender<()>) {
    loop {
        let mut backoff = Backoff::endless();
        let (client, served) = loop {
            match listen(line, node, heard).await {
                Ok(listening) => break listening,
                Err(error) => tracing::debug!(%error, "can't listen to other nodes; trying again"),
            }
            backoff.wait().await;
        };
        // Whatever was missed until now.
        let _ = heard.try_send(());
        // Until the connection is cut. It is also over when the client is dropped, with all of this.
        let _ = served.await;
        drop(client);
        tracing::info!("the connection that listens to other nodes was cut; making another");
        Backoff::endless().wait().await;
    }
}

async fn listen(
    line: &Line,
    node: &str,
    heard: &mpsc::Sender<()>,
) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
    let (client, connection) = line.connect().await?;
    let served = tokio::spawn(serve(connection, node.to_owned(), heard.clone()));
    client.batch_execute(LISTEN).await?;
    Ok((client, served))
}

/// Serves a connection until it ends.
async fn serve(mut connection: Served, node: String, heard: mpsc::Sender<()>) {
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message
            && notification.payload() != node
        {
            // If it is full, there is news already.
            let _ = heard.try_send(());
        }
    }
}
