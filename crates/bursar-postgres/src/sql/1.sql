-- Every account-owned table's key begins with the account, so that each can be distributed by it. Times are
-- microseconds since 1970, in UTC; credits and units are millionths, money is in the minor units of its
-- currency. Ids sort by their bytes, in every locale.

-- What cannot be rebuilt, appended and never changed. A commit's entries are numbered from 0. Those of one
-- account that follow each other are one row, encoded and checksummed together. Its columns say what is in it,
-- so that it is found without being read: `version` is the account's after the row's first event, `at` is
-- when that was, which never runs back on an account; `entry` is the number of its first entry, `entries` is how
-- many there are, `lines` how many lines of the statement. Read by account for statements, histories, spends and
-- repeated keys, and in commit order. Compressing rows of this size costs more than it saves.
CREATE TABLE journal (
    version bigint NOT NULL,
    commit_id bigint NOT NULL,
    at bigint NOT NULL,
    entry integer NOT NULL,
    entries integer NOT NULL,
    lines integer NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (account_id, version)
) WITH (toast_tuple_target = 8160);
CREATE INDEX journal_order ON journal (commit_id, entry);

-- Numbers of commits, drawn while the accounts are locked. A commit that failed leaves a gap.
CREATE SEQUENCE journal_commits;

-- The last legal number of each series and year. The first row is the lock of all of them.
CREATE TABLE document_numbers (
    series text COLLATE "C" NOT NULL,
    year integer NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (series, year)
);
INSERT INTO document_numbers VALUES ('', 0, 0);

-- Personal data, apart from the journal so that it can be erased.
CREATE TABLE contacts (
    account_id text COLLATE "C" PRIMARY KEY,
    name text,
    email text
);

-- Personal data: what invoices say of the customer. A revision never changes, so that what was printed
-- once can be printed again. Erasing one leaves its row with nothing in it, so that its number is not
-- given to another.
CREATE TABLE billing_details (
    account_id text COLLATE "C" NOT NULL,
    revision integer NOT NULL,
    name text,
    company text,
    address text[],
    country text,
    vat_id text,
    PRIMARY KEY (account_id, revision)
);

CREATE TABLE api_keys (
    key_id text COLLATE "C" PRIMARY KEY,
    hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint
);
CREATE INDEX api_keys_hash ON api_keys (hash);

CREATE TABLE settings (
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

-- Work that a node does (`node`), or that is left to rest (no `node`), until a time by the server's clock.
-- Work that is for no account in particular has none.
CREATE TABLE claims (
    account_id text COLLATE "C" NOT NULL,
    task text COLLATE "C" NOT NULL,
    node text COLLATE "C" NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (account_id, task)
);

CREATE TABLE catalogs (
    version bytea PRIMARY KEY,
    text text NOT NULL,
    since bigint NOT NULL
);

-- Links into the portal and the sessions that they open: secrets as hashes, times by the real clock.
CREATE TABLE portal_links (
    hash bytea PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    return_url text,
    expires_at bigint NOT NULL,
    used_at bigint
);
CREATE INDEX portal_links_expire ON portal_links (expires_at);

CREATE TABLE portal_sessions (
    hash bytea PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    return_url text,
    expires_at bigint NOT NULL,
    ends_at bigint NOT NULL
);
CREATE INDEX portal_sessions_expire ON portal_sessions (expires_at);

-- Personal data: what people call their files, and what is in them. Goes when the file goes.
-- `vault` counts an account's vaults from 0. `sha256` is there once the file is.
CREATE TABLE asset_details (
    account_id text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    vault bigint NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    sha256 bytea,
    thumbnail boolean NOT NULL,
    PRIMARY KEY (account_id, asset)
);

-- The rest can be made again from the journal. It is written by the commit it belongs to.

-- Each account after its last event, and the row that is locked while a batch is decided. `due_at` is by
-- the real clock; `asking` is true while the payment provider is to be asked for something, `erasing`
-- while something is to be erased from the vault. A row of version 0 is an account that is only about to
-- be opened: no other transaction ever sees it.
CREATE TABLE accounts (
    account_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    due_at bigint,
    asking boolean NOT NULL,
    erasing boolean NOT NULL,
    status text NOT NULL,
    plan text,
    available bigint NOT NULL,
    held bigint NOT NULL,
    state bytea NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX accounts_due ON accounts (due_at, account_id) WHERE due_at IS NOT NULL;
CREATE INDEX accounts_asking ON accounts (account_id) WHERE asking;
CREATE INDEX accounts_erasing ON accounts (account_id) WHERE erasing;

-- Lines of the statement, for reports in SQL: one for each event that moved credits, by the account's version
-- after it. Written by `bursar database report`, as far as that last came, and by nothing else: what is asked of
-- Bursar is answered from the journal.
CREATE TABLE statement (
    account_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    at bigint NOT NULL,
    credits bigint NOT NULL,
    available_after bigint NOT NULL,
    held_after bigint NOT NULL,
    spend_id text,
    lot bigint,
    operation text,
    model text,
    quality text,
    units bigint,
    reason text,
    reference text,
    PRIMARY KEY (account_id, version)
);

-- The last entry whose lines are in `statement`.
CREATE TABLE statement_end (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    commit_id bigint NOT NULL,
    entry integer NOT NULL
);
INSERT INTO statement_end (commit_id, entry) VALUES (0, 0);

-- Which entry of the journal an idempotency key stands for: the one whose first event gave the account that
-- version.
CREATE TABLE idempotency (
    version bigint NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, key)
);

-- Where a spend goes on: entries, by the version after their first event, with captures, releases,
-- extensions or refunds of a spend that an earlier entry began. That one is found by the time in the
-- spend's id.
CREATE TABLE spends (
    version bigint NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    spend_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, spend_id, version)
);

