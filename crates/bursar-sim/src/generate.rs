//! From a seed to a scenario.

use fastrand::Rng;

use crate::scenario::{Scenario, StoreKind};
use crate::step::{CommitFailure, Delivery, Mishap, Moment, Sending, Step, Tail, What};

const CREDIT: i64 = 1_000_000;
const DAY_SECONDS: u64 = 86_400;

/// The scenario of a seed.
pub fn generate(seed: u64) -> Scenario {
    let mut rng = Rng::with_seed(seed);
    let store = if rng.bool() { StoreKind::Embedded } else { StoreKind::Shared };
    let nodes = if store == StoreKind::Shared { rng.u32(1..=3) } else { 1 };
    let accounts = rng.u32(1..=3);
    let length = rng.usize(20..160);
    let mut maker =
        Maker { rng, accounts, nodes, steps: Vec::new(), spends: Vec::new(), files: Vec::new() };
    // A mood: what goes on most in this world.
    let mood = maker.rng.u32(0..5);
    for account in 0..accounts {
        maker.push(What::Open { account, node: 0 });
        maker.push(What::Wait { millis: 50 });
        maker.begin(account, mood);
    }
    let mut low = maker.who_runs_low(length);
    while maker.steps.len() < length || !low.is_empty() {
        let now = maker.steps.len();
        match low.pop_if(|(from, _)| *from <= now) {
            Some((_, account)) => maker.runs_low(account, mood),
            None => maker.next(mood),
        }
    }
    // Last, so that what comes before is the same without it.
    (0..accounts).for_each(|account| maker.change_mind(account));
    Scenario { seed, store, nodes, accounts, steps: maker.steps }
}

struct Maker {
    rng: Rng,
    accounts: u32,
    nodes: u32,
    steps: Vec<Step>,
    /// Steps that hold or spend, and whose credits.
    spends: Vec<(u32, u32)>,
    /// Steps that store, and whose files.
    files: Vec<(u32, u32)>,
}

