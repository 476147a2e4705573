//! Accepting connections, and letting them finish.
//!
//! The loop is ours, and not axum's, because a shutdown has to end streams that would never end by
//! themselves, and must not wait for ever for a client that stopped reading.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Response};
use futures::StreamExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// How long requests in flight may take to finish.
pub(super) const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take to send the head of a request.
const HEADERS: Duration = Duration::from_secs(30);
/// How long to wait when the process is out of file descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until `stop`, then finishes what is in flight. Did all of it finish in time?
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> bool {
    let (stopping, _) = watch::channel(false);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            // Told to stop, it accepts nothing more, however many are waiting.
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connect(stream, peer, &router, &stopping, &graceful),
                Err(error) => pause(&error).await,
            },
        }
    }
    drop(listener);
    stopping.send_replace(true);
    tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_ok()
}

/// A connection that was reset before it was accepted is nothing; else there is no file descriptor
/// left, and trying again at once would only burn the processor.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionReset) {
        tracing::warn!(%error, "cannot accept a connection");
        tokio::time::sleep(BREATH).await;
    }
}

fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
    stopping: &watch::Sender<bool>,
    graceful: &GracefulShutdown,
) {
    // Replies are written whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    // One listener for each connection: to make one is dear where all requests do it.
    let (router, stopping) = (router.clone(), Arc::new(stopping.subscribe()));
    let service = service_fn(move |request: Request<Incoming>| {
        answer(router.clone(), Arc::clone(&stopping), request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEADERS);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        // A client that went away or doesn't speak HTTP is its own problem.
        if let Err(error) = watched.await {
            tracing::debug!(%peer, error, "connection ended");
        }
    });
}

async fn answer(
    router: Router,
    stopping: Arc<watch::Receiver<bool>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let response = router.oneshot(request).await?;
    let streams = is_event_stream(&response);
    Ok(if streams { ending(response, (*stopping).clone()) } else { response })
}

fn is_event_stream(response: &Response<Body>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
}

/// The response, ended when the server stops; clients of event streams connect again by themselves.
fn ending(response: Response<Body>, mut stopping: watch::Receiver<bool>) -> Response<Body> {
    let stopped = async move {
        // An error means that the server is gone, which is as good.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(stopped)))
}
