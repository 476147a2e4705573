//! The thread that writes the views behind the journal.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bursar_store::StoreError;
use rusqlite::Connection;

use crate::directory::Directory;
use crate::error::Result;
use crate::pace::Pace;
use crate::sorted::Sorted;
use crate::tail::Tail;
use crate::views;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Starts it. It ends when the tail is closed and all is written, or can't be.
pub(crate) fn start(
    directory: Directory,
    connection: Connection,
    sorted: Arc<Sorted>,
    tail: Arc<Tail>,
) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("bursar-views".to_owned())
        .spawn(move || run(&directory, connection, &sorted, &tail))
        .map_err(|error| StoreError::Unavailable(format!("no thread for the views: {error}")))
}

fn run(directory: &Directory, mut connection: Connection, sorted: &Sorted, tail: &Tail) {
    let is_waited_for = || tail.is_pressed();
    let mut pace = Pace::unless(&is_waited_for);
    while let Some(segment) = tail.seal() {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = views::write(directory, &mut connection, sorted, &segment, &mut pace)
        {
            tracing::error!(%error, "the views can't be written; trying again");
            if !tail.in_trouble(error.to_string(), pause) {
                // The journal has it all; the next start writes what is missing.
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        tail.written(&segment);
        if let Some(segment) = Arc::into_inner(segment) {
            segment.take_apart(&mut pace);
        }
    }
}
