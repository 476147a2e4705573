//! Archives.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::sync::Arc;

use bursar_core::id::AssetId;
use bursar_vault::export::{About, Entry, External, File, Source};
use bursar_vault::{Vault, VaultError};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use serde_json::{Value, json};

use crate::{asset, collect, contract, noise, object, sha256, write};

contract! {
    an_archive_has_every_file_and_a_list_of_them
    an_empty_vault_gives_a_list_of_nothing
    a_missing_file_breaks_the_archive_off
    what_was_deleted_meanwhile_is_left_out
    a_damaged_file_breaks_the_archive_off
}

/// Entries, and which assets are gone by the time somebody asks again.
struct Listed {
    entries: Vec<Entry>,
    deleted: Vec<AssetId>,
}

impl Source for Listed {
    fn entries(&self) -> BoxStream<'static, Result<Entry, VaultError>> {
        stream::iter(self.entries.clone()).map(Ok).boxed()
    }

    fn is_stored(&self, asset: AssetId) -> BoxFuture<'static, Result<bool, VaultError>> {
        let stored = !self.deleted.contains(&asset);
        Box::pin(async move { Ok(stored) })
    }
}

fn file(number: u128, name: &str, content: &Bytes) -> File {
    File {
        id: asset(number),
        object: object(number, 1),
        kind: "image".to_owned(),
        name: name.to_owned(),
        media_type: "image/png".to_owned(),
        bytes: content.len() as u64,
        stored_at: "2026-01-02T03:04:05Z".to_owned(),
        sha256: (number != 3).then(|| sha256(content)),
        reference: (number == 1).then(|| "job-1".to_owned()),
    }
}

async fn archive(
    vault: &Arc<Vault>,
    entries: Vec<Entry>,
    deleted: Vec<AssetId>,
) -> Result<Bytes, VaultError> {
    let about = About { account: "ada".to_owned(), made_at: "2026-02-03T04:05:06Z".to_owned() };
    collect(vault.export(about, Arc::new(Listed { entries, deleted }))).await
}

fn unpack(archive: Bytes) -> (Vec<String>, BTreeMap<String, Vec<u8>>) {
    check_with_python(&archive);
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let (mut order, mut files) = (Vec::new(), BTreeMap::new());
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        let name = file.name().unwrap().into_owned();
        order.push(name.clone());
        files.insert(name, content);
    }
    (order, files)
}

/// Another reader than the writer's own.
fn check_with_python(archive: &Bytes) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("archive.zip");
    std::fs::write(&path, archive).unwrap();
    let output =
        std::process::Command::new("python3").args(["-m", "zipfile", "-t"]).arg(&path).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("Done testing"), "{said}");
    assert!(!said.contains("corrupted"), "{said}");
}

async fn an_archive_has_every_file_and_a_list_of_them(vault: Arc<Vault>) {
    let contents = [noise(10, 1), noise(9_000_000, 2), noise(0, 3)];
    let names = ["Kätzchen 🐱.png", "../../etc/passwd", "kätzchen 🐱.png"];
    let mut entries = Vec::new();
    for (number, (content, name)) in (1..).zip(contents.iter().zip(names)) {
        write(&vault, &object(number, 1), content).await;
        entries.push(Entry::File(Box::new(file(number, name, content))));
    }
    entries.push(Entry::External(Box::new(External {
        id: asset(9),
        kind: "video".to_owned(),
        name: "elsewhere.mp4".to_owned(),
        media_type: "video/mp4".to_owned(),
        bytes: 77,
        stored_at: "2026-01-02T03:04:05Z".to_owned(),
        reference: None,
    })));
    let (order, files) = unpack(archive(&vault, entries, Vec::new()).await.unwrap());
    let paths = ["image/Kätzchen 🐱.png", "image/_.._etc_passwd", "image/kätzchen 🐱 (2).png"];
    assert_eq!(order, [&paths[..], &["manifest.json"]].concat());
    for (path, content) in paths.iter().zip(&contents) {
        assert!(files[*path] == *content, "{path}");
    }
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["account"], "ada");
    assert_eq!((&manifest["files"], &manifest["bytes"]), (&json!(3), &json!(9_000_010)));
    let hex = |content: &Bytes| sha256(content).map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(
        manifest["assets"][0],
        json!({
            "id": asset(1).to_string(), "kind": "image", "name": names[0], "media_type": "image/png",
            "bytes": 10, "stored_at": "2026-01-02T03:04:05Z", "path": paths[0],
            "sha256": hex(&contents[0]), "external": false, "reference": "job-1",
        })
    );
    assert_eq!(manifest["assets"][3]["external"], true);
    assert_eq!(manifest["assets"][3]["path"], Value::Null);
}

async fn an_empty_vault_gives_a_list_of_nothing(vault: Arc<Vault>) {
    let (order, files) = unpack(archive(&vault, Vec::new(), Vec::new()).await.unwrap());
    assert_eq!(order, ["manifest.json"]);
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["assets"], json!([]));
}

async fn a_missing_file_breaks_the_archive_off(vault: Arc<Vault>) {
    let content = noise(10, 1);
    write(&vault, &object(1, 1), &content).await;
    let entries = [1, 2].map(|number| Entry::File(Box::new(file(number, "a.png", &content))));
    let result = archive(&vault, entries.into(), Vec::new()).await;
    assert!(matches!(result, Err(VaultError::Missing(_))), "{result:?}");
}

async fn what_was_deleted_meanwhile_is_left_out(vault: Arc<Vault>) {
    let content = noise(10, 1);
    write(&vault, &object(1, 1), &content).await;
    let entries = [1, 2].map(|number| Entry::File(Box::new(file(number, "a.png", &content))));
    let (order, files) = unpack(archive(&vault, entries.into(), vec![asset(2)]).await.unwrap());
    assert_eq!(order, ["image/a.png", "manifest.json"]);
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["assets"].as_array().unwrap().len(), 1);
}

async fn a_damaged_file_breaks_the_archive_off(vault: Arc<Vault>) {
    let (stored, found) = (noise(10, 1), noise(10, 2));
    for wrong in [found.slice(..9), found] {
        write(&vault, &object(1, 1), &wrong).await;
        let entry = Entry::File(Box::new(file(1, "a.png", &stored)));
        let result = archive(&vault, vec![entry], Vec::new()).await;
        assert!(matches!(result, Err(VaultError::Damaged(_))), "{result:?}");
        vault.erase_attempt(&object(1, 1)).await.unwrap();
    }
}