impl Maker {
    fn push(&mut self, what: What) -> u32 {
        let id = u32::try_from(self.steps.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.steps.push(Step { id, what });
        id
    }

    fn account(&mut self) -> u32 {
        self.rng.u32(0..self.accounts)
    }

    fn node(&mut self) -> u32 {
        self.rng.u32(0..self.nodes)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        self.rng.choice(from.iter()).cloned()
    }

    fn text(&mut self, from: &[&str]) -> String {
        self.pick(from).unwrap_or_default().to_owned()
    }

    /// Most customers subscribe first; some are given credits.
    fn begin(&mut self, account: u32, mood: u32) {
        let node = self.node();
        if self.rng.u32(0..4) > 0 {
            self.card(account);
            self.push(What::Wait { millis: 500 });
            let plan = self.text(&["starter", "starter", "professional", "studio"]);
            let yearly = self.rng.u32(0..4) == 0;
            self.push(What::ChangePlan { account, node, plan, yearly });
            self.push(What::Wait { millis: 3_000 });
        }
        if mood == 0 || self.rng.bool() {
            for class in ["promo", "topup", "promo"] {
                let micro = self.rng.i64(1..200) * CREDIT / 2;
                let lives = self.rng.u64(60..3 * DAY_SECONDS);
                let expires_in_seconds = (class == "promo").then_some(lives);
                let class = class.to_owned();
                self.push(What::Adjust { account, node, micro, class, expires_in_seconds });
            }
            self.push(What::Wait { millis: 100 });
        }
    }

    fn card(&mut self, account: u32) {
        let node = self.node();
        let token = self.text(&[
            "pm_card_visa",
            "pm_card_visa",
            "pm_card_visa",
            "pm_card_mastercard",
            "pm_card_authenticationRequired",
            "pm_card_authenticationRequiredOnSetup",
            "pm_card_chargeCustomerFail",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "pm_card_chargeDeclinedExpiredCard",
            "pm_card_pendingRefund",
            "pm_sandbox_processing",
            "pm_sandbox_processingFails",
            "pm_sandbox_requestLost",
            "pm_sandbox_replyLost",
            "pm_sandbox_replyLostDeclined",
            "pm_sandbox_webhookLate",
            "pm_sandbox_webhookTwice",
            "pm_sandbox_webhookReordered",
        ]);
        self.push(What::AddCard { account, node, token });
    }

    fn next(&mut self, mood: u32) {
        match (self.rng.u32(0..100), mood) {
            (0..=21, _) | (22..=50, 0 | 4) => self.spend(),
            (22..=35, 1..=3) => self.subscription(),
            (36..=41, 1 | 2) => self.money(),
            (36..=41, 3) | (42..=45, _) => self.file(),
            (46..=50, _) => self.money(),
            (51..=65, _) => self.fault(),
            (66..=72, _) => self.repeat(),
            (73..=78, _) => self.jump(mood),
            (79..=81, _) => {
                let (account, node) = (self.account(), self.node());
                self.push(What::Look { account, node });
            }
            _ => {
                let millis = self.pick(&[1, 5, 40, 600, 3_000, 12_000]).unwrap_or(1);
                self.push(What::Wait { millis });
            }
        }
    }

    fn amount(&mut self) -> i64 {
        match self.rng.u32(0..10) {
            0 => 1,
            1 => self.rng.i64(1..3_000) * CREDIT,
            2..=5 => self.rng.i64(1..100) * CREDIT,
            _ => self.rng.i64(1..120 * CREDIT),
        }
    }

    fn spend(&mut self) {
        let (account, node) = (self.account(), self.node());
        let before: Vec<u32> =
            self.spends.iter().filter(|(_, of)| *of == account).map(|(id, _)| *id).collect();
        let recent: Vec<u32> = before.iter().rev().take(6).copied().collect();
        let (micro, units) = (self.amount(), self.rng.u32(1..12));
        let operation = self.text(&["video", "image", "image_upscale", "image_remix"]);
        let what = match (self.rng.u32(0..16), self.pick(&recent)) {
            (0..=2, _) | (_, None) => {
                let ttl = self.rng.u64(1..4_000);
                let ttl_seconds = self.rng.bool().then_some(ttl);
                What::Hold { account, node, micro, ttl_seconds }
            }
            (3, _) => What::HoldFor { account, node, operation, units },
            (4..=5, _) => What::Charge { account, node, micro },
            (6, _) => What::ChargeFor { account, node, operation, units },
            (7..=10, Some(of)) => {
                let (ends, overage) = (self.rng.u32(0..3) > 0, self.rng.bool());
                let micro = self.rng.bool().then_some(micro);
                What::Capture { account, node, of, micro, ends, overage }
            }
            (11..=12, Some(of)) => What::Release { account, node, of },
            (13, Some(of)) => {
                let ttl_seconds = self.rng.u64(1..90_000);
                What::Extend { account, node, of, ttl_seconds }
            }
            (_, Some(of)) => {
                let micro = self.rng.bool().then_some(micro);
                What::Refund { account, node, of, micro }
            }
        };
        let begins = matches!(
            what,
            What::Hold { .. } | What::HoldFor { .. } | What::Charge { .. } | What::ChargeFor { .. }
        );
        let id = self.push(what);
        if begins {
            self.spends.push((id, account));
            self.go_on(account, id);
        }
    }

    /// Most jobs end soon after they began.
    fn go_on(&mut self, account: u32, of: u32) {
        if self.rng.u32(0..3) == 0 {
            return;
        }
        let (node, millis) = (self.node(), self.rng.u64(1..8_000));
        self.push(What::Wait { millis });
        let part = self.rng.i64(1..40 * CREDIT);
        let what = match self.rng.u32(0..6) {
            0 => What::Release { account, node, of },
            1 => What::Refund { account, node, of, micro: None },
            2 => What::Capture { account, node, of, micro: None, ends: true, overage: false },
            _ => {
                let (ends, overage) = (self.rng.bool(), self.rng.bool());
                What::Capture { account, node, of, micro: Some(part), ends, overage }
            }
        };
        self.push(what);
    }

    fn subscription(&mut self) {
        let (account, node) = (self.account(), self.node());
        let what = match self.rng.u32(0..10) {
            0..=4 => {
                let plan = self.text(&["starter", "professional", "studio"]);
                let yearly = self.rng.u32(0..4) == 0;
                match self.rng.bool() {
                    true => What::ChangePlan { account, node, plan, yearly },
                    false => What::ConfirmPlan { account, node, plan, yearly },
                }
            }
            5..=6 => What::Cancel { account, node },
            7 => What::Resume { account, node },
            8 => What::DropChange { account, node },
            _ => What::RefundSubscription { account, node },
        };
        self.push(what);
    }

    /// Some use a little of what they have bought, go over to another interval, and want back what they
    /// used: by then the month that it was of is closed.
    fn change_mind(&mut self, account: u32) {
        if self.rng.bool() {
            return;
        }
        let (node, yearly) = (self.node(), self.rng.bool());
        self.subscribe(account, yearly);
        let of =
            self.push(What::ChargeFor { account, node, operation: "image".to_owned(), units: 2 });
        let plan = self.text(&["professional", "studio"]);
        self.push(What::ChangePlan { account, node, plan, yearly: !yearly });
        let millis = self.rng.u64(1..6_000);
        self.push(What::Wait { millis });
        self.push(What::Refund { account, node, of, micro: None });
        self.push(What::Wait { millis: 40 });
    }

    /// A card that can be relied on, and a small plan.
    fn subscribe(&mut self, account: u32, yearly: bool) {
        let node = self.node();
        let [plan, token] = ["starter", "pm_card_visa"].map(ToOwned::to_owned);
        self.push(What::AddCard { account, node, token });
        self.push(What::Wait { millis: 500 });
        self.push(What::ChangePlan { account, node, plan, yearly });
        self.push(What::Wait { millis: 3_000 });
    }

    /// After how many steps whose credits run low, last first.
    fn who_runs_low(&mut self, length: usize) -> Vec<(usize, u32)> {
        let mut low = Vec::new();
        for account in 0..self.accounts {
            let (does, from) = (self.rng.u32(0..3) == 0, self.rng.usize(0..length));
            low.extend(does.then_some((from, account)));
        }
        low.sort_unstable();
        low.reverse();
        low
    }

    /// Credits are bought automatically with a bank that is slow to answer, or waits for the customer; and
    /// meanwhile more is spent, the settings are changed, and time goes on beyond the pause between two.
    fn runs_low(&mut self, account: u32, mood: u32) {
        let yearly = self.rng.bool();
        self.subscribe(account, yearly);
        let node = self.node();
        let token = self.text(&[
            "pm_card_visa",
            "pm_card_authenticationRequired",
            "pm_sandbox_processing",
            "pm_sandbox_processing",
            "pm_sandbox_processingFails",
            "pm_sandbox_requestLost",
            "pm_sandbox_replyLost",
            "pm_sandbox_webhookLate",
        ]);
        self.push(What::AddCard { account, node, token });
        self.push(What::Wait { millis: 500 });
        let automatic = self.automatic(account, 3_000);
        self.push(automatic);
        for _ in 0..self.rng.u32(2..6) {
            self.meanwhile(mood);
            self.spend_or_look(account);
            let millis = self.pick(&[1, 40, 600, 3_000, 12_000]).unwrap_or(1);
            self.push(What::Wait { millis });
            if self.rng.u32(0..3) == 0 {
                self.think_again(account);
            }
            self.meanwhile(mood);
            let (node, seconds) = (self.node(), self.rng.u64(1_800..14_400));
            let jump = What::Jump { seconds: i64::try_from(seconds).unwrap_or(0) };
            let clock = What::MoveClock { account, node, seconds };
            let goes_on = if self.rng.u32(0..4) == 0 { clock } else { jump };
            self.push(goes_on);
            self.spend_or_look(account);
        }
    }

    /// Automatic top-ups are turned off and on again, or are to be others from now on.
    fn think_again(&mut self, account: u32) {
        let (node, millis) = (self.node(), self.rng.u64(1..12_000));
        if self.rng.bool() {
            let (below_micro, cap_minor) = (CREDIT, 1_000);
            self.push(What::AutoTopup { account, node, below_micro, pack: None, cap_minor });
            self.push(What::Wait { millis });
        }
        let automatic = self.automatic(account, 3_000);
        self.push(automatic);
    }

    /// Things go on, and the line to the bank may be bad.
    fn meanwhile(&mut self, mood: u32) {
        match self.rng.u32(0..6) {
            0 => self.next(mood),
            1 => {
                let mishap = self.mishap();
                self.push(mishap);
            }
            _ => {}
        }
    }

    fn spend_or_look(&mut self, account: u32) {
        let (node, micro) = (self.node(), self.rng.i64(1..150 * CREDIT));
        let looks = self.rng.u32(0..4) == 0;
        let what = if looks {
            What::Look { account, node }
        } else {
            What::Charge { account, node, micro }
        };
        self.push(what);
    }

    /// Automatic top-ups are wanted below so many credits at most, or no longer.
    fn automatic(&mut self, account: u32, below: i64) -> What {
        let node = self.node();
        let pack = self.text(&["small", "small", "medium", "large", "xl"]);
        let below_micro = self.rng.i64(1..below) * CREDIT;
        let pack = self.rng.u32(0..5).gt(&0).then_some(pack);
        let cap_minor = self.rng.i64(1..40) * 1_000;
        What::AutoTopup { account, node, below_micro, pack, cap_minor }
    }

    fn money(&mut self) {
        let (account, node) = (self.account(), self.node());
        let pack = self.text(&["small", "small", "medium", "large", "xl"]);
        let what = match self.rng.u32(0..20) {
            0..=5 => What::Topup { account, node, pack },
            6..=8 => self.automatic(account, 500),
            9..=10 => What::PayInvoice { account, node },
            11 => What::RefundTopup { account, node },
            12 => What::UseCard { account, node, nth: self.rng.u32(0..3) },
            13 => What::RemoveCard { account, node, nth: self.rng.u32(0..3) },
            14..=15 => What::Answer { account, approves: self.rng.u32(0..4) > 0 },
            16 => {
                let micro = self.rng.i64(-100..100) * CREDIT;
                let class = self.text(&["promo", "topup", "plan"]);
                What::Adjust { account, node, micro, class, expires_in_seconds: None }
            }
            17 => What::Dispute { account },
            _ => {
                self.card(account);
                return;
            }
        };
        self.push(what);
    }

    fn file(&mut self) {
        let (account, node) = (self.account(), self.node());
        let known: Vec<u32> =
            self.files.iter().filter(|(_, of)| *of == account).map(|(id, _)| *id).collect();
        let bytes = self.rng.u64(1..1_500_000_000);
        let what = match (self.rng.u32(0..6), self.pick(&known)) {
            (0..=1, _) | (_, None) => What::Reserve { account, node, bytes },
            (2, _) => What::External { account, node, bytes },
            (3..=4, Some(of)) => What::Store { account, node, of, bytes: bytes / 2 + 1 },
            (_, Some(of)) => What::Delete { account, node, of },
        };
        let begins = matches!(what, What::Reserve { .. } | What::External { .. });
        let id = self.push(what);
        if begins {
            self.files.push((id, account));
        }
    }

    fn fault(&mut self) {
        let node = self.node();
        let tail = self.pick(&[Tail::Kept, Tail::Lost, Tail::Torn, Tail::Garbled]);
        let tail = tail.unwrap_or(Tail::Lost);
        let what = match self.rng.u32(0..20) {
            0..=2 => {
                self.push(What::Crash { node, tail });
                What::Start { node }
            }
            3..=6 => {
                let moments = [Moment::Before, Moment::Written, Moment::Synced];
                let moment = self.pick(&moments).unwrap_or(Moment::Written);
                self.push(What::CrashAt { node, moment, tail });
                self.spend();
                self.push(What::Wait { millis: 40 });
                What::Start { node }
            }
            7 => What::Restart { node },
            8..=10 => {
                let how = [
                    CommitFailure::Refused,
                    CommitFailure::UnknownDone,
                    CommitFailure::UnknownNotDone,
                ];
                What::FailCommit { how: self.pick(&how).unwrap_or(CommitFailure::Refused) }
            }
            11 => What::Disk { millis: self.pick(&[0, 2, 30, 900]).unwrap_or(2) },
            12..=13 => self.mishap(),
            14 => {
                let codes = ["insufficient_funds", "lost_card", "do_not_honor"];
                What::Decline { code: self.text(&codes) }
            }
            15..=17 => {
                let how = [
                    Delivery::InOrder,
                    Delivery::Backwards,
                    Delivery::Thrice,
                    Delivery::Unanswered,
                ];
                let how = self.pick(&how).unwrap_or(Delivery::InOrder);
                What::Webhooks { node, how }
            }
            18 => {
                let how = [
                    Sending::OnTime,
                    Sending::Late,
                    Sending::Lost,
                    Sending::Twice,
                    Sending::Reordered,
                ];
                What::Messages { how: self.pick(&how).unwrap_or(Sending::OnTime) }
            }
            _ => What::Skew { node, millis: self.rng.i64(-90_000..90_000) },
        };
        self.push(what);
    }

    fn mishap(&mut self) -> What {
        let all = [
            Mishap::Unavailable,
            Mishap::RequestLost,
            Mishap::ReplyLost,
            Mishap::RequestLate,
            Mishap::ReplyLate,
        ];
        What::Provider { mishap: self.pick(&all).unwrap_or(Mishap::Unavailable) }
    }

    /// Somebody who got no answer, or doesn't believe it, sends a request again.
    fn repeat(&mut self) {
        let node = self.node();
        let asked: Vec<u32> =
            self.steps.iter().filter(|it| it.what.account().is_some()).map(|it| it.id).collect();
        let recent: Vec<u32> = asked.iter().rev().take(8).copied().collect();
        let from = if self.rng.u32(0..4) == 0 { asked } else { recent };
        let Some(of) = self.pick(&from) else { return };
        let reuses = self.rng.u32(0..6) == 0;
        self.push(if reuses { What::Reuse { of, node } } else { What::Again { of, node } });
    }

    fn jump(&mut self, mood: u32) {
        let (account, node) = (self.account(), self.node());
        let far = self.rng.u64(1..40 * DAY_SECONDS);
        let near = self.rng.u64(1..5_000);
        let seconds = if self.rng.bool() { far } else { near };
        if mood == 2 && self.rng.bool() {
            self.push(What::MoveClock { account, node, seconds });
            return;
        }
        let back = self.rng.u32(0..8) == 0;
        let forward = i64::try_from(seconds).unwrap_or(i64::MAX);
        let seconds = if back { -i64::try_from(near).unwrap_or(0) } else { forward };
        self.push(What::Jump { seconds });
    }
}
