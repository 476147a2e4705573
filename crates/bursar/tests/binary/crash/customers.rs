//! Who is at work while the server dies: apps that charge and hold, one by one and in batches, customers who
//! buy and store, and people who look.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::clients::{Client, Effect, PAUSE, Sent};
use super::super::server::{Api, Reply};
use super::record::{File, Look, Shared};

/// Accounts with few credits, on which many are refused, and what they begin with.
pub(crate) const POOR: [&str; 3] = ["poor-1", "poor-2", "poor-3"];
pub(crate) const FEW: i64 = 20;
/// Accounts with more credits than any run can spend.
pub(crate) const RICH: [&str; 4] = ["rich-1", "rich-2", "rich-3", "rich-4"];
pub(crate) const MANY: i64 = 100_000_000;
/// The most commands of a batch.
const BATCH_MAX: usize = 24;
/// One of so many looks is kept, to be compared with the journal.
const KEPT: usize = 8;
/// What the catalog promises.
const STARTER: i64 = 400;
const SMALL: i64 = 100;

/// One of them.
pub(crate) struct Customer<'a> {
    pub(crate) client: Client<'a>,
    pub(crate) shared: &'a Shared,
    pub(crate) number: usize,
    turn: usize,
    /// Holds that the next batch ends: their accounts and ids.
    held: Vec<(String, String)>,
}

impl<'a> Customer<'a> {
    pub(crate) fn new(client: Client<'a>, shared: &'a Shared, number: usize) -> Self {
        Self { client, shared, number, turn: 0, held: Vec::new() }
    }

    /// Works until the office closes.
    pub(crate) fn work(mut self) {
        while !self.shared.office.closes() {
            let inside = self.shared.door.read().unwrap();
            match self.number % 4 {
                0 => self.single(),
                1 => self.batch(),
                2 => self.shop(),
                _ => self.look(),
            }
            self.turn += 1;
            self.shared.record.lock().unwrap().note(self.client.sent.drain(..));
            drop(inside);
            let most = self.shared.thinking_micros.load(Ordering::Relaxed);
            thread::sleep(Duration::from_micros(self.client.random.u64(..=most)));
        }
    }

    fn key(&self, what: &str) -> String {
        format!("client-{}-{}-{what}", self.number, self.turn)
    }

    fn single(&mut self) {
        let account = POOR[self.client.random.usize(..POOR.len())];
        self.client.turn(account, self.turn, true);
    }

    /// Charges and holds on some accounts, and the ends of the holds of the batch before.
    fn batch(&mut self) {
        let mut commands = Vec::new();
        for (number, (account, hold)) in std::mem::take(&mut self.held).into_iter().enumerate() {
            let key = self.key(&format!("end-{number}"));
            let (what, body, effect) = if self.client.random.bool() {
                let effect = Effect::Capture { held: 3, spent: 2 };
                ("capture", json!({"credits": 2}), effect)
            } else {
                ("release", json!({"reason": "failed"}), Effect::Release(3))
            };
            commands.push(Sent::new(&account, &format!("holds/{hold}/{what}"), key, body, effect));
        }
        for number in 0..self.client.random.usize(1..=BATCH_MAX) {
            let account = RICH[self.client.random.usize(..RICH.len())];
            let body = |credits: i64| json!({"credits": credits, "reason": "a job"});
            commands.push(if self.client.random.u8(..3) == 0 {
                let key = self.key(&format!("hold-{number}"));
                Sent::new(account, "holds", key, body(3), Effect::Hold(3))
            } else {
                let key = self.key(&format!("charge-{number}"));
                Sent::new(account, "charges", key, body(1), Effect::Charge(1))
            });
        }
        let accounts: Vec<String> =
            commands.iter().map(|command| command.account.clone()).collect();
        let replies = self.client.send_batch(commands);
        for (account, reply) in accounts.into_iter().zip(replies) {
            let hold = reply.filter(|reply| reply["placed_at"].is_string());
            self.held.extend(hold.map(|hold| (account, hold["id"].as_str().unwrap().to_owned())));
        }
    }

