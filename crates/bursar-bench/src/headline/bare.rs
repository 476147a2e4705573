//! A server that does nothing, on the stack that Bursar is on: it reads the request whole and answers as many
//! bytes as Bursar would.

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::sizes::Sizes;

/// The argument that makes this program one.
pub(crate) const NAME: &str = "bare-http";
/// The bytes of its own headers.
const HEADERS: usize = 125;

/// One in a process of its own.
pub(crate) struct Bare {
    child: Child,
    pub(crate) url: String,
}

impl Bare {
    pub(crate) fn start(sizes: &Sizes) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(NAME).arg(sizes.single_reply.to_string());
        command.arg(sizes.batch_reply.to_string()).arg(sizes.batch_request.to_string());
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until whoever started it has gone: `SINGLE_REPLY BATCH_REPLY BATCH_REQUEST`, in bytes; batches of
/// other sizes get replies in proportion.
pub(crate) fn serve(arguments: &[String]) {
    let sizes: Vec<usize> = arguments.iter().map(|size| size.parse().unwrap()).collect();
    let [single, batch, request] = sizes[..] else { panic!("three sizes") };
    std::thread::spawn(|| {
        let _ = std::io::stdin().lock().lines().count();
        std::process::exit(0);
    });
    let single = Bytes::from(vec![b' '; single.saturating_sub(HEADERS)]);
    let charge =
        move |Path(_): Path<String>, _: Bytes| async move { (StatusCode::CREATED, single.clone()) };
    let router = Router::new().route("/v1/accounts/{id}/charges", post(charge));
    // Made once for each size, as a server that does nothing would.
    let room = Bytes::from(vec![b' '; batch * 11]);
    let many = move |body: Bytes| async move {
        room.slice(..(body.len() * batch / request).min(room.len()))
    };
    let router = router.route("/v1/batch", post(many));
    tokio::runtime::Runtime::new().unwrap().block_on(listen(router));
}

async fn listen(router: Router) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let router = router.clone();
            async move { Ok::<_, Infallible>(router.oneshot(request.map(Body::new)).await.unwrap()) }
        });
        tokio::spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            // A client that goes away is the end of a measurement.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
