//! Links into the portal, and the sessions that they open.

use bursar_core::time::Timestamp;
use bursar_store::{NewPortalSession, PortalLink, PortalSession, StoreError};
use tokio_postgres::Row;

use crate::connection::{Connections, Values};
use crate::error::{Result, get};
use crate::views::account_id;

/// Keeps a link.
pub(crate) async fn put_link(tables: &Connections, link: &PortalLink) -> Result<()> {
    let insert = "
        INSERT INTO portal_links (hash, account_id, return_url, expires_at, used_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (hash) DO UPDATE SET account_id = excluded.account_id,
            return_url = excluded.return_url, expires_at = excluded.expires_at,
            used_at = excluded.used_at";
    let (expires, used) = (link.expires_at.micros(), link.used_at.map(Timestamp::micros));
    let (hash, account) = (link.hash.as_slice(), link.account.as_str());
    let values: Values<'_> = &[&hash, &account, &link.return_url, &expires, &used];
    tables.query(insert, values).await.map(drop)
}

/// Of several at once the first has the link's row locked, and the others see that it was used. Whoever
/// asks again because the answer was lost finds the session that was opened, and gets the same answer.
const USE_LINK: &str = "
    WITH link AS (
        SELECT hash, account_id, return_url, expires_at, used_at FROM portal_links
        WHERE hash = $1 FOR UPDATE
    ), used AS (
        UPDATE portal_links SET used_at = $2 FROM link
        WHERE portal_links.hash = link.hash AND link.used_at IS NULL AND $2 < link.expires_at
        RETURNING portal_links.hash
    ), opened AS (
        INSERT INTO portal_sessions (hash, account_id, return_url, expires_at, ends_at)
        SELECT $3, account_id, return_url, $4, $5 FROM link JOIN used USING (hash)
    )
    SELECT hash, account_id, return_url, expires_at,
        CASE WHEN EXISTS (SELECT 1 FROM portal_sessions WHERE hash = $3) THEN NULL ELSE used_at END
    FROM link";

/// Exchanges a link for a session.
pub(crate) async fn use_link(
    tables: &Connections,
    code: &[u8; 32],
    now: Timestamp,
    session: NewPortalSession,
) -> Result<Option<PortalLink>> {
    let NewPortalSession { hash, expires_at, ends_at } = session;
    let (code, hash) = (code.as_slice(), hash.as_slice());
    let (now, expires, ends) = (now.micros(), expires_at.micros(), ends_at.micros());
    let row = tables.query_one(USE_LINK, &[&code, &now, &hash, &expires, &ends]).await?;
    row.as_ref().map(link).transpose()
}

fn link(row: &Row) -> Result<PortalLink> {
    let used_at: Option<i64> = get(row, 4)?;
    Ok(PortalLink {
        hash: hash(row)?,
        account: account_id(row, 1)?,
        return_url: get(row, 2)?,
        expires_at: Timestamp::from_micros(get(row, 3)?),
        used_at: used_at.map(Timestamp::from_micros),
    })
}

/// A session by the hash of its cookie.
pub(crate) async fn session(
    tables: &Connections,
    cookie: &[u8; 32],
) -> Result<Option<PortalSession>> {
    let select = "
        SELECT hash, account_id, return_url, expires_at, ends_at FROM portal_sessions
        WHERE hash = $1";
    let Some(row) = tables.query_one(select, &[&cookie.as_slice()]).await? else {
        return Ok(None);
    };
    Ok(Some(PortalSession {
        hash: hash(&row)?,
        account: account_id(&row, 1)?,
        return_url: get(&row, 2)?,
        expires_at: Timestamp::from_micros(get(&row, 3)?),
        ends_at: Timestamp::from_micros(get(&row, 4)?),
    }))
}

fn hash(row: &Row) -> Result<[u8; 32]> {
    let hash: Vec<u8> = get(row, 0)?;
    hash.try_into().map_err(|_| StoreError::Damaged("a hash of another length".to_owned()))
}
