//! The proof that a directory is in order: the journal is replayed, and the views compared with it,
//! row by row.

mod assets;
mod money;

use std::collections::BTreeMap;
use std::path::Path;

use bursar_core::id::AccountId;
use bursar_core::money::Currency;
use bursar_core::postings::{Book, MoneyBook};
use bursar_store::audit::{AssetCounts, Audit, Counts, Finding};
use bursar_store::projection::AccountRow;
use bursar_store::{Entry, JournalPosition, StoreError};
use rusqlite::{Connection, Transaction};

use crate::backup::check_integrity;
use crate::connection;
use crate::directory::Directory;
use crate::error::{Result, about, unsigned};
use crate::index::add_lines;
use crate::journal;
use crate::migrations::{ViewsVersion, WITH_ASSETS, check_journal, check_views};
use crate::sorted::Sorted;
use crate::transfer::refuse_marked;
use crate::views;
use money::Unfinished;

/// What was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Commits of the journal.
    pub commits: u64,
    /// Entries in them.
    pub entries: u64,
    /// Events in those.
    pub events: u64,
    /// Accounts that they make.
    pub accounts: usize,
    /// Idempotency keys.
    pub keys: usize,
    /// What each book sums to over all accounts, in micro-credits; together nothing.
    pub totals: BTreeMap<Book, i128>,
    /// Payments, refunds, invoices and credit notes.
    pub counts: Counts,
    /// Files and uploads.
    pub assets: AssetCounts,
    /// What each book of money sums to over all accounts, in minor units; those of one currency together
    /// nothing.
    pub money_totals: BTreeMap<(Currency, MoneyBook), i128>,
    /// The commit up to which the views were compared; `None` if there are none of this version, and
    /// the next start builds them.
    pub views: Option<u64>,
}

/// The first thing that is wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Difference {
    /// A file can't be read, or is damaged.
    #[error(transparent)]
    File(#[from] StoreError),
    /// The journal contradicts itself.
    #[error("journal.db: {0}")]
    Journal(#[from] Finding),
    /// The views are not what the journal makes.
    #[error("views.db: {what}; `bursar views rebuild` makes it anew from the journal")]
    Views {
        /// What, in words, with the row's key.
        what: String,
    },
    /// What is known of files is not of the files that there are.
    #[error("journal.db: {what}; the server's daily sweep erases details of files that are gone")]
    Details {
        /// What, in words.
        what: String,
    },
}

/// Proves a directory, whether or not a server has it. `progress` is told how many commits are done,
/// and how many there are.
///
/// The views are compared at the commit that they have reached, the journal is proved to its end. It
/// takes the memory of every account's state.
///
/// # Errors
/// The first [`Difference`].
pub fn verify(
    dir: impl AsRef<Path>,
    mut progress: impl FnMut(u64, u64),
) -> std::result::Result<Report, Difference> {
    let directory = Directory::new(dir.as_ref());
    refuse_marked(&directory)?;
    prove(&directory, &mut progress)
}

/// The proof itself, also of a directory that is being filled.
pub(crate) fn prove(
    directory: &Directory,
    progress: &mut dyn FnMut(u64, u64),
) -> std::result::Result<Report, Difference> {
    // The views' moment first: what they have then is in the journal's, which comes after it.
    let views = open_views(directory)?;
    let views = match &views {
        Some(views) => Some(Views::begin(directory, views)?),
        None => None,
    };
    let path = directory.journal();
    let journal = connection::read_only(&path)?;
    let _moment = journal.unchecked_transaction().map_err(about(&path))?;
    let version = check_journal(&path, &journal)?;
    check_integrity(&path, &journal)?;
    let unfinished = Unfinished::default();
    let files = assets::Unfinished::default();
    let mut proof = Proof { audit: Audit::new(), lines: 0, unfinished, files, views };
    let last = journal::last(directory, &journal)?.commit;
    proof.reach(0)?;
    let mut difference = None;
    journal::scan(directory, &journal, 0, last, |commit| {
        for (position, entry) in commit.positions() {
            if let Err(found) = proof.add(position, entry) {
                difference = Some(found);
                return Ok(false);
            }
        }
        let reached = proof.reach(commit.stamp.commit);
        progress(commit.stamp.commit, last);
        difference = reached.err();
        Ok(difference.is_none())
    })?;
    if let Some(difference) = difference {
        return Err(difference);
    }
    proof.check_storage()?;
    if version >= WITH_ASSETS {
        assets::details(directory, &journal, &proof.audit)?;
    }
    proof.report(last)
}

fn open_views(directory: &Directory) -> Result<Option<Connection>> {
    if !directory.views().exists() {
        return Ok(None);
    }
    let views = connection::read_only(&directory.views())?;
    let fitting = check_views(directory, &views)? == ViewsVersion::Fitting;
    Ok(fitting.then_some(views))
}

/// The views at one moment.
struct Views<'a> {
    directory: &'a Directory,
    moment: Transaction<'a>,
    sorted: Sorted,
    stamp: u64,
}

