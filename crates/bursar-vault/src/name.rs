//! What objects are called.

use std::fmt;
use std::str::FromStr;

use bursar_core::id::{AccountId, AssetId};
use object_store::path::{Path, PathPart};

/// What follows the attempt in the name of a thumbnail.
const THUMBNAIL: &str = "thumbnail";

/// What an account is called among the objects: the first 16 bytes of BLAKE3 over its id, in
/// hexadecimal. An id is chosen by an app and may hold a mail address, differ from another one by case
/// alone, or be a word that a file system keeps for itself; this can't.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName([u8; 16]);

impl AccountName {
    /// The name of that account.
    pub fn of(account: &AccountId) -> Self {
        Self(account.object_name())
    }

    /// The hash.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        lowercase_hex(text, 32).map(|bits| Self(bits.to_be_bytes())).ok_or(())
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One object: what one attempt to upload an asset has written. Below the vault's location it lies at
/// `account/vault/asset/attempt`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectName {
    /// Whose it is.
    pub account: AccountName,
    /// Which of the account's vaults it lies in. A purge ends one; what is stored later lies in the next.
    pub vault: u32,
    /// The asset.
    pub asset: AssetId,
    /// Which attempt to upload it. Each has a random number, so that two at once can't mix.
    pub attempt: u64,
}

impl ObjectName {
    /// The object of one attempt.
    pub fn new(account: &AccountId, vault: u32, asset: AssetId, attempt: u64) -> Self {
        Self { account: AccountName::of(account), vault, asset, attempt }
    }

    /// Where it lies, below the vault's location.
    pub(crate) fn path(&self) -> Path {
        asset_path(self.account, self.vault, self.asset).join(self.last_part())
    }

    /// Where its thumbnail lies: beside it, so that whatever erases the one erases the other.
    pub(crate) fn thumbnail_path(&self) -> Path {
        let name = format!("{}.{THUMBNAIL}", self.last_part().as_ref());
        asset_path(self.account, self.vault, self.asset).join(name)
    }

    fn last_part(&self) -> PathPart<'static> {
        PathPart::from(format!("{:016x}", self.attempt))
    }

    /// The object that a path below the vault's location is, or is the thumbnail of. `None` if it isn't
    /// one of ours.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let parts: Vec<_> = path.parts().collect();
        let [account, vault, asset, attempt] = parts.as_slice() else { return None };
        let (attempt, suffix) = match attempt.as_ref().split_once('.') {
            Some((attempt, suffix)) => (attempt, Some(suffix)),
            None => (attempt.as_ref(), None),
        };
        let name = Self {
            account: account.as_ref().parse().ok()?,
            vault: vault.as_ref().parse().ok()?,
            asset: asset.as_ref().parse().ok()?,
            attempt: u64::try_from(lowercase_hex(attempt, 16)?).ok()?,
        };
        // Other ways to write the same numbers aren't names of ours.
        let expected = if suffix.is_some() { name.thumbnail_path() } else { name.path() };
        (expected == *path).then_some(name)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path().as_ref())
    }
}

/// Where all objects of an asset lie.
pub(crate) fn asset_path(account: AccountName, vault: u32, asset: AssetId) -> Path {
    vault_path(account, vault).join(asset.to_string())
}

/// Where all objects of one vault of an account lie.
pub(crate) fn vault_path(account: AccountName, vault: u32) -> Path {
    Path::from(account.to_string()).join(vault.to_string())
}

fn lowercase_hex(text: &str, digits: usize) -> Option<u128> {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let is_hex = text.len() == digits && text.bytes().all(hex);
    is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asset(bits: u128) -> AssetId {
        format!("asset_{bits:032x}").parse().unwrap()
    }

    proptest! {
        /// Whatever an account is called, its objects have names of our own making.
        #[test]
        fn no_account_id_gets_into_a_path(
            id in "[A-Za-z0-9_.:-]{1,64}", vault: u32, bits: u128, attempt: u64,
        ) {
            prop_assume!(id.parse::<AccountId>().is_ok());
            let name = ObjectName::new(&id.parse().unwrap(), vault, asset(bits), attempt);
            for (path, suffix) in [(name.path(), ""), (name.thumbnail_path(), ".thumbnail")] {
                let parts: Vec<_> = path.as_ref().split('/').collect();
                prop_assert_eq!(parts.len(), 4);
                prop_assert!(lowercase_hex(parts[0], 32).is_some());
                prop_assert_eq!(parts[1].parse(), Ok(vault));
                prop_assert_eq!(parts[2].parse(), Ok(name.asset));
                let attempt = parts[3].strip_suffix(suffix).unwrap();
                prop_assert!(lowercase_hex(attempt, 16).is_some());
                prop_assert_eq!(ObjectName::read(&path), Some(name));
            }
        }

        /// What is no name of ours is never read as one, so that a sweep leaves it alone.
        #[test]
        fn reading_a_path_gives_back_the_same_path(path in "[0-9a-f]{30,33}/[0-9+]{1,3}/asset_[0-9a-fA-F]{32}/[0-9a-f]{16}(\\.[a-z]{0,9})?") {
            let path = Path::from(path);
            if let Some(name) = ObjectName::read(&path) {
                prop_assert!(name.path() == path || name.thumbnail_path() == path);
            }
        }
    }

    #[test]
    fn hostile_ids_are_apart_on_every_file_system() {
        let ids = ["ada", "Ada", "ADA", "...", "-rf", "CON", "nul.txt", ".git", "a:b", "a.", "~"];
        let names: std::collections::BTreeSet<String> = (ids.iter())
            .filter_map(|id| id.parse().ok())
            .map(|id| AccountName::of(&id).to_string())
            .collect();
        assert_eq!(names.len(), ids.iter().filter(|id| id.parse::<AccountId>().is_ok()).count());
    }

    #[test]
    fn a_name_stays_what_it_is() {
        let name = ObjectName::new(&"ada".parse().unwrap(), 3, asset(0xa5), 0xbeef);
        let expected = "1bed34efd6739275f996d6e755ca4c67/3/asset_000000000000000000000000000000a5/000000000000beef";
        assert_eq!(name.to_string(), expected, "objects that exist would be lost");
    }

    #[test]
    fn other_peoples_files_are_not_ours() {
        for path in ["", "README", "a/b/c/d", "lost+found/1/asset_1/2", "owner.json"] {
            assert_eq!(ObjectName::read(&Path::from(path)), None, "{path}");
        }
    }
}