-- Each payment as it stands: its columns, and all of it encoded in `row`. `version` is the account's
-- after the last event that is in it.
CREATE TABLE payments (
    account_id text COLLATE "C" NOT NULL,
    payment_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    purpose text NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    requested_at bigint NOT NULL,
    settled_at bigint,
    invoice bigint,
    reference text,
    "row" bytea NOT NULL,
    PRIMARY KEY (account_id, payment_id)
);
CREATE INDEX payments_payment ON payments (payment_id);
CREATE INDEX payments_reference ON payments (reference) WHERE reference IS NOT NULL;

-- Each refund of a payment: pending, succeeded or failed. `document` is its credit note.
CREATE TABLE payment_refunds (
    account_id text COLLATE "C" NOT NULL,
    refund_id text COLLATE "C" NOT NULL,
    payment_id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    requested_at bigint NOT NULL,
    document bigint,
    PRIMARY KEY (account_id, refund_id)
);
CREATE INDEX payment_refunds_refund ON payment_refunds (refund_id);

-- Each invoice and credit note, as `payments` has payments. `document` counts an account's documents
-- from 1; `legal_number` is what is printed.
CREATE TABLE documents (
    account_id text COLLATE "C" NOT NULL,
    document bigint NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    series text NOT NULL,
    year integer NOT NULL,
    number bigint NOT NULL,
    legal_number text NOT NULL,
    state text NOT NULL,
    issued_at bigint NOT NULL,
    currency text NOT NULL,
    net bigint NOT NULL,
    tax bigint NOT NULL,
    total bigint NOT NULL,
    corrects bigint,
    credited_by bigint,
    "row" bytea NOT NULL,
    PRIMARY KEY (account_id, document)
);
CREATE INDEX documents_number ON documents (series, year, number);

-- Each file (it has `stored_at`) and each upload under way (it has `expires_at`) until it is gone; those
-- of a vault that was purged until that is certified. `attempt` names the object that has the bytes, a
-- number of 64 bits. `version` is the account's after the last event about it.
CREATE TABLE assets (
    account_id text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    vault bigint NOT NULL,
    kind text NOT NULL,
    bytes bigint NOT NULL,
    stored_at bigint,
    expires_at bigint,
    external boolean NOT NULL,
    attempt bigint,
    reference text,
    PRIMARY KEY (account_id, asset)
);
CREATE INDEX assets_largest ON assets (account_id, vault, bytes, asset);

-- Whose objects are filed under a name, which is a hash of the account's id.
CREATE TABLE owners (
    account_id text COLLATE "C" PRIMARY KEY,
    object_name bytea NOT NULL
);
CREATE INDEX owners_object_name ON owners (object_name);

