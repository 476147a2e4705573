use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use axum::response::Response;
use bursar_api::Config;
use bursar_core::id::AccountId;
use bursar_engine::access::Mode;

use http_body_util::BodyExt;
use tokio::sync::{Notify, mpsc};
use tower::ServiceExt;

use crate::app::{ADMIN, App, Reply};
use crate::assets::{ASSETS, PNG, advance, storage, subscriber};

const TEXT: &[u8] = b"0123456789";

/// A file of ten digits.
async fn digits(app: &App) -> String {
    let id = app.file("a", "digits.txt", "application/json", TEXT).await;
    format!("{ASSETS}/{id}/content")
}

/// An upload that is under way: its content comes when the test says so.
struct Slow {
    reply: tokio::task::JoinHandle<Response>,
    pieces: Option<mpsc::UnboundedSender<Result<Bytes, std::io::Error>>>,
    read: Arc<Notify>,
}

impl Slow {
    /// Begins to put a content, and waits until the first piece of it was taken.
    async fn begin(app: &App, asset: &str, first: &'static [u8]) -> Self {
        let (pieces, coming) = mpsc::unbounded_channel();
        let read = Arc::new(Notify::new());
        let taken = read.clone();
        let coming = futures::stream::unfold(coming, move |mut coming| {
            let taken = taken.clone();
            async move {
                // Whoever asks for a piece has taken the one before.
                taken.notify_one();
                coming.recv().await.map(|piece| (piece, coming))
            }
        });
        let request = Request::put(format!("{ASSETS}/{asset}/content"))
            .header("Authorization", format!("Bearer {ADMIN}"))
            .body(Body::from_stream(coming))
            .unwrap();
        let router = app.router.clone();
        let reply = tokio::spawn(async move { router.oneshot(request).await.unwrap() });
        let slow = Self { reply, pieces: Some(pieces), read };
        slow.read.notified().await;
        slow.send(Ok(Bytes::from_static(first)));
        slow.read.notified().await;
        slow
    }

    fn send(&self, piece: Result<Bytes, std::io::Error>) {
        self.pieces.as_ref().unwrap().send(piece).unwrap();
    }

    async fn finish(mut self, last: &'static [u8]) -> Reply {
        self.send(Ok(Bytes::from_static(last)));
        self.pieces = None;
        self.reply().await
    }

    async fn reply(self) -> Reply {
        let (parts, body) = self.reply.await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

#[tokio::test]
async fn a_content_is_read_as_it_was_put() {
    let app = subscriber().await;
    let id = app.file("a", "Kätzchen.png", "image/png", PNG).await;
    let path = format!("{ASSETS}/{id}/content");
    let reply = app.get(&path).send().await;
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, PNG));
    let said = |name: &str| reply.header(name).to_owned();
    assert_eq!(said("content-type"), "image/png");
    assert_eq!(said("content-length"), PNG.len().to_string());
    assert_eq!(said("accept-ranges"), "bytes");
    assert_eq!(said("x-content-type-options"), "nosniff");
    assert_eq!(said("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(said("cache-control"), "private, no-cache");
    let name = "filename=\"K_tzchen.png\"; filename*=UTF-8''K%C3%A4tzchen.png";
    assert_eq!(said("content-disposition"), format!("attachment; {name}"));
    let shown = app.get(&format!("{path}?inline")).send().await;
    assert_eq!(shown.header("content-disposition"), format!("inline; {name}"));
    app.get(&format!("{path}?download")).send().await.problem(422, "invalid_request");
    let known = app.get(&path).header("If-None-Match", &said("etag")).send().await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    let head = app.call(Method::HEAD, &path).header("Range", "bytes=0-1").send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), PNG.len().to_string());
}

