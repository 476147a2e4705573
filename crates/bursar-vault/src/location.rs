//! Where a vault lies: a directory, or an address such as `s3://bucket/prefix`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use url::{Host, Url};

use crate::disk::Disk;
use crate::error::VaultError;

const FORMS: &str =
    "a vault's location is a directory, file:///directory, s3://bucket/prefix or memory://";
/// What may follow a `?`. Everything else that S3 needs comes by the usual variables, above all what is
/// secret: an address gets into logs and lists of processes.
const SETTINGS: &[&str] = &[
    "region",
    "endpoint",
    "allow_http",
    "virtual_hosted_style_request",
    "unsigned_payload",
    "checksum_algorithm",
    "conditional_put",
    "disable_bulk_delete",
    "request_payer",
    "server_side_encryption",
    "sse_kms_key_id",
    "sse_bucket_key_enabled",
];

/// How long a connection may stay silent. There is no limit for a whole object: a large one takes long.
const SILENCE_MOST: Duration = Duration::from_secs(60);
const CONNECT_MOST: Duration = Duration::from_secs(10);
/// A customer waits for most of what is asked; the workers behind try again by themselves.
const RETRIES_MOST: usize = 3;
const RETRY_MOST: Duration = Duration::from_secs(30);

/// An object store, and where in it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) prefix: Path,
    /// The directory, if it is one of this machine.
    pub(crate) disk: Option<Disk>,
}

/// Finds the place. `variables` are those of the environment; the ones that start with `AWS_` count.
///
/// # Errors
/// `Misconfigured` if there can't be such a place, `Unavailable` if the directory can't be made.
pub(crate) fn find(
    location: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Place, VaultError> {
    let Some((scheme, _)) = location.split_once("://") else { return directory(location.into()) };
    let url = Url::parse(location).map_err(|error| misconfigured(&format!("{error}; {FORMS}")))?;
    match scheme {
        "file" => directory(url.to_file_path().map_err(|()| misconfigured(FORMS))?),
        "memory" => {
            Ok(Place { objects: Arc::new(InMemory::new()), prefix: Path::default(), disk: None })
        }
        "s3" => bucket(&url, variables),
        other => Err(misconfigured(&format!("`{other}` isn't known; {FORMS}"))),
    }
}

fn misconfigured(what: &str) -> VaultError {
    VaultError::Misconfigured(format!("the vault's location can't be used: {what}"))
}

fn directory(path: PathBuf) -> Result<Place, VaultError> {
    if path.as_os_str().is_empty() {
        return Err(misconfigured(&format!("it is empty; {FORMS}")));
    }
    let disk = Disk::create(&path)?;
    // An event names what was written, so it has to be on the disk before.
    let objects = LocalFileSystem::new_with_prefix(disk.root())?.with_fsync(true);
    Ok(Place { objects: Arc::new(objects), prefix: Path::default(), disk: Some(disk) })
}

fn bucket(
    url: &Url,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Place, VaultError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(misconfigured(
            "credentials don't belong into it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ));
    }
    let bucket = url.host_str().filter(|name| !name.is_empty());
    let bucket = bucket.ok_or_else(|| misconfigured("s3:// is followed by the bucket's name"))?;
    let prefix =
        Path::from_url_path(url.path()).map_err(|error| misconfigured(&error.to_string()))?;
    let mut settings: Vec<(AmazonS3ConfigKey, String)> = (variables.into_iter())
        .filter(|(name, _)| name.starts_with("AWS_"))
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value)))
        .collect();
    for (name, value) in url.query_pairs() {
        if !SETTINGS.contains(&name.as_ref()) {
            let known = SETTINGS.join(", ");
            return Err(misconfigured(&format!("`{name}` isn't a setting for it: {known}")));
        }
        let key = name.parse().map_err(|_| misconfigured(&format!("`{name}` isn't known")))?;
        settings.push((key, value.into_owned()));
    }
    let store = connect(bucket, settings)?;
    Ok(Place { objects: Arc::new(store), prefix, disk: None })
}

fn connect(
    bucket: &str,
    settings: Vec<(AmazonS3ConfigKey, String)>,
) -> Result<AmazonS3, VaultError> {
    // The process has one provider of cryptography. It is an error to install a second one, and none to
    // find that the first is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = ClientOptions::new()
        .with_timeout_disabled()
        .with_read_timeout(SILENCE_MOST)
        .with_connect_timeout(CONNECT_MOST);
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket).with_retry(RetryConfig {
        max_retries: RETRIES_MOST,
        retry_timeout: RETRY_MOST,
        ..RetryConfig::default()
    });
    for (key, value) in settings {
        let is_endpoint =
            matches!(key, AmazonS3ConfigKey::Endpoint | AmazonS3ConfigKey::S3Endpoint);
        if is_endpoint && is_this_machine(&value) {
            client = client.with_allow_http(true);
        }
        match key {
            // Options of the client replace each other as a whole, so they are collected first.
            AmazonS3ConfigKey::Client(key) => client = client.with_config(key, value),
            key => builder = builder.with_config(key, value),
        }
    }
    let store = builder.with_client_options(client).build();
    store.map_err(|error| misconfigured(&crate::error::all_causes(&error)))
}

/// Plain HTTP on this machine needs no permission; anywhere else `allow_http=true` gives it.
fn is_this_machine(endpoint: &str) -> bool {
    Url::parse(endpoint).is_ok_and(|url| match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(location: &str, expected: &str) {
        let error = find(location, []).unwrap_err().to_string();
        assert!(error.contains(expected), "{location}: {error}");
    }

    #[test]
    fn what_is_no_location_says_what_would_be_one() {
        check("", "a vault's location is a directory");
        check("ftp://host/path", "s3://bucket/prefix");
        check("file://host/path", "s3://bucket/prefix");
        check("s3://", "bucket's name");
        check("s3://key:secret@bucket/prefix", "AWS_ACCESS_KEY_ID");
        check("s3://bucket?secret_access_key=hush", "isn't a setting");
        check("s3://bucket?regoin=eu-central-1", "region, endpoint");
    }

    #[test]
    fn a_refused_location_keeps_its_secret() {
        for location in ["s3://key:hush@bucket", "s3://bucket?secret_access_key=hush"] {
            let error = find(location, []).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"));
        }
    }

    #[test]
    fn a_bucket_and_what_is_below() {
        let place = find("s3://bucket/some/prefix?region=eu-central-1", []).unwrap();
        assert_eq!(place.prefix.as_ref(), "some/prefix");
        assert!(place.disk.is_none());
    }

    #[test]
    fn an_address_of_this_machine_may_go_without_tls() {
        assert!(is_this_machine("http://127.0.0.1:5000"));
        assert!(is_this_machine("http://[::1]:5000"));
        assert!(!is_this_machine("http://minio:9000"));
        assert!(!is_this_machine("http://127.0.0.1.example.com"));
    }
}
