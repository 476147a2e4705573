//! SIGKILL under load, again and again: what was acknowledged is there, once and whole.

use std::collections::HashSet;

use super::load::{Load, Sent, keys_in_journal, keys_of, open_accounts, send_again};
use super::server::{Server, bursar_on};

/// After how many acknowledged commands each crash comes; not always as many, so that crashes hit the
/// store at different stages.
const CRASHES: [usize; 5] = [300, 1_000, 20, 2_500, 700];

#[test]
fn every_acknowledged_command_survives_a_crash_exactly_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data);
    open_accounts(&server);
    let mut all: Vec<Sent> = Vec::new();
    for (round, commands) in CRASHES.into_iter().enumerate() {
        let load = Load::start(&server, &format!("round-{round}"));
        load.reach(commands);
        server.kill();
        let sent = load.finish();
        server = Server::start(&data);
        all.extend(resolve(&server, sent));
    }
    // Not only the crash right before: nothing of any round has changed.
    let last = all.iter().rev().step_by(7).cloned().collect::<Vec<_>>();
    for (sent, (status, replayed, body)) in last.iter().zip(send_again(&server, &last)) {
        assert_eq!(sent.reply, Some((status, body)), "{sent:?}");
        assert!(replayed, "{sent:?}");
    }
    server.stop();

    let journal = keys_in_journal(&data);
    let unique: HashSet<_> = journal.iter().collect();
    assert_eq!(journal.len(), unique.len(), "a key has two entries");
    let ours = journal.into_iter().filter(|(_, key)| key.starts_with("round-")).collect::<Vec<_>>();
    assert_eq!(ours, keys_of(all.iter()));
    bursar_on(&data, &["verify"]).ok();
}

/// Sends everything of a round again: what was acknowledged is answered as before and marked, what
/// was in doubt is settled now. Returns all of it with its answers.
pub(crate) fn resolve(server: &Server, sent: Vec<Sent>) -> Vec<Sent> {
    let answers = send_again(server, &sent);
    let settled = sent.into_iter().zip(answers).map(|(sent, (status, replayed, body))| {
        if sent.is_acknowledged() {
            assert_eq!(sent.reply, Some((status, body.clone())), "{sent:?}");
            assert!(replayed, "done a second time: {sent:?}");
        } else {
            assert_eq!(sent.reply, None, "refused: {sent:?}");
            assert!((200..300).contains(&status), "{status} {body}: {sent:?}");
        }
        Sent { reply: Some((status, body)), ..sent }
    });
    settled.collect()
}