/// A page or a script that got in as something else doesn't run where it is opened.
#[tokio::test]
async fn what_could_run_is_never_shown_in_a_page() {
    let app = subscriber().await;
    for (media_type, content) in [
        ("application/json", &b"{\"a\": \"<script>alert(1)</script>\"}"[..]),
        ("application/pdf", b"%PDF-1.7 /JavaScript"),
    ] {
        let id = app.file("a", "x.html", media_type, content).await;
        let reply = app.get(&format!("{ASSETS}/{id}/content?inline")).send().await;
        assert!(reply.header("content-disposition").starts_with("attachment;"), "{media_type}");
        assert!(reply.header("content-security-policy").starts_with("sandbox;"));
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn parts_of_a_content() {
    let app = subscriber().await;
    let path = digits(&app).await;
    let part = |range: &str| app.get(&path).header("Range", range).send();
    for (range, expected, said) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let reply = part(range).await;
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (206, expected.as_bytes()), "{range}");
        assert_eq!(reply.header("content-range"), said);
        assert_eq!(reply.header("content-length"), expected.len().to_string());
    }
    for range in ["bytes=0-1,4-5", "bytes=x", "lines=1-2", "bytes=3-1"] {
        let reply = part(range).await;
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, TEXT), "{range}");
    }
    let beyond = part("bytes=10-").await;
    beyond.problem(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), "bytes */10");
    let tag = app.get(&path).send().await.header("etag").to_owned();
    for (known, status) in [(tag.as_str(), 206), ("\"another\"", 200), ("W/\"weak\"", 200)] {
        let call = app.get(&path).header("Range", "bytes=0-3").header("If-Range", known);
        assert_eq!(call.send().await.status.as_u16(), status, "{known}");
    }
}

#[tokio::test]
async fn more_than_was_reserved_leaves_nothing_and_the_place_stays() {
    let app = subscriber().await;
    let id = app.begin("a", "digits", "application/json", 9).await;
    // Announced: refused before anything of it is read.
    let path = format!("{ASSETS}/{id}/content");
    let never =
        futures::stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> {
            panic!("the body was read")
        });
    let request = Request::put(&path)
        .header("Authorization", format!("Bearer {ADMIN}"))
        .header("Content-Length", "10")
        .body(Body::from_stream(never));
    let response = app.router.clone().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status().as_u16(), 413);
    // Not announced: refused when it comes.
    let slow = Slow::begin(&app, &id, b"01234").await;
    let problem = slow.finish(b"56789").await.problem(413, "exceeds_reservation");
    assert_eq!(problem["reserved_bytes"], 9);
    assert_eq!(storage(&app).await["reserved_bytes"], 9);
    app.is_empty("a").await;
    app.put("a", &id, b"012345678").await.expect(200);
}

#[tokio::test]
async fn a_content_that_is_something_else_is_not_kept() {
    let app = subscriber().await;
    let id = app.begin("a", "a.png", "image/png", 1_000).await;
    for wrong in [
        &b"<html><script>alert(1)</script>"[..],
        b"<svg onload='alert(1)'/>",
        b"MZ\x90\0\x03",
        b"GIF89a..",
        b"?",
    ] {
        let problem = app.put("a", &id, wrong).await.problem(422, "content_contradicts_type");
        assert!(
            problem["detail"].as_str().unwrap().starts_with("The content is declared as image/png")
        );
    }
    app.put("a", &id, b"").await.problem(422, "asset_empty");
    app.is_empty("a").await;
    assert_eq!(storage(&app).await["reserved_bytes"], 1_000);
    app.put("a", &id, PNG).await.expect(200);
}

#[tokio::test]
async fn what_is_no_whole_content_is_refused() {
    let app = subscriber().await;
    let id = app.begin("a", "a.png", "image/png", 1_000).await;
    let path = format!("{ASSETS}/{id}/content");
    let put = |name: &str, value: &str| {
        app.call(Method::PUT, &path).header(name, value).bytes(PNG).send()
    };
    put("Content-Range", "bytes 0-9/100").await.problem(400, "malformed_request");
    put("Content-Encoding", "gzip").await.problem(415, "unsupported_media_type");
    // What a client says by habit isn't looked at.
    put("Content-Type", "application/x-www-form-urlencoded").await.expect(200);
    put("Content-Type", "image/png").await.problem(409, "asset_already_stored");
}

