//! The proof that a database is in order: the journal is replayed, and what it makes is compared with
//! the tables, row by row.

use std::collections::{BTreeMap, HashSet};

use bursar_core::id::{AccountId, AssetId};
use bursar_core::money::Currency;
use bursar_core::postings::{Book, MoneyBook};
use bursar_store::audit::{AssetCounts, Audit, Counts, Finding};
use bursar_store::{JournalPosition, StoreError};
use deadpool_postgres::Client;

use crate::assets::asset_id;
use crate::connection::{Connections, Session};
use crate::error::{Attempt, Failure, get, unsigned};
use crate::url::Target;
use crate::views::account_id;
use crate::{Options, migrations, replay};

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
    /// The number of the last commit.
    pub last_commit: u64,
}

/// The first thing that is wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Difference {
    /// The database can't be read, or a row of it is damaged.
    #[error(transparent)]
    Database(#[from] StoreError),
    /// The journal contradicts itself.
    #[error("the journal: {0}")]
    Journal(#[from] Finding),
    /// The tables are not what the journal makes.
    #[error("the tables: {what}")]
    Tables {
        /// What, in words, with the row.
        what: String,
    },
}

/// One moment of everything, however long it takes to look at it. Rows are made in temporary tables, which
/// are found before those of the same name, and go with the transaction.
const BEGIN: &str = "
    BEGIN ISOLATION LEVEL REPEATABLE READ;
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0";

/// The tables that the journal makes.
const TABLES: [&str; 8] = [
    "accounts",
    "idempotency",
    "spends",
    "payments",
    "payment_refunds",
    "documents",
    "assets",
    "owners",
];

/// The last legal numbers, where they don't agree with the documents that there are.
const NUMBERS: &str = "
    SELECT made.series, made.year, made.last, kept.last
    FROM (SELECT series, year, max(number) AS last FROM pg_temp.documents GROUP BY 1, 2) AS made
    FULL JOIN (SELECT series, year, last FROM bursar.document_numbers WHERE series <> '') AS kept
        ON kept.series = made.series AND kept.year = made.year
    WHERE made.last IS DISTINCT FROM kept.last LIMIT 1";

/// Proves a database, whether or not servers work on it. `progress` is told how many commits are done, and
/// the number of the last.
///
/// It takes the memory of every account's state, and room for the tables once more on the server's disk.
///
/// # Errors
/// The first [`Difference`].
pub async fn verify(
    url: &str,
    mut progress: impl FnMut(u64, u64) + Send,
) -> std::result::Result<Report, Difference> {
    let connections = Connections::new(&Target::parse(url)?, &Options::default(), 1)?;
    migrations::check_existing(&connections).await?;
    prove(&connections, &mut progress).await
}

/// The proof itself, also of a database that is being filled.
pub(crate) async fn prove(
    connections: &Connections,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> std::result::Result<Report, Difference> {
    let mut proof = Proof::default();
    match proof.run(connections, progress).await {
        Ok(None) => Ok(proof.report()),
        Ok(Some(difference)) => Err(difference),
        Err(failure) => Err(failure.explain(&connections.place).into()),
    }
}

#[derive(Default)]
struct Proof {
    audit: Audit,
    commits: u64,
}

impl Proof {
    async fn run(
        &mut self,
        connections: &Connections,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Attempt<Option<Difference>> {
        // Never over but by a rollback: the connection is not to be used again.
        let session = Session::new(connections.get().await?);
        let client = session.client()?;
        client.batch_execute(BEGIN).await?;
        let last = client.query_one("SELECT coalesce(max(commit_id), 0) FROM journal", &[]).await?;
        let last: u64 = unsigned(get(&last, 0)?)?;
        for table in TABLES {
            let make = format!(
                "CREATE TEMPORARY TABLE {table} (LIKE bursar.{table} INCLUDING INDEXES) ON COMMIT DROP"
            );
            client.batch_execute(&make).await?;
        }
        let mut finding = None;
        let replayed = replay::replay(client, &connections.place, |entries| {
            for (position, entry) in entries {
                self.count(*position);
                if let Err(found) = self.audit.add(*position, entry) {
                    finding = Some(found);
                    let over = StoreError::Damaged("the journal contradicts itself".to_owned());
                    return Err(Failure::Store(over));
                }
            }
            progress(self.audit.last().commit, last);
            Ok(())
        });
        let replayed = replayed.await;
        if let Some(finding) = finding {
            return Ok(Some(finding.into()));
        }
        replayed?;
        if let Err((account, what)) = self.audit.check_storage() {
            let (position, version) = (self.audit.last(), self.audit.version(&account));
            return Ok(Some(Finding { position, account, version, what }.into()));
        }
        match compare(client).await? {
            Some(difference) => Ok(Some(difference)),
            None => self.compare_details(client).await,
        }
    }

    /// What is known of files is no row of the journal's making, but goes with them.
    async fn compare_details(&self, client: &Client) -> Attempt<Option<Difference>> {
        let select = "
            SELECT account_id, asset, vault FROM asset_details WHERE (account_id, asset) > ($1, $2)
            ORDER BY account_id, asset LIMIT 10000";
        let select = client.prepare_cached(select).await?;
        let differs = |id: &AccountId, asset: AssetId, what: &str| {
            let what = format!("asset_details of {id}, {asset}: {what}");
            Ok(Some(Difference::Tables { what }))
        };
        let mut detailed: HashSet<(AccountId, AssetId)> = HashSet::new();
        let (mut account, mut asset) = (String::new(), String::new());
        loop {
            let rows = client.query(&select, &[&account, &asset]).await?;
            for row in &rows {
                let (id, asset) = (account_id(row, 0)?, asset_id(row, 1)?);
                if !self.audit.may_have_details(&id, asset, unsigned(get(row, 2)?)?) {
                    return differs(&id, asset, "there is no such file");
                }
                detailed.insert((id, asset));
            }
            let Some(last) = rows.last() else {
                break;
            };
            (account, asset) = (get(last, 0)?, get(last, 1)?);
        }
        for (id, asset) in self.audit.must_have_details() {
            if !detailed.contains(&(id.clone(), asset)) {
                return differs(id, asset, "the file has none");
            }
        }
        Ok(None)
    }

    fn count(&mut self, position: JournalPosition) {
        if position.commit != self.audit.last().commit {
            self.commits += 1;
        }
    }

    fn report(self) -> Report {
        let audit = self.audit;
        Report {
            commits: self.commits,
            entries: audit.entry_count(),
            events: audit.event_count(),
            accounts: audit.accounts().len(),
            keys: audit.key_count(),
            totals: audit.totals().clone(),
            counts: audit.counts(),
            assets: audit.asset_counts(),
            money_totals: audit.money_totals().clone(),
            last_commit: audit.last().commit,
        }
    }
}

/// Compares what was made with what is kept.
async fn compare(client: &Client) -> Attempt<Option<Difference>> {
    for table in TABLES {
        let columns = columns(client, table).await?;
        // Enough of it to find it: the rest can be long.
        let key = columns.splitn(3, ", ").take(2).collect::<Vec<_>>().join(", ");
        for (one, other, what) in [
            ("pg_temp", "bursar", "is missing or another"),
            ("bursar", "pg_temp", "is not what the journal makes"),
        ] {
            let select = format!(
                "SELECT row_to_json(wrong)::text FROM (
                    SELECT {key} FROM (SELECT {columns} FROM {one}.{table}
                    EXCEPT ALL SELECT {columns} FROM {other}.{table} LIMIT 1) AS differs
                 ) AS wrong"
            );
            if let Some(row) = client.query_opt(&select, &[]).await? {
                let row: String = get(&row, 0)?;
                let what = format!("{table} {row} {what}");
                return Ok(Some(Difference::Tables { what }));
            }
        }
    }
    let Some(row) = client.query_opt(NUMBERS, &[]).await? else {
        return Ok(None);
    };
    let (made, kept): (Option<i64>, Option<i64>) = (get(&row, 2)?, get(&row, 3)?);
    let what = format!(
        "document_numbers has {} as the last number where the documents have {}",
        kept.unwrap_or(0),
        made.unwrap_or(0)
    );
    Ok(Some(Difference::Tables { what }))
}

async fn columns(client: &Client, table: &str) -> Attempt<String> {
    let select = "
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = ('pg_temp.' || $1)::regclass AND attnum > 0 AND NOT attisdropped";
    let row = client.query_one(select, &[&table]).await?;
    Ok(get(&row, 0)?)
}
