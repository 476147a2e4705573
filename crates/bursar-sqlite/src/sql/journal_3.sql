-- Links into the portal and the sessions that they open: secrets as hashes, times by the real clock in
-- microseconds since 1970.
CREATE TABLE portal_links (
    hash BLOB PRIMARY KEY,
    account_id TEXT NOT NULL,
    return_url TEXT,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) WITHOUT ROWID;

CREATE TABLE portal_sessions (
    hash BLOB PRIMARY KEY,
    account_id TEXT NOT NULL,
    return_url TEXT,
    expires_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) WITHOUT ROWID;
