//! Many commands in one request.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;
use std::thread;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::clients::{Client, Known, PAUSE, Sent, judge};
use super::super::server::Reply;

/// What came of a request with many commands.
enum Attempt {
    /// A reply for each of them.
    Answered(Vec<Reply>),
    /// None of them was done.
    NotDone,
    /// Who knows?
    Lost,
}

impl Client<'_> {
    /// Sends commands in one request until each has a yes or a no. Their replies, where it is yes.
    pub(crate) fn send_batch(&mut self, mut commands: Vec<Sent>) -> Vec<Option<Value>> {
        let mut lost = 0;
        loop {
            let mut open: Vec<&mut Sent> =
                commands.iter_mut().filter(|command| command.known == Known::Nothing).collect();
            if open.is_empty() || self.office.closes() {
                break;
            }
            match self.attempt_batch(&open) {
                Attempt::Answered(replies) => {
                    if lost == 1 {
                        self.compare_order(&open, &replies);
                    }
                    for (command, reply) in open.iter_mut().zip(replies) {
                        self.office.see(&command.account, reply.version);
                        self.note(command, judge(self.office, command, &reply));
                    }
                }
                Attempt::Lost => {
                    lost += 1;
                    open.iter_mut().for_each(|command| command.lost = true);
                }
                Attempt::NotDone => {}
            }
            if commands.iter().any(|command| command.known == Known::Nothing) {
                thread::sleep(PAUSE);
            }
        }
        let replies = commands.iter().map(|command| match &command.known {
            Known::Done(text) => {
                self.office.acknowledged.fetch_add(1, Ordering::Relaxed);
                Some(serde_json::from_str(text).unwrap())
            }
            _ => None,
        });
        let replies = replies.collect();
        self.sent.append(&mut commands);
        replies
    }

    fn attempt_batch(&self, commands: &[&mut Sent]) -> Attempt {
        let operations: Vec<Value> = commands.iter().map(|command| operation(command)).collect();
        let body = json!({"operations": operations});
        let reply = match self.servers.api(0).post("/v1/batch", "unused", &body) {
            Ok(reply) => reply,
            Err(error) if error.is_connect() => {
                self.office.count("not connected");
                return Attempt::NotDone;
            }
            Err(_) => {
                self.office.count("no answer to a batch");
                return Attempt::Lost;
            }
        };
        let replies = (reply.status == 200).then(|| replies(&reply.text));
        match replies {
            Some(replies) if replies.len() == commands.len() => Attempt::Answered(replies),
            _ if reply.status == 503 => Attempt::NotDone,
            _ => {
                self.office.wrong(format!("{reply:?}: {body}"));
                Attempt::Lost
            }
        }
    }

    /// Commands of one request on one account are done in order: if one of them was done by the request
    /// whose reply was lost, so were those before it.
    fn compare_order(&self, commands: &[&mut Sent], replies: &[Reply]) {
        let mut missing = BTreeMap::new();
        for (command, reply) in commands.iter().zip(replies) {
            match (reply.replayed, missing.get(&command.account)) {
                (false, None) if reply.is_success() => {
                    missing.insert(&command.account, &command.key);
                }
                (true, Some(before)) => {
                    let key = &command.key;
                    self.office.wrong(format!("{key} was done, and not {before} before it"));
                }
                _ => {}
            }
        }
    }
}

/// A command as a part of a batch.
fn operation(command: &Sent) -> Value {
    let words: Vec<&str> = command.path.split('/').skip(4).collect();
    let (op, hold) = match words[..] {
        ["charges"] => ("charge", None),
        ["holds"] => ("hold", None),
        ["holds", hold, what] => (what, Some(hold)),
        _ => panic!("not for a batch: {command:?}"),
    };
    let mut operation = command.body.clone();
    operation["op"] = json!(op);
    operation["account"] = json!(command.account);
    operation["idempotency_key"] = json!(command.key);
    if let Some(hold) = hold {
        operation["hold"] = json!(hold);
    }
    operation
}

/// The replies that the single calls would have had, to the byte.
fn replies(text: &str) -> Vec<Reply> {
    let batch: HashMap<String, Vec<HashMap<String, Box<RawValue>>>> =
        serde_json::from_str(text).unwrap();
    let replies = batch["results"].iter().map(|result| {
        let text = format!("{}\n", result["body"].get());
        let body: Value = serde_json::from_str(&text).unwrap();
        Reply {
            status: result["status"].get().parse().unwrap(),
            replayed: result["replayed"].get() == "true",
            version: body["version"].as_u64(),
            retry_after: String::new(),
            body,
            text,
        }
    });
    replies.collect()
}
