//! Charges as a team would write them that knows its PostgreSQL: one function, called once per charge, over
//! as many connections as there are clients.

use std::sync::Arc;

use tokio_postgres::{Client, Statement};

use super::load::{Cost, Load, name};
use super::plan::{LOTS, Plan};
use super::server::{Server, connect};

const SCHEMA: &str = "
    CREATE TABLE lots (
        account_id text COLLATE \"C\" NOT NULL,
        lot integer NOT NULL,
        remaining bigint NOT NULL CHECK (remaining >= 0),
        expires_at timestamptz,
        PRIMARY KEY (account_id, lot)
    ) WITH (fillfactor = 80);
    CREATE TABLE ledger (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account_id text COLLATE \"C\" NOT NULL,
        key text COLLATE \"C\" NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        credits bigint NOT NULL,
        lots integer[] NOT NULL,
        reason text NOT NULL,
        balance_after bigint NOT NULL,
        UNIQUE (account_id, key)
    );
    CREATE INDEX ledger_account ON ledger (account_id, id);
    CREATE FUNCTION charge(of_account text, by_key text, wanted bigint, why text) RETURNS bigint
    LANGUAGE plpgsql AS $$
    DECLARE
        one record;
        balance bigint;
        missing bigint := wanted;
        available bigint := 0;
        taken integer[] := '{}';
    BEGIN
        FOR one IN
            SELECT lot, remaining FROM lots
            WHERE account_id = of_account AND remaining > 0
                AND (expires_at IS NULL OR expires_at > now())
            ORDER BY expires_at NULLS LAST, lot
            FOR UPDATE
        LOOP
            available := available + one.remaining;
            IF missing > 0 THEN
                UPDATE lots SET remaining = remaining - least(missing, one.remaining)
                WHERE account_id = of_account AND lot = one.lot;
                missing := missing - least(missing, one.remaining);
                taken := taken || one.lot;
            END IF;
        END LOOP;
        SELECT balance_after INTO balance FROM ledger WHERE account_id = of_account AND key = by_key;
        IF FOUND THEN
            RETURN balance;
        END IF;
        IF missing > 0 THEN
            RAISE EXCEPTION 'not enough credits';
        END IF;
        INSERT INTO ledger (account_id, key, credits, lots, reason, balance_after)
        VALUES (of_account, by_key, -wanted, taken, why, available - wanted);
        RETURN available - wanted;
    END
    $$;
";

/// Its part of the comparison.
pub(crate) struct Bench {
    url: String,
    accounts: usize,
    charges: std::cell::Cell<u64>,
}

impl Bench {
    /// Each account has two lots.
    pub(crate) async fn begin(server: &Server, plan: &Plan) -> Self {
        let url = server.database().await;
        let client = connect(&url).await;
        client.batch_execute(SCHEMA).await.unwrap();
        let names: Vec<String> = (0..plan.accounts).map(name).collect();
        let insert = "
            INSERT INTO lots
            SELECT account, 1, $2::bigint, now() + interval '1 year' FROM unnest($1::text[]) AS account
            UNION ALL SELECT account, 2, $3, NULL FROM unnest($1::text[]) AS account";
        client.execute(insert, &[&names, &LOTS[0], &LOTS[1]]).await.unwrap();
        Self { url, accounts: plan.accounts, charges: std::cell::Cell::new(0) }
    }

    pub(crate) async fn measure(&self, server: &Server, load: &Load) -> Cost {
        let mut clients = Vec::new();
        for _ in 0..load.cell.clients {
            let client = connect(&self.url).await;
            let charge = "SELECT charge($1, $2, 1, 'a picture')";
            let charge = client.prepare(charge).await.unwrap();
            clients.push(Arc::new((client, charge)));
        }
        let mut charges = 0;
        let charger = |client: usize| {
            let client: Arc<(Client, Statement)> = Arc::clone(&clients[client]);
            move |request: Vec<super::load::Order>| {
                let client = Arc::clone(&client);
                async move {
                    for order in request {
                        let account = name(order.account);
                        let row =
                            client.0.query_one(&client.1, &[&account, &order.key]).await.unwrap();
                        let _balance: i64 = row.get(0);
                    }
                }
            }
        };
        let cost = load.run(server, &mut charges, charger).await;
        self.charges.set(self.charges.get() + charges);
        cost
    }

    /// Every charge is there once, and every balance is what the ledger leaves.
    pub(crate) async fn verify(&self) {
        let client = connect(&self.url).await;
        let select = "
            SELECT count(*), coalesce(sum(credits), 0)::bigint,
                (SELECT sum(remaining)::bigint FROM lots) FROM ledger";
        let row = client.query_one(select, &[]).await.unwrap();
        let (rows, spent, left): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        let given = (LOTS[0] + LOTS[1]) * self.accounts as i64;
        assert_eq!((rows as u64, given + spent), (self.charges.get(), left));
        let select = "
            SELECT count(*) FROM (SELECT account_id, sum(remaining) AS kept FROM lots GROUP BY 1) AS lots
            JOIN (SELECT account_id, sum(credits) AS spent FROM ledger GROUP BY 1) AS ledger
                USING (account_id)
            WHERE kept - spent <> $1::bigint";
        let row = client.query_one(select, &[&(LOTS[0] + LOTS[1])]).await.unwrap();
        let wrong: i64 = row.get(0);
        assert_eq!(wrong, 0, "balances that are not what the ledger leaves");
        println!("by hand: {rows} charges, each there once, and every balance adds up");
    }
}