    /// Opens an account, subscribes, tops up, spends, stores something, and returns a part of it.
    fn shop(&mut self) {
        let account = &format!("buyer-{}-{}", self.number, self.turn);
        let name = format!("Buyer {} the {}", self.number, self.turn);
        let open = json!({"id": account, "name": name});
        let mut opened = Sent::new(account, "", self.key("open"), open, Effect::None);
        opened.path = "/v1/accounts".to_owned();
        self.client.send(opened);
        self.shared.record.lock().unwrap().names.insert(account.clone(), name);
        let card = json!({"token": "pm_card_visa"});
        self.ask(account, "payment_methods", "card", card, Effect::None);
        let plan = json!({"plan": "starter", "interval": "month"});
        self.ask(account, "subscription", "plan", plan, Effect::Buy(STARTER));
        let pack = json!({"pack": "small"});
        self.ask(account, "topups", "topup", pack.clone(), Effect::Buy(SMALL));
        self.client.turn(account, self.turn, false);
        self.store(account);
        self.ask(account, "topups", "another", pack, Effect::Buy(SMALL));
        if self.client.random.bool() {
            // The third invoice is that of the second top-up.
            let what = "invoices/inv_3/refund";
            self.ask(account, what, "return", json!({}), Effect::Buy(-SMALL));
        }
        self.client.turn(account, self.turn + 1_000_000, false);
    }

    fn ask(&mut self, account: &str, what: &str, name: &str, body: Value, effect: Effect) {
        let command = Sent::new(account, what, self.key(name), body, effect);
        self.client.send(command);
    }

    /// Stores a file, and may delete it again.
    fn store(&mut self, account: &str) {
        let size = self.client.random.usize(1..60_000);
        let content = vec![self.client.random.u8(b'a'..=b'z'); size];
        let name = self.key("file");
        let body =
            json!({"kind": "vault", "name": name, "size": size, "media_type": "application/json"});
        let reserve = Sent::new(account, "assets", name, body, Effect::None);
        let Some(begun) = self.client.send(reserve) else { return };
        let asset = begun["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/accounts/{account}/assets/{asset}");
        let put = |api: Api| api.put(&format!("{path}/content"), content.clone());
        self.insist(&path, "asset_already_stored", put);
        let is_deleted = self.client.random.u8(..4) == 0;
        if is_deleted {
            self.insist(&path, "asset_not_found", |api| api.delete(&path));
        }
        let file = File { account: account.to_owned(), asset, content, is_deleted };
        self.shared.record.lock().unwrap().files.push(file);
    }

    /// Does something that has no key again and again until it is done. Once it may have been done, `code`
    /// says that it was.
    fn insist(&self, path: &str, code: &str, attempt: impl Fn(Api) -> reqwest::Result<Reply>) {
        let mut lost = false;
        while !self.shared.office.closes() {
            match attempt(self.client.servers.api(0)) {
                Ok(reply) if reply.is_success() || (lost && reply.code() == code) => return,
                Ok(reply) if reply.status == 503 => {}
                Ok(reply) => return self.shared.office.wrong(format!("{path}: {reply:?}")),
                Err(error) => lost |= !error.is_connect(),
            }
            thread::sleep(PAUSE);
        }
    }

    /// Nobody sees an account older than it was seen before, whatever happened in between.
    fn look(&mut self) {
        let all = [&POOR[..], &RICH[..]].concat();
        let account = all[self.client.random.usize(..all.len())];
        let office = &self.shared.office;
        let before = office.seen(account);
        let path = format!("/v1/accounts/{account}/balance");
        let Ok(reply) = self.client.servers.api(0).look(&path) else { return thread::sleep(PAUSE) };
        let Some(version) = reply.version.filter(|_| reply.is_success()) else {
            return if reply.status != 503 {
                office.wrong(format!("{path}: {reply:?}"))
            };
        };
        if version < before {
            office.wrong(format!("{account} was seen at version {before}, and then at {version}"));
        }
        office.see(account, Some(version));
        office.count("balances looked at");
        if self.turn.is_multiple_of(KEPT) {
            let (available, held) = (reply.body["available"].clone(), reply.body["held"].clone());
            let look = Look { account: account.to_owned(), version, available, held };
            self.shared.record.lock().unwrap().looks.push(look);
        }
    }
}
