-- What cannot be rebuilt: the journal, and the plain tables beside it.

-- One row per commit, appended and never changed: the encoded entries of one batch, checksummed.
CREATE TABLE journal (
    commit_id INTEGER PRIMARY KEY,
    entries BLOB NOT NULL
);

-- Personal data, apart from the journal so that it can be erased.
CREATE TABLE contacts (
    account_id TEXT PRIMARY KEY,
    name TEXT,
    email TEXT
) WITHOUT ROWID;

-- Times are microseconds since 1970, in UTC. Scopes are a JSON array of names.
CREATE TABLE api_keys (
    key_id TEXT PRIMARY KEY,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX api_keys_hash ON api_keys (hash);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE catalogs (
    version BLOB PRIMARY KEY,
    text TEXT NOT NULL,
    since INTEGER NOT NULL
) WITHOUT ROWID;
