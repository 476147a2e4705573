//! SIGKILL while files are stored, deleted and purged: no bytes that nobody knows, and no names without
//! bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::{Api, PATIENCE, Server, bursar_on};

const ASSETS: &str = "/v1/accounts/ada/assets";
/// How many files there are to delete and to purge.
const FILES: usize = 1_000;
/// How many of them are deleted one by one.
const DELETED: usize = 300;
/// After how many deletions each crash comes.
const CRASHES_OF_DELETIONS: [usize; 4] = [3, 40, 90, 11];
/// How many of the purged files may be left when each crash comes.
const CRASHES_OF_THE_PURGE: [usize; 5] = [FILES - DELETED, 600, 380, 120, 4];
/// Clients at once.
const CLIENTS: usize = 4;

#[test]
fn a_purge_that_is_interrupted_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data);
    server.customer("ada", 100);
    server.subscribe("ada");
    let stored = store(&server);
    for deletions in CRASHES_OF_DELETIONS {
        let deleting = Deleting::start(&server, &stored);
        deleting.reach(deletions);
        server.kill();
        deleting.finish();
        server = Server::start(&data);
    }
    let deleting = Deleting::start(&server, &stored);
    deleting.finish();
    let left = list(&server);
    assert_eq!(left.len(), FILES - DELETED);
    // The names go after the contents.
    wait("deleted files are erased", || objects(&data).len() == left.len());
    wait("their names are erased", || named(&data) == left.len());

    let cancel = "/v1/accounts/ada/subscription/cancel";
    server.post(cancel, "end", &json!({})).success();
    advance(&server, "58d", "retention");
    // The clock's step is the commit that gives the files up. Erasing them goes on behind it.
    advance(&server, "2d", "purge");
    for objects_left in CRASHES_OF_THE_PURGE {
        wait("the purge goes on", || objects(&data).len() <= objects_left);
        server.kill();
        server = Server::start(&data);
    }
    let certificates = "/v1/accounts/ada/purge_certificates";
    wait("the purge is certified", || server.get(certificates).success()["data"] != json!([]));
    let certificate = server.get(certificates).success()["data"][0].clone();
    assert_eq!(
        (&certificate["assets"], &certificate["objects"]),
        (&json!(left.len()), &json!(left.len()))
    );
    assert_eq!(certificate["bytes"], left.values().map(|size| size.as_u64().unwrap()).sum::<u64>());
    assert_eq!(certificate["digest"], digest(&left), "of the list that was there before");
    assert_eq!(server.get(certificates).success()["data"].as_array().unwrap().len(), 1);
    assert_eq!(list(&server).len(), 0);
    assert_eq!((objects(&data), named(&data)), (Vec::new(), 0));
    server.stop();
    bursar_on(&data, &["verify"]).ok();
    assert_eq!((objects(&data), named(&data)), (Vec::new(), 0));
}

/// What is put again and again until the server is killed: an upload that was acknowledged is there as
/// it was, and of the others nothing is left.
#[test]
fn uploads_that_a_crash_cuts_off_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data);
    server.customer("ada", 100);
    server.subscribe("ada");
    let mut acknowledged = BTreeMap::new();
    for round in 0..6_u8 {
        let uploads = Uploading::start(&server, round);
        // In the middle of some files, after a different number of whole ones each time.
        uploads.reach(usize::from(round) * 2);
        wait("an upload is under way", || objects(&data).iter().any(|file| file.contains('#')));
        server.kill();
        acknowledged.extend(uploads.finish());
        server = Server::start_with(&data, &["--sweep-after", "0s"]);
        assert!(!objects(&data).iter().any(|file| file.contains('#')), "a stray was not swept");
    }
    assert!(acknowledged.len() > 10);
    // What was begun and not finished is given up, and erased.
    advance(&server, "2h", "give-up");
    let stored = list(&server);
    wait("nothing else is left", || objects(&data).len() == stored.len());
    wait("no other name is left", || named(&data) == stored.len());
    for (asset, content) in &acknowledged {
        let found = server.api().content(&format!("{ASSETS}/{asset}/content"));
        assert!(found == *content, "{asset} is acknowledged, and is not what was put");
    }
    server.stop();
    bursar_on(&data, &["verify"]).ok();
}

/// Stores all files; their ids.
fn store(server: &Server) -> Vec<String> {
    let clients = (0..CLIENTS).map(|client| {
        let api = server.api().separate();
        thread::spawn(move || {
            let mine = (0..FILES).filter(|number| number % CLIENTS == client);
            mine.map(|number| put(&api, &format!("file-{number}"), &content(number)))
                .collect::<Vec<_>>()
        })
    });
    let clients: Vec<_> = clients.collect();
    clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
}

fn put(api: &Api, name: &str, content: &[u8]) -> String {
    let asset = begin(api, name, content.len()).unwrap();
    let path = format!("{ASSETS}/{asset}/content");
    api.put(&path, content.to_vec()).unwrap().success();
    asset
}

