-- What can be rebuilt from the journal: everything that is looked up. Written behind the journal.
-- Times are microseconds since 1970, in UTC; credits and units are millionths.

-- How far the views have come: the last commit that is in them, and the checksum of its row.
CREATE TABLE stamp (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    commit_id INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
INSERT INTO stamp VALUES (1, 0, 0);

-- Each account after its last event. `due_at` is by the real clock.
CREATE TABLE accounts (
    account_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    due_at INTEGER,
    status TEXT NOT NULL,
    plan TEXT,
    available INTEGER NOT NULL,
    held INTEGER NOT NULL,
    state BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX accounts_due ON accounts (due_at) WHERE due_at IS NOT NULL;

-- One row per event that is a statement line (it has a kind) or belongs to a spend. `event` is the
-- encoded event, kept for those of spends.
CREATE TABLE history (
    account_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT,
    at INTEGER,
    credits INTEGER,
    available_after INTEGER,
    held_after INTEGER,
    spend_id TEXT,
    lot INTEGER,
    operation TEXT,
    model TEXT,
    quality TEXT,
    units INTEGER,
    reason TEXT,
    reference TEXT,
    event BLOB,
    PRIMARY KEY (account_id, version)
) WITHOUT ROWID;
CREATE INDEX history_spend ON history (account_id, spend_id) WHERE spend_id IS NOT NULL;

CREATE VIEW statement AS
SELECT account_id, version, kind, at, credits, available_after, held_after, spend_id, lot,
    operation, model, quality, units, reason, reference
FROM history WHERE kind IS NOT NULL;

-- Which entry of the journal an idempotency key stands for.
CREATE TABLE idempotency (
    account_id TEXT NOT NULL,
    key TEXT NOT NULL,
    commit_id INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) WITHOUT ROWID;
