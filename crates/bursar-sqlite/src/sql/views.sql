-- What can be rebuilt from the journal: everything that is looked up. Written behind the journal.
-- Times are microseconds since 1970, in UTC; credits and units are millionths, money is in the minor
-- units of its currency.

-- How far the views have come: the last commit that is in them, and the checksum of its row.
CREATE TABLE stamp (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    commit_id INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
INSERT INTO stamp VALUES (1, 0, 0);

-- What accounts are searched by; their states are in views.states. `due_at` is by the real clock; `asking` is 1
-- while the payment provider is to be asked for something, `erasing` while something is to be erased from the
-- vault.
CREATE TABLE accounts (
    account_id TEXT PRIMARY KEY,
    due_at INTEGER,
    asking INTEGER NOT NULL,
    erasing INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX accounts_due ON accounts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX accounts_asking ON accounts (account_id) WHERE asking = 1;
CREATE INDEX accounts_erasing ON accounts (account_id) WHERE erasing = 1;

-- The files beside this one, and how many records each has. Those of views.index: lines, by which the journal's
-- entries are found by their idempotency keys, by the spends that they are about and by the versions of their
-- account. Those of views.states: each account after its last event.
CREATE TABLE runs (
    kind TEXT NOT NULL,
    run INTEGER NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (kind, run)
) WITHOUT ROWID;

-- Each payment as it stands: its columns, and all of it encoded in `row`. `version` is the account's
-- after the last event that is in it.
CREATE TABLE payments (
    account_id TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    settled_at INTEGER,
    invoice INTEGER,
    reference TEXT,
    row BLOB NOT NULL,
    PRIMARY KEY (account_id, payment_id)
) WITHOUT ROWID;
CREATE INDEX payments_payment ON payments (payment_id);
CREATE INDEX payments_reference ON payments (reference) WHERE reference IS NOT NULL;

-- Each refund of a payment: pending, succeeded or failed. `document` is its credit note.
CREATE TABLE payment_refunds (
    account_id TEXT NOT NULL,
    refund_id TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    document INTEGER,
    PRIMARY KEY (account_id, refund_id)
) WITHOUT ROWID;
CREATE INDEX payment_refunds_refund ON payment_refunds (refund_id);

-- Each invoice and credit note, as `payments` has payments. `document` counts an account's documents
-- from 1; `legal_number` is what is printed.
CREATE TABLE documents (
    account_id TEXT NOT NULL,
    document INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    series TEXT NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    legal_number TEXT NOT NULL,
    state TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    currency TEXT NOT NULL,
    net INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    total INTEGER NOT NULL,
    corrects INTEGER,
    credited_by INTEGER,
    row BLOB NOT NULL,
    PRIMARY KEY (account_id, document),
    UNIQUE (series, year, number)
) WITHOUT ROWID;

-- Each file (it has `stored_at`) and each upload under way (it has `expires_at`) until it is gone; those
-- of a vault that was purged until that is certified. `attempt` names the object that has the bytes, a
-- number of 64 bits. `version` is the account's after the last event about it.
CREATE TABLE assets (
    account_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    version INTEGER NOT NULL,
    vault INTEGER NOT NULL,
    kind TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    stored_at INTEGER,
    expires_at INTEGER,
    external INTEGER NOT NULL,
    attempt INTEGER,
    reference TEXT,
    PRIMARY KEY (account_id, asset)
) WITHOUT ROWID;
CREATE INDEX assets_largest ON assets (account_id, vault, bytes, asset);

-- Whose objects are filed under a name, which is a hash of the account's id.
CREATE TABLE owners (
    object_name BLOB PRIMARY KEY,
    account_id TEXT NOT NULL
) WITHOUT ROWID;
