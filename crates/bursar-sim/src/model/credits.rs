//! Lots, holds and spends of one account: lists that are gone through from one end to the other.

use bursar_core::account::event::{Event, LotSource, Portion, ReleaseCause};
use bursar_core::catalog::Class;
use bursar_core::id::{HoldId, LotId, SpendId};
use bursar_core::time::Timestamp;

/// Credits of an account, in millionths.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    lots: Vec<Lot>,
    holds: Vec<Hold>,
    spends: Vec<Spend>,
}

#[derive(Debug)]
struct Lot {
    id: LotId,
    class: Class,
    remaining: i64,
    held: i64,
    expires_at: Option<Timestamp>,
    expired: bool,
}

#[derive(Debug)]
pub(super) struct Hold {
    pub(super) id: HoldId,
    pub(super) expires_at: Timestamp,
    portions: Vec<(LotId, i64)>,
}

impl Hold {
    pub(super) fn reserved(&self) -> i64 {
        self.portions.iter().map(|(_, micro)| micro).sum()
    }
}

#[derive(Debug)]
struct Spend {
    id: SpendId,
    /// What each lot has paid and not got back.
    paid: Vec<(LotId, i64)>,
}

impl Purse {
    /// What can be spent, and what is held.
    pub(crate) fn balance(&self) -> (i64, i64) {
        let available = self.lots.iter().map(|lot| lot.remaining - lot.held).sum();
        (available, self.lots.iter().map(|lot| lot.held).sum())
    }

