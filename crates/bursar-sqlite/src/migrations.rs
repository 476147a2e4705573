//! The versions of the two files.

use std::path::Path;

use bursar_store::{StoreError, projection};
use rusqlite::{Connection, TransactionBehavior};

use crate::directory::Directory;
use crate::error::{Result, about};

/// Marks a file as ours: "BRSR".
const APPLICATION: i64 = 0x4252_5352;

/// What brings a journal from each version to the next, from 0. Never changed, only added to.
const JOURNAL: [&str; 3] = [
    include_str!("sql/journal_1.sql"),
    include_str!("sql/journal_2.sql"),
    include_str!("sql/journal_3.sql"),
];

/// Today's version of a journal.
pub(crate) const NEWEST_JOURNAL: i64 = 3;

/// The first version of a journal that has details of assets.
pub(crate) const WITH_ASSETS: i64 = 3;

/// The version of the views' schema: raise it with every change. They are built anew when it, or
/// that of the [rows](projection::VERSION), is another.
const VIEWS_SCHEMA: u16 = 7;

const VIEWS: &str = include_str!("sql/views.sql");

/// Brings a journal to today's version.
pub(crate) fn migrate_journal(directory: &Directory, connection: &mut Connection) -> Result<()> {
    let path = directory.journal();
    let version = check_journal(&path, connection)?;
    for (next, sql) in (1_i64..).zip(JOURNAL).skip_while(|(next, _)| *next <= version) {
        let migration = connection
            .transaction_with_behavior(TransactionBehavior::Exclusive)
            .map_err(about(&path))?;
        migration
            .execute_batch(&format!(
                "{sql}\nPRAGMA application_id = {APPLICATION};\nPRAGMA user_version = {next};"
            ))
            .map_err(about(&path))?;
        migration.commit().map_err(about(&path))?;
    }
    Ok(())
}

/// The version of a journal; 0 if it is empty.
///
/// # Errors
/// It is of a newer version, or not a journal.
pub(crate) fn check_journal(path: &Path, connection: &Connection) -> Result<i64> {
    let version = pragma(path, connection, "user_version")?;
    let newest = i64::try_from(JOURNAL.len()).unwrap_or(i64::MAX);
    let file = path.display();
    if version != 0 && pragma(path, connection, "application_id")? != APPLICATION {
        return Err(StoreError::Damaged(format!("{file} is not a journal of Bursar's")));
    }
    if version > newest {
        return Err(StoreError::Newer(format!(
            "{file} has schema {version} and this version of Bursar knows up to {newest}; \
             run the version that wrote it, or a newer one"
        )));
    }
    Ok(version)
}

/// Makes empty views.
pub(crate) fn create_views(directory: &Directory, connection: &mut Connection) -> Result<()> {
    let path = directory.views();
    let creation = connection.transaction().map_err(about(&path))?;
    creation
        .execute_batch(&format!("{VIEWS}\nPRAGMA user_version = {};", views_version()))
        .map_err(about(&path))?;
    creation.commit().map_err(about(&path))
}

/// What the views are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewsVersion {
    /// They are empty.
    None,
    /// They are as this version of Bursar makes them.
    Fitting,
    /// Another version made them.
    Other,
}

/// What the views are good for.
pub(crate) fn check_views(directory: &Directory, connection: &Connection) -> Result<ViewsVersion> {
    let version = pragma(&directory.views(), connection, "user_version")?;
    Ok(match version {
        0 => ViewsVersion::None,
        fitting if fitting == views_version() => ViewsVersion::Fitting,
        _ => ViewsVersion::Other,
    })
}

/// Both versions in one number.
fn views_version() -> i64 {
    i64::from(VIEWS_SCHEMA) * 65_536 + i64::from(projection::VERSION)
}

fn pragma(path: &Path, connection: &Connection, name: &str) -> Result<i64> {
    connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).map_err(about(path))
}
