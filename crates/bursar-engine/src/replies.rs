//! Handing outcomes to those who wait for them.
//!
//! A writer that may block has a thread of its own, which is none of the runtime's. If it woke the callers itself, each
//! would go into the queue that all workers of the runtime share, under its lock, and most with a system call that wakes a
//! worker. So it hands over the outcomes of a whole commit at once, to a task that wakes the callers from within.

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::envelope::Outcome;

/// The outcomes of commands that were sent together, and who waits for them.
pub(crate) struct Reply {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) to: oneshot::Sender<Vec<Outcome>>,
}

impl Reply {
    fn send(self) {
        // A caller that went away learns of its command by sending the key again.
        let _ = self.to.send(self.outcomes);
    }
}

/// How a writer's outcomes get to those who wait.
pub(crate) enum Replies {
    /// From the writer itself: it is a task of the runtime.
    Own,
    /// By a task, those of a commit together.
    Together(mpsc::UnboundedSender<Vec<Reply>>),
}

impl Replies {
    /// A task of the runtime that this is called in. It ends when the writer has, and all is handed over.
    pub(crate) fn together() -> (Self, JoinHandle<()>) {
        let (sender, mut commits) = mpsc::unbounded_channel::<Vec<Reply>>();
        let task = tokio::spawn(async move {
            while let Some(replies) = commits.recv().await {
                replies.into_iter().for_each(Reply::send);
            }
        });
        (Self::Together(sender), task)
    }

    /// Hands over the outcomes of a commit.
    pub(crate) fn send(&self, replies: Vec<Reply>) {
        match self {
            Self::Own => replies.into_iter().for_each(Reply::send),
            Self::Together(task) => {
                // Only if the runtime has gone, and all who waited with it.
                let _ = task.send(replies);
            }
        }
    }
}