    pub(super) fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.id == id)
    }

    /// What is left to refund of a spend.
    pub(super) fn refundable(&self, id: SpendId) -> i64 {
        let spends = self.spends.iter().filter(|spend| spend.id == id);
        spends.flat_map(|spend| &spend.paid).map(|(_, micro)| micro).sum()
    }

    /// Everything whose time came before `at` has ended; for whoever asks, at it too.
    pub(super) fn nothing_is_overdue(&self, at: Timestamp, asks: bool) -> Result<(), String> {
        let over = |due: Timestamp| if asks { due <= at } else { due < at };
        let hold = self.holds.iter().find(|hold| over(hold.expires_at));
        ensure!(hold.is_none(), "at {at} a hold should have timed out before: {hold:?}");
        // A lot that was used up goes without a word.
        let is_there = |lot: &&Lot| !lot.expired && lot.remaining > 0;
        let late = |lot: &&Lot| is_there(lot) && lot.expires_at.is_some_and(over);
        let lot = self.lots.iter().find(late);
        ensure!(lot.is_none(), "at {at} a lot should have expired before: {lot:?}");
        Ok(())
    }

    /// Which lots pay: what expires first, then plan, promo, top-up, then the oldest.
    fn choose(&self, wanted: i64) -> Vec<(LotId, i64)> {
        let mut lots: Vec<&Lot> = self.lots.iter().filter(|lot| !lot.expired).collect();
        lots.sort_by_key(|lot| {
            let class = match lot.class {
                Class::Plan => 0,
                Class::Promo => 1,
                Class::Topup => 2,
            };
            (lot.expires_at.map_or(i64::MAX, Timestamp::micros), class, lot.id)
        });
        let mut missing = wanted;
        let mut chosen = Vec::new();
        for lot in lots {
            let taken = missing.min(lot.remaining - lot.held);
            if taken > 0 {
                chosen.push((lot.id, taken));
                missing -= taken;
            }
        }
        chosen
    }

    pub(super) fn take(&mut self, at: Timestamp, event: &Event) -> Result<(), String> {
        match event {
            Event::AllowanceIssued { lot, credits, period, .. } => {
                let stays = |lot: &&Lot| lot.class == Class::Plan && !lot.expired;
                let old = self.lots.iter().filter(stays).find(|lot| lot.remaining > 0);
                ensure!(old.is_none(), "an allowance rolls over: {old:?}");
                self.issue(at, *lot, Class::Plan, credits.micro(), Some(period.end))
            }
            Event::LotIssued { lot, class, credits, expires_at, source } => {
                let bought = matches!(source, LotSource::Topup { .. });
                ensure!(!bought || expires_at.is_none(), "a top-up that expires");
                self.issue(at, *lot, *class, credits.micro(), *expires_at)
            }
            Event::LotExpired { lot, credits, .. } => self.expire(at, *lot, credits.micro()),
            Event::CreditsTaken { portions, .. } => self.pay(&plain(portions)),
            Event::SubscriptionEnded { .. } => {
                self.close_used_up();
                Ok(())
            }
            Event::PlanChanged { anchor, .. } => {
                if anchor.at == at {
                    self.close_used_up();
                }
                Ok(())
            }
            Event::HoldPlaced { hold, portions, expires_at, .. } => {
                self.place(*hold, &plain(portions), *expires_at)
            }
            Event::HoldExtended { hold, expires_at } => {
                let hold = self.holds.iter_mut().find(|known| known.id == *hold);
                let hold = hold.ok_or("extends a hold that isn't open")?;
                ensure!(*expires_at >= hold.expires_at, "a hold is made shorter");
                hold.expires_at = *expires_at;
                Ok(())
            }
            Event::HoldCaptured { hold, captured, overage, returned, expired, ended, .. } => {
                self.capture(*hold, &plain(captured), &plain(overage))?;
                if *ended { self.end(*hold, &plain(returned), &plain(expired)) } else { Ok(()) }
            }
            Event::HoldReleased { hold, returned, expired, cause, .. } => {
                let open = self.hold(*hold).ok_or("releases a hold that isn't open")?;
                let timely = *cause != ReleaseCause::TimedOut || at == open.expires_at;
                ensure!(timely, "times out at {at}, not at {}", open.expires_at);
                self.end(*hold, &plain(returned), &plain(expired))
            }
            Event::Charged { charge, portions, .. } => {
                let paid = plain(portions);
                self.pay_in_order(&paid)?;
                self.spends.push(Spend { id: SpendId::Charge(*charge), paid });
                Ok(())
            }
            Event::ChargeRefunded { spend, returned, reissued, expired, .. } => {
                let (returned, expired) = (plain(returned), plain(expired));
                self.refund(at, *spend, &returned, &expired)?;
                let again = reissued.map_or(0, |new| new.credits.micro());
                let lost: i64 = expired.iter().map(|(_, micro)| micro).sum();
                ensure!(again == lost, "{lost} of lots that have expired come back as {again}");
                match reissued {
                    Some(new) => self.issue(at, new.lot, Class::Promo, again, new.expires_at),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn issue(
        &mut self,
        at: Timestamp,
        id: LotId,
        class: Class,
        micro: i64,
        expires_at: Option<Timestamp>,
    ) -> Result<(), String> {
        ensure!(micro > 0, "a lot of {micro}");
        ensure!(self.lots.iter().all(|lot| lot.id < id), "lot {id} comes after a later one");
        // A month that is paid for when it is over brings credits that are gone at once.
        let late = class == Class::Plan;
        ensure!(late || expires_at.is_none_or(|end| end > at), "expires when it comes");
        let expires_at = expires_at.map(|end| end.max(at));
        self.lots.push(Lot { id, class, remaining: micro, held: 0, expires_at, expired: false });
        Ok(())
    }

    /// Plan lots are closed before their time with their subscription or their month. Of those that have
    /// nothing left nothing is said.
    fn close_used_up(&mut self) {
        let used_up = |lot: &&mut Lot| lot.class == Class::Plan && lot.remaining == 0;
        self.lots.iter_mut().filter(used_up).for_each(|lot| lot.expired = true);
    }

    fn lot(&mut self, id: LotId) -> Result<&mut Lot, String> {
        let known = self.lots.iter_mut().find(|lot| lot.id == id);
        known.ok_or_else(|| format!("there is no lot {id}"))
    }

    fn expire(&mut self, at: Timestamp, id: LotId, micro: i64) -> Result<(), String> {
        let lot = self.lot(id)?;
        ensure!(!lot.expired, "{id} expires again");
        let early = lot.expires_at.is_none_or(|end| at < end);
        ensure!(!early || lot.class != Class::Topup, "a top-up expires");
        let free = lot.remaining - lot.held;
        ensure!(micro == free, "{micro} of {id} expire; {free} are there that nothing holds");
        lot.remaining = lot.held;
        lot.expired = true;
        Ok(())
    }

    /// Takes from lots what they have.
    fn pay(&mut self, portions: &[(LotId, i64)]) -> Result<(), String> {
        for (id, micro) in portions {
            let lot = self.lot(*id)?;
            let free = lot.remaining - lot.held;
            ensure!(*micro > 0 && *micro <= free && !lot.expired, "takes {micro} of {lot:?}");
            lot.remaining -= micro;
        }
        Ok(())
    }

    /// Takes from the lots whose turn it is.
    fn pay_in_order(&mut self, portions: &[(LotId, i64)]) -> Result<(), String> {
        let order = self.choose(portions.iter().map(|(_, micro)| micro).sum());
        ensure!(portions == order, "takes {portions:?}; it is the turn of {order:?}");
        self.pay(portions)
    }

    fn place(
        &mut self,
        id: HoldId,
        portions: &[(LotId, i64)],
        expires_at: Timestamp,
    ) -> Result<(), String> {
        let order = self.choose(portions.iter().map(|(_, micro)| micro).sum());
        ensure!(portions == order, "holds {portions:?}; it is the turn of {order:?}");
        for (lot, micro) in portions {
            self.lot(*lot)?.held += micro;
        }
        self.holds.push(Hold { id, expires_at, portions: portions.to_vec() });
        self.spends.push(Spend { id: SpendId::Hold(id), paid: Vec::new() });
        Ok(())
    }

    /// Spends of what a hold reserves, first things first, and beyond it only what is free.
    fn capture(
        &mut self,
        id: HoldId,
        captured: &[(LotId, i64)],
        overage: &[(LotId, i64)],
    ) -> Result<(), String> {
        let hold = self.holds.iter_mut().find(|hold| hold.id == id);
        let hold = hold.ok_or("captures a hold that isn't open")?;
        let mut rest = hold.portions.clone();
        for (lot, micro) in captured {
            let Some(first) = rest.first_mut() else {
                return Err("captures more than is held".to_owned());
            };
            ensure!(first.0 == *lot && *micro <= first.1, "captures {captured:?} of {rest:?}");
            first.1 -= micro;
            rest.retain(|(_, micro)| *micro > 0);
        }
        ensure!(overage.is_empty() || rest.is_empty(), "spends more while {rest:?} is held");
        hold.portions = rest;
        let order = self.choose(overage.iter().map(|(_, micro)| micro).sum());
        ensure!(overage == order, "takes {overage:?} more; it is the turn of {order:?}");
        for (lot, micro) in captured {
            let lot = self.lot(*lot)?;
            lot.held -= micro;
            lot.remaining -= micro;
        }
        self.pay(overage)?;
        let spend = self.spends.iter_mut().find(|spend| spend.id == SpendId::Hold(id));
        let spend = spend.ok_or("a hold that was never placed")?;
        captured.iter().chain(overage).for_each(|part| add(&mut spend.paid, *part));
        Ok(())
    }

    /// A hold ends, and gives back all it still reserves: to lots that are good, and of those that have
    /// expired to nobody.
    fn end(
        &mut self,
        id: HoldId,
        returned: &[(LotId, i64)],
        expired: &[(LotId, i64)],
    ) -> Result<(), String> {
        let place = self.holds.iter().position(|hold| hold.id == id);
        let hold = self.holds.remove(place.ok_or("ends a hold that isn't open")?);
        let mut given: Vec<(LotId, i64)> = returned.iter().chain(expired).copied().collect();
        given.sort_unstable();
        let mut reserved = hold.portions;
        reserved.sort_unstable();
        ensure!(given == reserved, "gives back {given:?} of {reserved:?}");
        for (id, micro) in returned {
            let lot = self.lot(*id)?;
            ensure!(!lot.expired, "gives {micro} back to {id}, which has expired");
            lot.held -= micro;
        }
        for (id, micro) in expired {
            let lot = self.lot(*id)?;
            ensure!(lot.expired, "lets {micro} of {id} expire, which is good");
            lot.held -= micro;
            lot.remaining -= micro;
        }
        Ok(())
    }

    fn refund(
        &mut self,
        at: Timestamp,
        id: SpendId,
        returned: &[(LotId, i64)],
        expired: &[(LotId, i64)],
    ) -> Result<(), String> {
        let spend = self.spends.iter_mut().find(|spend| spend.id == id);
        let spend = spend.ok_or("refunds what was never spent")?;
        for (lot, micro) in returned.iter().chain(expired) {
            let paid = spend.paid.iter_mut().find(|(paid, _)| paid == lot);
            let left = paid.ok_or_else(|| format!("{lot} has not paid for {id}"))?;
            ensure!(*micro <= left.1, "returns {micro} to {lot}, which is owed {}", left.1);
            left.1 -= micro;
        }
        for (id, micro) in returned {
            let lot = self.lot(*id)?;
            let over = lot.expired || lot.expires_at.is_some_and(|end| end <= at);
            ensure!(!over, "gives {micro} back to {id}, which has expired");
            lot.remaining += micro;
        }
        for (id, micro) in expired {
            let lot = self.lot(*id)?;
            let over = lot.expired || lot.expires_at.is_some_and(|end| end <= at);
            ensure!(over, "{micro} of {id}, which is good, are lost");
        }
        Ok(())
    }
}

fn plain(portions: &[Portion]) -> Vec<(LotId, i64)> {
    portions.iter().map(|portion| (portion.lot, portion.credits.micro())).collect()
}

fn add(parts: &mut Vec<(LotId, i64)>, part: (LotId, i64)) {
    match parts.iter_mut().find(|(lot, _)| *lot == part.0) {
        Some(known) => known.1 += part.1,
        None => parts.push(part),
    }
}
