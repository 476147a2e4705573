//! What is particular about a disk.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bursar_vault::{ObjectName, Vault, VaultError};

use crate::places::{self, files};
use crate::{account, asset, noise, object, write};

fn on_disk<F: Future<Output = ()>>(case: impl FnOnce(Vault, std::path::PathBuf) -> F) {
    let directory = tempfile::tempdir().unwrap();
    let vault = Vault::open_with(directory.path().to_str().unwrap(), []).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(case(vault, directory.path().to_owned()));
}

fn everything(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// An upload that a crash has cut off.
fn stray(root: &Path, name: &ObjectName) -> std::path::PathBuf {
    let path = root.join(format!("{name}#1"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"half of it").unwrap();
    path
}

#[test]
fn every_write_is_synced() {
    on_disk(async |vault, _| {
        assert!(format!("{vault:?}").contains("fsync: true"));
    });
}

#[test]
fn erasing_leaves_no_directory() {
    on_disk(async |vault, root| {
        write(&vault, &object(1, 1), &noise(10, 1)).await;
        write(&vault, &object(2, 1), &noise(10, 1)).await;
        vault.erase_attempt(&object(1, 1)).await.unwrap();
        assert_eq!(files(&root), [object(2, 1).to_string()]);
        vault.erase_asset(&account("ada"), 0, asset(2)).await.unwrap();
        assert_eq!(everything(&root), [""; 0]);
        assert!(root.exists());
    });
}

#[test]
fn unfinished_uploads_are_erased_with_their_asset_and_their_vault() {
    on_disk(async |vault, root| {
        stray(&root, &object(1, 1));
        stray(&root, &object(2, 1));
        assert!(!vault.is_empty(&account("ada"), 0).await.unwrap());
        assert_eq!(vault.erase_asset(&account("ada"), 0, asset(1)).await.unwrap(), 0);
        assert_eq!(files(&root), [format!("{}#1", object(2, 1))]);
        vault.erase_vault(&account("ada"), 0).await.unwrap();
        assert_eq!(everything(&root), [""; 0]);
    });
}

#[test]
fn a_sweep_takes_old_unfinished_uploads_and_leaves_what_is_not_ours() {
    on_disk(async |vault, root| {
        let (old, young) = (stray(&root, &object(1, 1)), stray(&root, &object(2, 1)));
        let long_ago = SystemTime::now() - Duration::from_secs(10_000);
        fs::File::options().append(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        fs::write(root.join("notes.txt#1"), "somebody else's").unwrap();
        fs::write(root.join("notes.txt"), "somebody else's").unwrap();
        let known =
            |asked: Vec<ObjectName>| async move { Ok::<_, VaultError>(vec![false; asked.len()]) };
        let swept = vault.sweep(Duration::from_secs(5_000), known).await.unwrap();
        assert_eq!((swept.strays, swept.erased, swept.foreign), (1, 0, 1));
        assert!(!old.exists() && young.exists() && root.join("notes.txt#1").exists());
    });
}

/// The file is shorter than it was: a disk that is broken, or somebody at work in the directory.
#[test]
fn a_file_cut_short_is_not_read_as_a_whole_one() {
    on_disk(async |vault, root| {
        write(&vault, &object(1, 1), &noise(600_000, 1)).await;
        let content = vault.read(&object(1, 1), None).await.unwrap();
        fs::write(root.join(object(1, 1).to_string()), b"short").unwrap();
        assert!(crate::collect(content.bytes).await.is_err());
    });
}

#[test]
fn a_directory_that_cannot_be_is_said_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let location = file.path().join("below a file");
    let error = Vault::open_with(location.to_str().unwrap(), []).unwrap_err();
    assert!(error.to_string().contains("below a file can't be used"), "{error}");
}

#[test]
fn a_store_that_nobody_answers_at_is_unavailable() {
    let variables = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "hush")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let location = "s3://bucket?endpoint=http://127.0.0.1:9&region=us-east-1";
    let vault = Vault::open_with(location, variables).unwrap();
    let error = runtime.block_on(vault.read(&object(1, 1), None)).unwrap_err();
    assert!(matches!(error, VaultError::Unavailable(_)), "{error:?}");
    assert!(!format!("{error:?} {vault:?}").contains("hush"));
}

#[test]
fn the_same_location_has_the_same_objects() {
    let place = places::disk();
    let location = place.directory.as_ref().unwrap().path().join("made/by the vault");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        write(&place.vault, &object(1, 1), &noise(10, 1)).await;
        let url = url::Url::from_directory_path(&location).unwrap();
        let again = Vault::open_with(url.as_str(), []).unwrap();
        assert_eq!(crate::read(&again, &object(1, 1)).await, noise(10, 1));
    });
}
