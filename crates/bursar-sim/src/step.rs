//! What may happen in a simulated world: one line of a scenario each.

use serde::{Deserialize, Serialize};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number, which stays the same when others are left out. What a customer asks for has it in its
    /// idempotency key.
    pub id: u32,
    /// What happens.
    pub what: What,
}

/// What happens. Accounts and nodes are numbered from 0; credits are in millionths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "fields say what they are; units are in their names")]
pub enum What {
    /// An account is opened.
    Open { account: u32, node: u32 },
    /// A payment method is set up, by one of the sandbox's tokens.
    AddCard { account: u32, node: u32, token: String },
    /// Another payment method is paid with.
    UseCard { account: u32, node: u32, nth: u32 },
    /// A payment method is forgotten.
    RemoveCard { account: u32, node: u32, nth: u32 },
    /// A plan is subscribed to or changed.
    ChangePlan { account: u32, node: u32, plan: String, yearly: bool },
    /// A preview of a plan is made now, and confirmed as it is however late that arrives.
    ConfirmPlan { account: u32, node: u32, plan: String, yearly: bool },
    /// The subscription is cancelled.
    Cancel { account: u32, node: u32 },
    /// Or not, after all.
    Resume { account: u32, node: u32 },
    /// A scheduled change is dropped.
    DropChange { account: u32, node: u32 },
    /// Credits are bought.
    Topup { account: u32, node: u32, pack: String },
    /// Credits are bought when they run low; not any more, without a pack.
    AutoTopup { account: u32, node: u32, below_micro: i64, pack: Option<String>, cap_minor: i64 },
    /// The last unpaid invoice is paid.
    PayInvoice { account: u32, node: u32 },
    /// Support gives or takes credits.
    Adjust { account: u32, node: u32, micro: i64, class: String, expires_in_seconds: Option<u64> },
    /// Credits are held.
    Hold { account: u32, node: u32, micro: i64, ttl_seconds: Option<u64> },
    /// Credits are held for an operation.
    HoldFor { account: u32, node: u32, operation: String, units: u32 },
    /// What a step held is captured; all of it, without an amount.
    Capture { account: u32, node: u32, of: u32, micro: Option<i64>, ends: bool, overage: bool },
    /// What a step held is released.
    Release { account: u32, node: u32, of: u32 },
    /// What a step held is held for longer.
    Extend { account: u32, node: u32, of: u32, ttl_seconds: u64 },
    /// Credits are spent.
    Charge { account: u32, node: u32, micro: i64 },
    /// Credits are spent on an operation.
    ChargeFor { account: u32, node: u32, operation: String, units: u32 },
    /// What a step spent is refunded; all that is left, without an amount.
    Refund { account: u32, node: u32, of: u32, micro: Option<i64> },
    /// The first subscription is refunded.
    RefundSubscription { account: u32, node: u32 },
    /// The last top-up is refunded.
    RefundTopup { account: u32, node: u32 },
    /// Room is reserved for an upload.
    Reserve { account: u32, node: u32, bytes: u64 },
    /// What a step reserved has been uploaded.
    Store { account: u32, node: u32, of: u32, bytes: u64 },
    /// A file is counted that the app keeps.
    External { account: u32, node: u32, bytes: u64 },
    /// What a step stored or reserved is deleted.
    Delete { account: u32, node: u32, of: u32 },
    /// An account's test clock is moved on.
    MoveClock { account: u32, node: u32, seconds: u64 },
    /// A step's request is sent again, with the same key.
    Again { of: u32, node: u32 },
    /// A step's key is used for another request.
    Reuse { of: u32, node: u32 },
    /// Somebody looks at an account.
    Look { account: u32, node: u32 },
    /// The customer answers the bank's question about all payments that wait for it.
    Answer { account: u32, approves: bool },
    /// A customer disputes the last payment that took money.
    Dispute { account: u32 },
    /// Time passes, and everybody works.
    Wait { millis: u64 },
    /// Time passes while nobody works; a negative one is a clock that is set back.
    Jump { seconds: i64 },
    /// A node's clock goes wrong.
    Skew { node: u32, millis: i64 },
    /// A node dies. What its disk hadn't synced is kept, cut off or lost.
    Crash { node: u32, tail: Tail },
    /// A node dies at its next commit.
    CrashAt { node: u32, moment: Moment, tail: Tail },
    /// A node that is down comes up again.
    Start { node: u32 },
    /// A node is shut down as it should be, and comes up again.
    Restart { node: u32 },
    /// The next commit of any node fails.
    FailCommit { how: CommitFailure },
    /// The disk takes that long for each sync from now on.
    Disk { millis: u64 },
    /// The next call to the provider goes wrong.
    Provider { mishap: Mishap },
    /// The provider's next decision is a decline.
    Decline { code: String },
    /// The provider's messages that are due are delivered, in a way.
    Webhooks { node: u32, how: Delivery },
    /// How the provider sends messages from now on.
    Messages { how: Sending },
}

/// What becomes of what a disk has not synced when its machine dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tail {
    /// It was written after all.
    Kept,
    /// It is gone.
    Lost,
    /// Half of it was written.
    Torn,
    /// It was written wrongly.
    Garbled,
}

/// A moment in the life of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It has not reached the disk.
    Before,
    /// It is written and not synced.
    Written,
    /// It is synced, and nobody knows.
    Synced,
}

/// How a commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitFailure {
    /// Nothing is done, and the writer knows.
    Refused,
    /// It is done, and the writer doesn't know.
    UnknownDone,
    /// Nothing is done, and the writer doesn't know.
    UnknownNotDone,
}

/// What goes wrong with a call to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// It takes no requests.
    Unavailable,
    /// The request is lost.
    RequestLost,
    /// It is done, and the reply is lost.
    ReplyLost,
    /// The request comes ten seconds late.
    RequestLate,
    /// The reply comes ten seconds late.
    ReplyLate,
}

/// How messages of the provider are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// As they are due.
    InOrder,
    /// The last one first.
    Backwards,
    /// Each three times.
    Thrice,
    /// The answer is lost, so that they come again.
    Unanswered,
}

/// How the provider sends messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// At once, each once.
    OnTime,
    /// A minute late.
    Late,
    /// Not at all, until the end.
    Lost,
    /// Twice.
    Twice,
    /// A result before that it is under way.
    Reordered,
}

impl What {
    /// The account, if a customer or support asks for something.
    pub fn account(&self) -> Option<u32> {
        let fields = serde_json::to_value(self).ok()?;
        let number = fields.get("account")?.as_u64()?;
        u32::try_from(number).ok()
    }

    /// The node that it is asked of, or that it happens to.
    pub fn node(&self) -> Option<u32> {
        let fields = serde_json::to_value(self).ok()?;
        let number = fields.get("node")?.as_u64()?;
        u32::try_from(number).ok()
    }
}
