//! A disk that fills up under load: writes are refused in words, reads go on, nothing is lost.

use serde_json::json;

use super::load::{Load, Sent, keys_in_journal, keys_of, open_accounts, send_again};
use super::server::{BURSAR, Server, bursar_on, command, serve_arguments};

/// The most blocks of 512 bytes that any file may have.
const BLOCKS: usize = 6_000;

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    // Made without the limit, and stopped so that the log starts empty.
    let server = Server::start(&data);
    open_accounts(&server);
    server.stop();

    // A write beyond the limit fails, as it would on a full disk; the signal that comes with it would
    // end the process.
    let script = format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" \"$@\"");
    let mut limited = command("sh");
    limited.args(["-c", &script, BURSAR]).args(serve_arguments(&data));
    let server = Server::spawn(&data, &mut limited);
    let sent = Load::start(&server, "load").finish();
    let (acknowledged, refused): (Vec<Sent>, Vec<Sent>) =
        sent.into_iter().partition(Sent::is_acknowledged);
    assert!(acknowledged.len() > 50, "hardly any load: {}", acknowledged.len());
    for sent in &refused {
        let (status, body) = sent.reply.as_ref().expect("refused with a reply");
        assert_eq!((*status, &body["code"]), (503, &json!("storage_unavailable")), "{body}");
        let detail = body["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && !detail.contains("panic"), "{detail}");
    }

    // Reads still work, and so do replays, which are reads.
    let balance = server.get("/v1/accounts/customer-0/balance").success();
    assert!(balance["available"].as_f64().unwrap() > 0.0, "{balance}");
    server.get("/v1/accounts/customer-0/statement?limit=5").success();
    let again = acknowledged.iter().rev().take(500).cloned().collect::<Vec<_>>();
    for (sent, (status, replayed, body)) in again.iter().zip(send_again(&server, &again)) {
        assert_eq!(sent.reply, Some((status, body)), "{sent:?}");
        assert!(replayed, "{sent:?}");
    }

    // Room again: writing goes on by itself. What was refused was not done, and is done now.
    let (now, later) = refused.split_at(refused.len() / 2);
    make_room(&server);
    redo(&server, now);
    server.kill();
    let server = Server::start(&data);
    for (sent, (status, replayed, body)) in
        acknowledged.iter().zip(send_again(&server, &acknowledged))
    {
        assert_eq!(sent.reply, Some((status, body)), "{sent:?}");
        assert!(replayed, "{sent:?}");
    }
    redo(&server, later);
    server.stop();
    let journal = keys_in_journal(&data);
    let journal: Vec<_> = journal.into_iter().filter(|(_, key)| key.starts_with("load-")).collect();
    assert_eq!(journal, keys_of(acknowledged.iter().chain(&refused)));
    bursar_on(&data, &["verify"]).ok();
}

/// Does what was refused.
fn redo(server: &Server, refused: &[Sent]) {
    for (sent, (status, replayed, body)) in refused.iter().zip(send_again(server, refused)) {
        let done = (200..300).contains(&status) && !replayed;
        assert!(done, "{status} {replayed} {body}: {sent:?}");
    }
}

/// Lifts the limit of the running server.
fn make_room(server: &Server) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let unlimited = Rlimit { current: None, maximum: None };
    prlimit(Pid::from_raw(server.id()), Resource::Fsize, unlimited).unwrap();
}