#[tokio::test]
async fn of_two_uploads_at_once_one_counts() {
    let app = subscriber().await;
    let id = app.begin("a", "digits", "application/json", 10).await;
    let (one, other) =
        (Slow::begin(&app, &id, b"01234").await, Slow::begin(&app, &id, b"abcde").await);
    other.finish(b"fghij").await.expect(200);
    one.finish(b"56789").await.problem(409, "asset_already_stored");
    let content = app.get(&format!("{ASSETS}/{id}/content")).send().await;
    assert_eq!(content.body, b"abcdefghij");
    app.has_objects("a", 1).await;

    // And when both end at the same moment, again and again.
    for _ in 0..20 {
        let id = app.begin("a", "digits", "application/json", 10).await;
        let (one, other) = tokio::join!(app.put("a", &id, TEXT), app.put("a", &id, b"abcdefghij"));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let winner = if one.status.is_success() { TEXT } else { b"abcdefghij" };
        let shown = app.get(&format!("{ASSETS}/{id}")).send().await.json();
        let content = app.get(&format!("{ASSETS}/{id}/content")).send().await;
        assert_eq!(content.body, winner);
        assert_eq!(content.header("etag"), format!("\"{}\"", shown["sha256"].as_str().unwrap()));
    }
    app.has_objects("a", 21).await;
}

#[tokio::test]
async fn a_file_deleted_while_it_is_uploaded_stays_deleted() {
    let app = subscriber().await;
    let id = app.begin("a", "digits", "application/json", 10).await;
    let slow = Slow::begin(&app, &id, b"01234").await;
    let deleted = app.call(Method::DELETE, &format!("{ASSETS}/{id}")).send().await.expect(200);
    assert_eq!(deleted["freed_bytes"], 10);
    app.nothing_left("a").await;
    slow.finish(b"56789").await.problem(404, "asset_not_found");
    app.nothing_left("a").await;
}

#[tokio::test]
async fn an_upload_that_takes_too_long_is_not_kept() {
    let app = subscriber().await;
    let id = app.begin("a", "digits", "application/json", 10).await;
    let slow = Slow::begin(&app, &id, b"01234").await;
    app.pass(3_600);
    let problem = slow.finish(b"56789").await.problem(409, "upload_expired");
    assert_eq!(problem["at"], "2026-01-31T11:00:00Z");
    assert_eq!(storage(&app).await["reserved_bytes"], 0);
    app.nothing_left("a").await;
    app.put("a", &id, TEXT).await.problem(409, "upload_expired");
}

#[tokio::test]
async fn a_client_that_goes_leaves_nothing_and_may_come_again() {
    let app = subscriber().await;
    let id = app.begin("a", "digits", "application/json", 10).await;
    // It goes without a word.
    let slow = Slow::begin(&app, &id, b"01234").await;
    slow.reply.abort();
    // Its connection breaks.
    let slow = Slow::begin(&app, &id, b"01234").await;
    slow.send(Err(std::io::Error::other("reset")));
    slow.reply().await.problem(400, "malformed_request");
    app.is_empty("a").await;
    app.put("a", &id, TEXT).await.expect(200);
}

/// The content has come to its end, and then the client doesn't wait: either it is stored, or there is
/// nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_wait_leaves_nothing_half() {
    let app = subscriber().await;
    for turn in 0..30 {
        let id = app.begin("a", "digits", "application/json", 10).await;
        let mut slow = Slow::begin(&app, &id, b"01234").await;
        slow.send(Ok(Bytes::from_static(b"56789")));
        slow.pieces = None;
        for _ in 0..turn {
            tokio::task::yield_now().await;
        }
        slow.reply.abort();
        let _ = slow.reply.await;
        let path = format!("{ASSETS}/{id}");
        // Whatever is still on its way comes to its end first.
        let put = app.put("a", &id, b"abcdefghij").await;
        if put.status.is_success() {
            assert_eq!(app.get(&format!("{path}/content")).send().await.body, b"abcdefghij");
        } else {
            put.problem(409, "asset_already_stored");
            assert_eq!(app.get(&format!("{path}/content")).send().await.body, TEXT);
        }
        app.call(Method::DELETE, &path).send().await.expect(200);
    }
    app.nothing_left("a").await;
}

#[tokio::test]
async fn an_upload_that_falls_silent_is_given_up() {
    let config = Config { upload_silence: Duration::from_millis(50), ..Config::default() };
    let app = App::with(Mode::Test, config).await;
    app.subscriber("a", "starter").await;
    let id = app.begin("a", "digits", "application/json", 10).await;
    let slow = Slow::begin(&app, &id, b"01234").await;
    let problem = slow.reply().await;
    assert!(
        problem.problem(400, "malformed_request")["detail"]
            .as_str()
            .unwrap()
            .contains("nothing came")
    );
    app.is_empty("a").await;
}

