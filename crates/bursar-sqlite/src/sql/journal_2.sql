-- Personal data: what invoices say of the customer. A revision never changes, so that what was printed
-- once can be printed again. Erasing one leaves its row with nothing in it, so that its number is not
-- given to another. `address` is a JSON array of lines.
CREATE TABLE billing_details (
    account_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT,
    company TEXT,
    address TEXT,
    country TEXT,
    vat_id TEXT,
    PRIMARY KEY (account_id, revision)
) WITHOUT ROWID;