-- Begins a batch in one call: locks its accounts in order of their ids, at once or one by one, and finds the
-- entries of idempotency keys. Each statement in here sees what the ones before it waited for, which the
-- parts of one statement would not.
--
-- Returns the last commit's number in `place`, with the kind of rows in `key`: read after the locks, it stays
-- true until they are released, because making the tables anew waits for them. Then the state of each account
-- that is there; then each key that is, with the journal's row that its entry is in, and the version of that.
CREATE FUNCTION begin_batch(accounts text[], owners text[], keys text[], one_by_one boolean)
RETURNS TABLE (what "char", account_id text, key text, body bytea, place bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one text;
    known record;
BEGIN
    IF one_by_one THEN
        FOREACH one IN ARRAY accounts LOOP
            RETURN QUERY
                SELECT 's'::"char", a.account_id, NULL::text, a.state, a.version FROM accounts AS a
                WHERE a.account_id = one FOR UPDATE;
        END LOOP;
    ELSE
        RETURN QUERY
            SELECT 's'::"char", a.account_id, NULL::text, a.state, a.version FROM accounts AS a
            WHERE a.account_id = ANY (accounts) ORDER BY a.account_id FOR UPDATE;
    END IF;
    RETURN QUERY
        SELECT 'n'::"char", NULL::text, v.projection::text, NULL::bytea, n.last_value
        FROM versions AS v, journal_commits AS n;
    IF keys <> '{}' THEN
        FOR known IN
            SELECT i.account_id, i.key, i.version
            FROM unnest(owners, keys) AS wanted (account_id, key)
            JOIN idempotency AS i ON i.account_id = wanted.account_id AND i.key = wanted.key
        LOOP
            RETURN QUERY
                SELECT 'k'::"char", known.account_id, known.key, j.body, known.version FROM journal AS j
                WHERE j.account_id = known.account_id AND j.version <= known.version
                ORDER BY j.version DESC LIMIT 1;
        END LOOP;
    END IF;
END
$$;

-- The journal's rows that may have events of a spend, by version. It began at a time between `since` and `upto`,
-- which is known from its id; time never runs back on an account, so the last row of then is found by halves.
-- Those of then that don't have the bits of the id are left out. Where it went on is in `spends`.
CREATE FUNCTION spend_rows(of_account text, of_spend text, bits bytea, since bigint, upto bigint)
RETURNS TABLE (version bigint, body bytea)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    low bigint := 1;
    high bigint;
    last bigint := 0;
    found_at bigint;
    middle bigint;
    known bigint;
BEGIN
    SELECT j.version + 1 INTO high FROM journal AS j
    WHERE j.account_id = of_account ORDER BY j.version DESC LIMIT 1;
    WHILE low < high LOOP
        middle := (low + high) / 2;
        SELECT j.version, j.at INTO known, found_at FROM journal AS j
        WHERE j.account_id = of_account AND j.version <= middle ORDER BY j.version DESC LIMIT 1;
        IF found_at > upto THEN
            high := known;
        ELSE
            last := coalesce(known, last);
            low := middle + 1;
        END IF;
    END LOOP;
    SELECT j.version INTO known FROM journal AS j
    WHERE j.account_id = of_account AND j.version <= last AND j.at < since
    ORDER BY j.version DESC LIMIT 1;
    RETURN QUERY
        SELECT j.version, j.body FROM journal AS j
        WHERE j.account_id = of_account AND j.version >= coalesce(known, 0) AND j.version <= last
            AND position(bits IN j.body) > 0
        ORDER BY j.version;
    FOR known IN
        SELECT s.version FROM spends AS s
        WHERE s.account_id = of_account AND s.spend_id = of_spend ORDER BY s.version
    LOOP
        RETURN QUERY
            SELECT j.version, j.body FROM journal AS j
            WHERE j.account_id = of_account AND j.version <= known ORDER BY j.version DESC LIMIT 1;
    END LOOP;
END
$$;

-- Writes what every batch writes, in one call, under the number that is given, or else under the next one, drawn
-- within the gate (see `journal.rs`). The arrays are columns: of `journal`, `idempotency` and `accounts`, in
-- this order, those of a table of one length. They are unnested side by side in the list of columns, which goes
-- row by row; `FROM unnest(…)` would first fill a store for each array.
CREATE FUNCTION commit_batch(
    bigint, text[], bigint[], bigint[], integer[], integer[], integer[], bytea[],
    text[], text[], bigint[],
    text[], bigint[], bigint[], boolean[], boolean[], text[], text[], bigint[], bigint[], bytea[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number bigint := $1;
BEGIN
    IF number IS NULL THEN
        PERFORM pg_advisory_xact_lock_shared(1112691538, 1);
        number := nextval('journal_commits');
    END IF;
    INSERT INTO journal (commit_id, account_id, version, at, entry, entries, lines, body)
        SELECT number, unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8);
    IF $9 <> '{}' THEN
        INSERT INTO idempotency (account_id, key, version)
            SELECT unnest($9), unnest($10), unnest($11);
    END IF;
    INSERT INTO accounts (account_id, version, due_at, asking, erasing, status, plan, available, held, state)
        SELECT unnest($12), unnest($13), unnest($14), unnest($15), unnest($16), unnest($17), unnest($18),
            unnest($19), unnest($20), unnest($21)
        ON CONFLICT (account_id) DO UPDATE SET version = excluded.version,
            due_at = excluded.due_at, asking = excluded.asking, erasing = excluded.erasing,
            status = excluded.status, plan = excluded.plan, available = excluded.available,
            held = excluded.held, state = excluded.state;
END
$$;