fn begin(api: &Api, name: &str, size: usize) -> Option<String> {
    let body =
        json!({"kind": "vault", "name": name, "size": size, "media_type": "application/json"});
    let reply = api.post(ASSETS, name, &body).ok()?;
    Some(reply.created()["id"].as_str().unwrap().to_owned())
}

fn content(number: usize) -> Vec<u8> {
    vec![b'0' + u8::try_from(number % 10).unwrap(); 100 + number]
}

/// All files with their sizes.
fn list(server: &Server) -> BTreeMap<String, Value> {
    let (mut all, mut after) = (BTreeMap::new(), String::new());
    loop {
        let page = server.get(&format!("{ASSETS}?limit=500{after}")).success();
        for asset in page["data"].as_array().unwrap() {
            assert_eq!(asset["status"], "stored");
            all.insert(asset["id"].as_str().unwrap().to_owned(), asset["size"].clone());
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

fn advance(server: &Server, by: &str, key: &str) {
    server.post("/v1/test_clock/accounts/ada/advance", key, &json!({"by": by})).success();
}

/// The files in the vault's directory, without the mark of its owner.
fn objects(data: &Path) -> Vec<String> {
    let root = data.join("vault");
    let (mut found, mut directories) = (Vec::new(), vec![root.clone()]);
    while let Some(directory) = directories.pop() {
        // What is gone by the time it is looked at is gone.
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => directories.push(entry.path()),
                _ => found.push(entry.path().strip_prefix(&root).unwrap().display().to_string()),
            }
        }
    }
    found.retain(|file| file != "owner");
    found
}

/// How many files have a name in the database.
fn named(data: &Path) -> usize {
    let database = rusqlite::Connection::open(data.join("journal.db")).unwrap();
    let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let names = database.query_row("SELECT count(*) FROM asset_details", [], count).unwrap();
    usize::try_from(names).unwrap()
}

/// What somebody who kept a list of their files computes.
fn digest(files: &BTreeMap<String, Value>) -> String {
    let lines: String =
        files.iter().map(|(id, size)| format!("{id} vault {size} stored\n")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    let output = std::process::Command::new("sha256sum").arg(file.path()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Clients that delete the first files, until all are gone or the server is.
struct Deleting {
    gone: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Deleting {
    fn start(server: &Server, stored: &[String]) -> Self {
        let gone = Arc::new(AtomicUsize::new(0));
        let clients = (0..CLIENTS).map(|client| {
            let (api, gone) = (server.api().separate(), Arc::clone(&gone));
            let mine: Vec<String> =
                stored.iter().take(DELETED).skip(client).step_by(CLIENTS).cloned().collect();
            thread::spawn(move || {
                for asset in mine {
                    match api.delete(&format!("{ASSETS}/{asset}")) {
                        Ok(reply) if reply.is_success() => gone.fetch_add(1, Ordering::Relaxed),
                        // In an earlier round.
                        Ok(reply) if reply.code() == "asset_not_found" => continue,
                        Ok(reply) => panic!("{reply:?}"),
                        Err(_) => return,
                    };
                }
            })
        });
        let clients = clients.collect();
        Self { gone, clients }
    }

    fn reach(&self, deletions: usize) {
        wait("deletions", || self.gone.load(Ordering::Relaxed) >= deletions);
    }

    fn finish(self) {
        self.clients.into_iter().for_each(|client| client.join().unwrap());
    }
}

/// A file that was acknowledged, by its id, with its bytes.
type Stored = (String, Vec<u8>);

/// Clients that put one file after the other, until the server is gone.
struct Uploading {
    done: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<Stored>>>,
}

impl Uploading {
    fn start(server: &Server, round: u8) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        let clients = (0..CLIENTS).map(|client| {
            let (api, done) = (server.api().separate(), Arc::clone(&done));
            thread::spawn(move || {
                let mut whole = Vec::new();
                for turn in 0.. {
                    // Every other file is larger than what is kept in memory.
                    let length = if turn % 2 == 0 { 50_000 } else { 9_000_000 };
                    let content = vec![b'a' + round; length + client + turn];
                    let name = format!("{round}-{client}-{turn}");
                    let Some(asset) = begin(&api, &name, content.len()) else { break };
                    let path = format!("{ASSETS}/{asset}/content");
                    let Ok(reply) = api.put(&path, content.clone()) else { break };
                    reply.success();
                    whole.push((asset, content));
                    done.fetch_add(1, Ordering::Relaxed);
                }
                whole
            })
        });
        let clients = clients.collect();
        Self { done, clients }
    }

    fn reach(&self, files: usize) {
        wait("uploads", || self.done.load(Ordering::Relaxed) >= files);
    }

    fn finish(self) -> Vec<(String, Vec<u8>)> {
        self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    }
}
