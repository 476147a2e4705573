//! Customers whose credits run low.

use super::{CREDIT, Maker};
use crate::step::What;

impl Maker {
    /// After how many steps whose credits run low, last first.
    pub(super) fn who_runs_low(&mut self, length: usize) -> Vec<(usize, u32)> {
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
    pub(super) fn runs_low(&mut self, account: u32, mood: u32) {
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
}
