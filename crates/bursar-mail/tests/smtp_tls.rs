//! Conversations that nobody else can read.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something isn't as it should be"
)]

mod samples;
mod server;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bursar_mail::{MailError, MailTransport, Message, Occasion, SmtpTransport, render};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use server::{Script, Server};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where the second run of this test finds the server's certificate.
const DIRECTORY: &str = "BURSAR_MAIL_TEST_CERTIFICATES";

/// The machine's trusted certificates are read once per process, so the part that trusts ours runs in
/// a process of its own, which is told by `SSL_CERT_FILE`.
#[tokio::test]
async fn a_server_is_believed_by_its_certificate_alone() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return trusted(Path::new(&directory)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    make_certificates(directory.path());
    untrusted(directory.path()).await;
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_server_is_believed_by_its_certificate_alone", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .env("SSL_CERT_FILE", directory.path().join("authority.pem"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

async fn trusted(directory: &Path) {
    for (scheme, option, tls_first) in [("smtps", "", true), ("smtp", "?tls=required", false)] {
        let server = start(directory, tls_first).await;
        let url = format!("{scheme}://user:hunter2@localhost:{}{option}", server.port());
        SmtpTransport::from_url(&url).unwrap().send(&message()).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.mails.len(), 1, "{scheme}");
        let of = |verb: &str| seen.commands.iter().position(|told| told.starts_with(verb));
        assert_eq!(of("STARTTLS").is_some(), !tls_first);
        assert!(of("STARTTLS") < of("AUTH"));

        // The same server by a name that its certificate doesn't have.
        let server = start(directory, tls_first).await;
        let url = format!("{scheme}://user:hunter2@127.0.0.1:{}{option}", server.port());
        check_nothing_told(&url, &server).await;
    }
}

async fn untrusted(directory: &Path) {
    for (scheme, option, tls_first) in [("smtps", "", true), ("smtp", "?tls=required", false)] {
        let server = start(directory, tls_first).await;
        let url = format!("{scheme}://user:hunter2@localhost:{}{option}", server.port());
        check_nothing_told(&url, &server).await;
    }
}

async fn check_nothing_told(url: &str, server: &Server) {
    let error = SmtpTransport::from_url(url).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
    let seen = server.seen();
    assert!(seen.mails.is_empty());
    assert!(!seen.commands.iter().any(|told| told.starts_with("AUTH") || told.starts_with("MAIL")));
}

async fn start(directory: &Path, tls_first: bool) -> Server {
    let certificate = CertificateDer::from_pem_file(directory.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(directory.join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let tls = Some(TlsAcceptor::from(Arc::new(config)));
    let offers = if tls_first { vec!["AUTH PLAIN"] } else { vec!["AUTH PLAIN", "STARTTLS"] };
    Server::start(Script { offers, tls, tls_first, ..Script::default() }).await
}

/// An authority, and the certificate that it gave to `localhost`.
fn make_certificates(directory: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = params.signed_by(&key, &authority).unwrap();
    for (name, pem) in [
        ("authority.pem", authority.pem()),
        ("server.pem", server.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        std::fs::write(directory.join(name), pem).unwrap();
    }
}

fn message() -> Message {
    render(&Occasion::Receipt(samples::receipt()), &samples::envelope())
}
