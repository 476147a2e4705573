//! Database URLs: what PostgreSQL's own programs take, as far as it means something here.

use std::path::PathBuf;

use bursar_store::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::error::Result;
use crate::tls::Verify;

/// Where a database is, and how to get there.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) config: Config,
    pub(crate) verify: Verify,
    pub(crate) root_certificates: Option<PathBuf>,
    /// Host, port and database, for messages: never the password.
    pub(crate) place: String,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] in words, without the URL: it may have a password in it.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let wrong = |what: &str| StoreError::Unavailable(format!("the database URL {what}"));
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("must begin with postgres://"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut root_certificates, mut others) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "sslmode" => mode = Some(value.to_owned()),
                "sslrootcert" => root_certificates = Some(PathBuf::from(decoded(value))),
                _ => others.push(pair),
            }
        }
        let (ssl_mode, verify) = match mode.as_deref() {
            Some("disable") => (SslMode::Disable, Verify::Nothing),
            None | Some("allow" | "prefer") => (SslMode::Prefer, Verify::Nothing),
            Some("require") => (SslMode::Require, Verify::Nothing),
            Some("verify-ca" | "verify-full") => (SslMode::Require, Verify::Certificate),
            Some(_) => {
                return Err(wrong(
                    "has an unknown sslmode: it is disable, prefer, require or verify-full",
                ));
            }
        };
        let rest = format!("{base}?{}", others.join("&"));
        let mut config: Config = rest.parse().map_err(|error: tokio_postgres::Error| {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            wrong(&format!("can't be read: {}", why.unwrap_or_else(|| error.to_string())))
        })?;
        config.ssl_mode(ssl_mode);
        // Of several hosts the primary is meant, whichever that is after a failover.
        if config.get_hosts().len() > 1 && !query.contains("target_session_attrs=") {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_application_name().is_none() {
            config.application_name("bursar");
        }
        let place = place(&config);
        Ok(Self { config, verify, root_certificates, place })
    }
}

/// `%2F` is a slash. A plus stays one, as in all of PostgreSQL's URLs.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.first_chunk::<2>().filter(|_| *first == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
    format!("PostgreSQL at {host}:{port}, database {database}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> String {
        match Target::parse(url) {
            Ok(target) => {
                let Target { config, verify, root_certificates, place } = target;
                let root = root_certificates.map(|path| path.display().to_string());
                let mode = config.get_ssl_mode();
                format!("{place}; {mode:?}, {verify:?}, {root:?}")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn urls_are_read_as_postgresql_reads_them() {
        let at = "PostgreSQL at db.example.com:5433, database billing";
        let url = "postgres://ada:secret@db.example.com:5433/billing";
        assert_eq!(read(url), format!("{at}; Prefer, Nothing, None"));
        let with = |query: &str| read(&format!("{url}?{query}"));
        assert_eq!(with("sslmode=disable"), format!("{at}; Disable, Nothing, None"));
        assert_eq!(
            with("connect_timeout=3&sslmode=verify-full&sslrootcert=/etc/my%20ca.pem"),
            format!("{at}; Require, Certificate, Some(\"/etc/my ca.pem\")")
        );
        assert_eq!(
            read("postgresql:///billing?host=/run/postgresql&user=ada"),
            "PostgreSQL at /run/postgresql:5432, database billing; Prefer, Nothing, None"
        );
    }

    #[test]
    fn of_several_hosts_the_primary_is_meant() {
        let attributes = |url| Target::parse(url).unwrap().config.get_target_session_attrs();
        let several = "postgres://ada@one:5432,two:5433/billing";
        assert_eq!(attributes(several), TargetSessionAttrs::ReadWrite);
        let any = "postgres://ada@one,two/billing?target_session_attrs=any";
        assert_eq!(attributes(any), TargetSessionAttrs::Any);
        assert_eq!(attributes("postgres://ada@one/billing"), TargetSessionAttrs::Any);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, says) in [
            ("mysql://ada:secret@localhost/x", "must begin with postgres://"),
            ("postgres://ada:secret@localhost/x?sslmode=on", "has an unknown sslmode"),
            ("postgres://ada:secret@localhost/x?colour=red", "can't be read: "),
            ("postgres://ada:secret@localhost:port/x", "can't be read: "),
        ] {
            let said = read(url);
            assert!(said.contains(says), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