#[tokio::test]
async fn pictures_have_thumbnails() {
    let app = subscriber().await;
    let id = app.file("a", "a.png", "image/png", PNG).await;
    let path = format!("{ASSETS}/{id}/thumbnail");
    let reply = app.get(&path).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "image/jpeg"));
    assert!(reply.body.starts_with(b"\xff\xd8\xff"));
    assert_eq!(reply.header("content-security-policy"), "sandbox; default-src 'none'");
    let known = app.get(&path).header("If-None-Match", reply.header("etag")).send().await;
    assert_eq!(known.status.as_u16(), 304);
    // Broken: a header of a picture and nothing after it.
    let broken = app.file("a", "b.png", "image/png", &PNG[..40]).await;
    let shown = app.get(&format!("{ASSETS}/{broken}")).send().await.expect(200);
    assert_eq!(shown["thumbnail"], serde_json::Value::Null);
    app.get(&format!("{ASSETS}/{broken}/thumbnail"))
        .send()
        .await
        .problem(404, "thumbnail_not_found");
    let digits = app.file("a", "digits", "application/json", TEXT).await;
    app.get(&format!("{ASSETS}/{digits}/thumbnail"))
        .send()
        .await
        .problem(404, "thumbnail_not_found");
}

/// What a crash has left between the last byte and the commit is swept, and nothing else is.
#[tokio::test]
async fn what_no_account_knows_is_swept() {
    let app = subscriber().await;
    let kept = app.file("a", "a.png", "image/png", PNG).await;
    let account: AccountId = "a".parse().unwrap();
    let object =
        |asset: &str| bursar_vault::ObjectName::new(&account, 0, asset.parse().unwrap(), 77);
    let unknown = "asset_00000000000000000000000000000001";
    for asset in [unknown, kept.as_str()] {
        let content = futures::stream::iter([Ok::<_, String>(Bytes::from_static(TEXT))]);
        app.engine.vault().write(&object(asset), content, 10).await.unwrap();
    }
    app.has_objects("a", 4).await;
    let swept = app.engine.sweep(Duration::ZERO).await.unwrap();
    assert_eq!((swept.seen, swept.erased), (4, 2));
    assert_eq!(app.get(&format!("{ASSETS}/{kept}/content")).send().await.body, PNG);
    app.get(&format!("{ASSETS}/{kept}/thumbnail")).send().await;
}

#[tokio::test]
async fn what_the_disk_has_lost_is_not_served_as_empty() {
    let app = subscriber().await;
    let path = digits(&app).await;
    let account: AccountId = "a".parse().unwrap();
    app.engine.vault().erase_vault(&account, 0).await.unwrap();
    app.get(&path).send().await.problem(500, "internal");
    advance(&app, "1d").await;
    app.get(&path).send().await.problem(500, "internal");
}

impl App {
    /// Nothing of any file of an account is left, not even its name.
    pub(crate) async fn nothing_left(&self, account: &str) {
        let account: AccountId = account.parse().unwrap();
        for _ in 0..400 {
            let state = self.store_account(&account).await;
            let named =
                bursar_store::Registry::detailed_assets(&*self.store, None, 10).await.unwrap();
            let empty = self.engine.vault().is_empty(&account, 0).await.unwrap();
            if !state.storage.is_erasing() && empty && named.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("something is left")
    }

    async fn store_account(&self, account: &AccountId) -> Arc<bursar_core::account::Account> {
        bursar_store::Store::account(&*self.store, account).await.unwrap().unwrap()
    }

    /// No content is in an account's vault.
    pub(crate) async fn is_empty(&self, account: &str) {
        let account: AccountId = account.parse().unwrap();
        for _ in 0..400 {
            if self.engine.vault().is_empty(&account, 0).await.unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("something is left")
    }

    /// So many objects are in the vault, thumbnails too.
    pub(crate) async fn has_objects(&self, _account: &str, count: u64) {
        let all = |names: Vec<bursar_vault::ObjectName>| {
            let known = vec![true; names.len()];
            async move { Ok::<_, bursar_vault::VaultError>(known) }
        };
        let swept = self.engine.vault().sweep(Duration::ZERO, all).await.unwrap();
        assert_eq!(swept.seen, count);
    }
}