impl<'a> Views<'a> {
    fn begin(directory: &'a Directory, views: &'a Connection) -> Result<Self> {
        let (moment, sorted) = connection::begin(directory, views)?;
        let stamp = views::stamp(directory, &moment)?.commit;
        check_integrity(&directory.views(), &moment)?;
        sorted.index.prove()?;
        sorted.states.prove()?;
        Ok(Self { directory, moment, sorted, stamp })
    }

    fn count(&self, table: &str) -> Result<u64> {
        let count = self
            .moment
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
            .map_err(about(&self.directory.views()))?;
        unsigned(count)
    }
}

struct Proof<'a> {
    audit: Audit,
    /// Lines of the index that the journal makes.
    lines: u64,
    unfinished: Unfinished,
    files: assets::Unfinished,
    views: Option<Views<'a>>,
}

impl Proof<'_> {
    fn add(
        &mut self,
        position: JournalPosition,
        entry: &Entry,
    ) -> std::result::Result<(), Difference> {
        self.audit.add(position, entry)?;
        let Some(views) = &self.views else {
            return Ok(());
        };
        if position.commit > views.stamp {
            return Ok(());
        }
        let mut lines = Vec::new();
        add_lines(&mut lines, position, entry)?;
        lines.sort_unstable();
        lines.dedup();
        for line in lines {
            self.lines += 1;
            if !views.sorted.index.places(line.name)?.contains(&line.place) {
                let what = format!("the index lacks an entry of {} at {position:?}", entry.account);
                return Err(Difference::Views { what });
            }
        }
        self.unfinished.add(views, position, entry)?;
        self.files.add(views, entry)
    }

    fn check_storage(&self) -> std::result::Result<(), Difference> {
        self.audit.check_storage().map_err(|(account, what)| {
            let version = self.audit.version(&account);
            Finding { position: self.audit.last(), account, version, what }.into()
        })
    }

    /// Compares what can be compared only when the journal is where the views are.
    fn reach(&self, commit: u64) -> std::result::Result<(), Difference> {
        match &self.views {
            Some(views) if views.stamp == commit => self.compare(views),
            _ => Ok(()),
        }
    }

    fn compare(&self, views: &Views<'_>) -> std::result::Result<(), Difference> {
        let accounts = u64::try_from(self.audit.accounts().len()).unwrap_or(u64::MAX);
        let Counts { payments, refunds, invoices, credit_notes } = self.audit.counts();
        let AssetCounts { files, uploads, purged, accounts: owners, .. } =
            self.audit.asset_counts();
        self.unfinished.check()?;
        self.files.check()?;
        for (table, expected) in [
            ("accounts", accounts),
            ("payments", payments),
            ("payment_refunds", refunds),
            ("documents", invoices + credit_notes),
            ("assets", files + uploads + purged),
            ("owners", owners),
        ] {
            let stored = views.count(table)?;
            if stored != expected {
                let what = format!("{table} has {stored} rows, the journal makes {expected}");
                return Err(Difference::Views { what });
            }
        }
        let stored = views.sorted.index.records();
        if stored != self.lines {
            let expected = self.lines;
            let what = format!("the index has {stored} lines, the journal makes {expected}");
            return Err(Difference::Views { what });
        }
        let stored = views.sorted.states.count_distinct()?;
        if stored != accounts {
            let what =
                format!("there are states of {stored} accounts, the journal makes {accounts}");
            return Err(Difference::Views { what });
        }
        let mut difference = None;
        let (directory, moment) = (views.directory, &views.moment);
        views::each_account(directory, moment, None, usize::MAX, |id, searched| {
            let row = views::account_row(&views.sorted.states, &id, searched)?;
            difference = difference.take().or(self.compare_account(&id, row)?);
            Ok(())
        })?;
        difference.map_or(Ok(()), Err)
    }

    fn compare_account(
        &self,
        id: &AccountId,
        stored: Option<AccountRow>,
    ) -> Result<Option<Difference>> {
        let Some(account) = self.audit.account(id) else {
            let what = format!("accounts has {id}, which the journal does not make");
            return Ok(Some(Difference::Views { what }));
        };
        let made = AccountRow::of(account)?;
        let is_right = stored.as_ref() == Some(&made);
        let stored = stored.map(|stored| format!("{stored:?}"));
        Ok((!is_right).then(|| differs(&format!("accounts of {id}"), stored, &made)))
    }

    fn report(self, last: u64) -> std::result::Result<Report, Difference> {
        if let Some(views) = self.views.as_ref().filter(|views| views.stamp > last) {
            let what = format!("it has commit {}, the journal only {last}", views.stamp);
            return Err(Difference::Views { what });
        }
        Ok(Report {
            commits: last,
            entries: self.audit.entry_count(),
            events: self.audit.event_count(),
            accounts: self.audit.accounts().len(),
            keys: self.audit.key_count(),
            totals: self.audit.totals().clone(),
            counts: self.audit.counts(),
            assets: self.audit.asset_counts(),
            money_totals: self.audit.money_totals().clone(),
            views: self.views.map(|views| views.stamp),
        })
    }
}

fn differs(row: &str, stored: Option<String>, made: &impl std::fmt::Debug) -> Difference {
    let what = match stored {
        Some(stored) => format!("{row} is {stored}, the journal makes {made:?}"),
        None => format!("{row} is missing, the journal makes {made:?}"),
    };
    Difference::Views { what }
}
