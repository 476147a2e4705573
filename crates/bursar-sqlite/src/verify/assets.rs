//! Comparing files, which come, change and go: each row is compared when the journal has reached the
//! version that the views have of it. In memory are only those in between, and those that go again before
//! the views' stamp. Details, which are no view, are compared with the journal's end.

use std::collections::BTreeMap;

use bursar_core::id::{AccountId, AssetId};
use bursar_store::audit::Audit;
use bursar_store::projection::{AssetChange, asset_changes};
use bursar_store::{AssetRow, Entry};
use rusqlite::Connection;

use super::{Difference, Views, differs};
use crate::directory::Directory;
use crate::error::about;
use crate::{assets, registry};

type Proved = std::result::Result<(), Difference>;

/// What the views don't have, or have later.
#[derive(Default)]
pub(super) struct Unfinished(BTreeMap<(AccountId, AssetId), AssetRow>);

impl Unfinished {
    /// Takes an entry that the views have.
    pub(super) fn add(&mut self, views: &Views<'_>, entry: &Entry) -> Proved {
        let id = &entry.account;
        for change in asset_changes(entry) {
            match change {
                AssetChange::Is(row) => self.compare(views, id, row)?,
                AssetChange::Gone(asset) => {
                    self.0.remove(&(id.clone(), asset));
                    if assets::read(views.directory, &views.moment, id, asset)?.is_some() {
                        return Err(too_many(id, asset));
                    }
                }
                AssetChange::VaultGone(vault) => {
                    self.0.retain(|(of, _), row| of != id || row.record.vault != vault);
                    let left = assets::of_vault(views.directory, &views.moment, id, vault)?;
                    left.map_or(Ok(()), |asset| Err(too_many(id, asset)))?;
                }
            }
        }
        Ok(())
    }

    fn compare(&mut self, views: &Views<'_>, id: &AccountId, row: AssetRow) -> Proved {
        let asset = row.record.id;
        let stored = assets::read(views.directory, &views.moment, id, asset)?;
        if stored.as_ref().is_none_or(|stored| stored.version > row.version) {
            self.0.insert((id.clone(), asset), row);
            return Ok(());
        }
        self.0.remove(&(id.clone(), asset));
        if stored.as_ref() != Some(&row) {
            let key = format!("assets of {id}, {asset}");
            return Err(differs(&key, stored.map(|stored| format!("{stored:?}")), &row));
        }
        Ok(())
    }

    /// At the views' stamp nothing may be left.
    pub(super) fn check(&self) -> Proved {
        match self.0.iter().next() {
            Some(((id, asset), row)) => {
                let key = format!("assets of {id}, {asset}");
                Err(differs(&key, None, row))
            }
            None => Ok(()),
        }
    }
}

fn too_many(id: &AccountId, asset: AssetId) -> Difference {
    let what = format!("assets of {id}, {asset} is there, the journal has deleted it");
    Difference::Views { what }
}

/// Have files details, and details files? Both are in the journal's file, read at one moment.
pub(super) fn details(directory: &Directory, journal: &Connection, audit: &Audit) -> Proved {
    let path = directory.journal();
    let mut difference = None;
    registry::each_detailed(journal, |id, asset, vault| {
        if !audit.may_have_details(&id, asset, vault) {
            difference.get_or_insert((id, asset, "has details, and there is no such file"));
        }
    })
    .map_err(about(&path))?;
    let mut missing = None;
    for (id, asset) in audit.must_have_details() {
        if !registry::has_details(journal, id, asset).map_err(about(&path))? {
            missing.get_or_insert((id.clone(), asset, "is a file without details"));
        }
    }
    match difference.or(missing) {
        Some((id, asset, what)) => {
            Err(Difference::Details { what: format!("{asset} of {id} {what}") })
        }
        None => Ok(()),
    }
}
