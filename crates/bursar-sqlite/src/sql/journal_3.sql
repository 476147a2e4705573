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

-- Personal data: what people call their files, and what is in them. Goes when the file goes.
-- `vault` counts an account's vaults from 0. `sha256` is there once the file is.
CREATE TABLE asset_details (
    account_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    vault INTEGER NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 BLOB,
    thumbnail INTEGER NOT NULL,
    PRIMARY KEY (account_id, asset)
) WITHOUT ROWID;
