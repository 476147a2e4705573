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
