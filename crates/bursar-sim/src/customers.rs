//! Customers: what they ask of a node, and what they make of the answer.

use std::sync::Arc;

use bursar_core::account::command::{
    AdjustCredits, AdvanceClock, BuyTopup, Cancel, CaptureAmount, CaptureHold, ChangePlan, Charge,
    ClockTarget, Command, ExtendHold, Open, PlaceHold, RefundCharge, RefundSubscription,
    RefundTopup, RegisterExternal, ReleaseHold, ReserveUpload, SpendRequest, StoreAsset,
};
use bursar_core::account::event::{Actor, Event};
use bursar_core::account::payments::AutoTopup;
use bursar_core::account::subscription::offer::{Offer, offer};
use bursar_core::catalog::{AssetKind, Class, Interval};
use bursar_core::credits::Credits;
use bursar_core::id::{AccountId, AssetId, HoldId, SpendId};
use bursar_core::money::{Currency, Money};
use bursar_core::pricing::{Quantity, UsageRequest};
use bursar_core::provider::MethodRef;
use bursar_core::time::ZoneName;
use bursar_engine::{Clock, Committed, Engine, Envelope, Failure, Outcome};

use crate::step::What;
use crate::world::World;

/// A request, as it is sent and sent again.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) envelope: Envelope,
    way: Way,
    /// How often it was sent.
    pub(crate) attempts: u32,
}

/// By which of the engine's doors.
#[derive(Clone, Debug)]
enum Way {
    Execute,
    Buy,
    AddCard(MethodRef),
    MoveClock(AdvanceClock),
}

/// What a customer was told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) step: u32,
    pub(crate) account: AccountId,
    pub(crate) key: String,
    /// Is it for another request than the key's first?
    pub(crate) reuses: bool,
    /// The account's version when it was sent.
    pub(crate) from: u64,
    /// Had the key had its effect by then?
    pub(crate) had_effect: bool,
    /// `None` if nothing was ever told.
    pub(crate) outcome: Option<Outcome>,
}

impl Sent {
    async fn go(self, engine: &Engine) -> Outcome {
        match self.way {
            Way::Execute => engine.execute(self.envelope).await,
            Way::Buy => engine.buy(self.envelope).await.map(|purchase| purchase.committed),
            Way::AddCard(token) => engine.add_payment_method(self.envelope, token, true).await,
            Way::MoveClock(clock) => {
                engine.advance_clock(self.envelope, clock).await.map(|run| run.first)
            }
        }
    }
}

pub(crate) fn account_id(number: u32) -> Result<AccountId, String> {
    format!("a{number}").parse().map_err(|_| "no account".to_owned())
}

impl World {
    /// A customer asks for something the first time.
    pub(crate) async fn ask(&mut self, step: u32, what: &What) -> Result<(), String> {
        let (Some(account), Some(node)) = (what.account(), what.node()) else {
            return Ok(());
        };
        let account = account_id(account)?;
        let Some((command, way)) = self.command(&account, what).await? else {
            return Ok(());
        };
        let key = format!("k{step}");
        let mut envelope = Envelope::new(account.clone(), command, Actor::Customer);
        envelope.key = key.parse().ok();
        self.model.ask(&account, &key, what);
        self.sent.insert(step, Sent { envelope, way, attempts: 0 });
        self.send(step, step, node, false)
    }

    /// Sends a request, perhaps again, perhaps with something else in it.
    pub(crate) fn send(
        &mut self,
        step: u32,
        of: u32,
        node: u32,
        reuses: bool,
    ) -> Result<(), String> {
        let (Some((engine, life)), Some(sent)) = (self.running(node), self.sent.get_mut(&of))
        else {
            return Ok(());
        };
        let account = sent.envelope.account.clone();
        let key = sent.envelope.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let had_effect = self.model.effect_of(&account, &key).is_some();
        let mut request = sent.clone();
        if reuses {
            // Nobody can say what a key means that may not have been used yet.
            if !had_effect {
                return Ok(());
            }
            let reason = None;
            request.envelope.command = Command::Cancel(Cancel { reason });
            request.envelope.besides = 1;
            request.way = Way::Execute;
        } else {
            sent.attempts += 1;
        }
        let from = self.model.seat(&account).map_or(0, |seat| seat.version());
        let answers = Arc::clone(&self.answers);
        tokio::spawn(async move {
            let outcome = tokio::select! {
                biased;
                () = life.over() => None,
                outcome = request.go(&engine) => Some(outcome),
            };
            answers.lock().push(Answer { step, account, key, reuses, from, had_effect, outcome });
        });
        Ok(())
    }

    /// The command of a step, as things are; `None` if there is nothing that it could be about.
    async fn command(
        &self,
        account: &AccountId,
        what: &What,
    ) -> Result<Option<(Command, Way)>, String> {
        let command = match what {
            What::ChangePlan { plan, yearly, .. } => {
                let interval = if *yearly { Interval::Year } else { Interval::Month };
                let change = ChangePlan { plan: plan.clone(), interval, confirms: None };
                return Ok(Some((Command::ChangePlan(change), Way::Buy)));
            }
            What::ConfirmPlan { plan, yearly, node, .. } => {
                let interval = if *yearly { Interval::Year } else { Interval::Month };
                let Some(offered) = self.preview(account, plan, interval, *node).await? else {
                    return Ok(None);
                };
                let confirms = Some(Box::new(offered));
                let change = ChangePlan { plan: plan.clone(), interval, confirms };
                return Ok(Some((Command::ChangePlan(change), Way::Buy)));
            }
            What::Topup { pack, .. } => {
                let topup = BuyTopup { pack: pack.clone() };
                return Ok(Some((Command::BuyTopup(topup), Way::Buy)));
            }
            What::PayInvoice { .. } => {
                let unpaid = self.model.seat(account).and_then(|seat| seat.till.unpaid());
                return Ok(unpaid.map(|invoice| (Command::PayInvoice(invoice), Way::Buy)));
            }
            What::AddCard { token, .. } => {
                let token = token.parse().map_err(|_| format!("{token} is no token"))?;
                return Ok(Some((Command::Advance, Way::AddCard(token))));
            }
            What::MoveClock { seconds, .. } => {
                let to = ClockTarget::By(format!("PT{seconds}S"));
                return Ok(Some((Command::Advance, Way::MoveClock(AdvanceClock { to }))));
            }
            What::UseCard { nth, .. } => {
                self.card(account, *nth).await?.map(Command::SetDefaultMethod)
            }
            What::RemoveCard { nth, .. } => {
                self.card(account, *nth).await?.map(Command::RemovePaymentMethod)
            }
            What::RefundTopup { .. } => {
                let last = self.model.seat(account).and_then(|seat| seat.till.last_topup());
                last.map(|document| Command::RefundTopup(RefundTopup { document, reason: None }))
            }
            other => self.plain_command(account, other)?,
        };
        Ok(command.map(|command| (command, Way::Execute)))
    }

    fn plain_command(&self, account: &AccountId, what: &What) -> Result<Option<Command>, String> {
        let reference = None;
        Ok(Some(match what {
            What::Open { .. } => Command::Open(Open { zone: ZoneName::utc(), currency: None }),
            What::Cancel { .. } => Command::Cancel(Cancel { reason: None }),
            What::Resume { .. } => Command::Resume,
            What::DropChange { .. } => Command::DropScheduledChange,
            What::AutoTopup { below_micro, pack, cap_minor, .. } => {
                Command::SetAutoTopup(auto(*below_micro, pack.as_deref(), *cap_minor)?)
            }
            What::Adjust { micro, class, expires_in_seconds, .. } => {
                self.adjust(*micro, class, *expires_in_seconds)?
            }
            What::Hold { micro, ttl_seconds, .. } => {
                let ttl = ttl_seconds.map(std::time::Duration::from_secs);
                Command::PlaceHold(PlaceHold { spend: credits(*micro)?, ttl, reference })
            }
            What::HoldFor { operation, units, .. } => {
                let spend = usage(operation, *units);
                Command::PlaceHold(PlaceHold { spend, ttl: None, reference })
            }
            What::Charge { micro, .. } => {
                Command::Charge(Charge { spend: credits(*micro)?, reference })
            }
            What::ChargeFor { operation, units, .. } => {
                Command::Charge(Charge { spend: usage(operation, *units), reference })
            }
            What::Capture { of, micro, ends, overage, .. } => {
                let Some(hold) = self.hold_of(account, *of) else { return Ok(None) };
                let amount = micro.map_or(CaptureAmount::Rest, |micro| {
                    CaptureAmount::Credits(Credits::from_micro(micro))
                });
                let (ends, allow_overage) = (*ends, *overage);
                Command::CaptureHold(CaptureHold { hold, amount, ends, allow_overage })
            }
            What::Release { of, .. } => {
                let Some(hold) = self.hold_of(account, *of) else { return Ok(None) };
                Command::ReleaseHold(ReleaseHold { hold, reason: None })
            }
            What::Extend { of, ttl_seconds, .. } => {
                let Some(hold) = self.hold_of(account, *of) else { return Ok(None) };
                let ttl = std::time::Duration::from_secs(*ttl_seconds);
                Command::ExtendHold(ExtendHold { hold, ttl })
            }
            What::Refund { of, micro, .. } => {
                let Some(spend) = self.spend_of(account, *of) else { return Ok(None) };
                let credits = micro.map(Credits::from_micro);
                Command::RefundCharge(RefundCharge { spend, credits, reason: None })
            }
            What::RefundSubscription { .. } => {
                Command::RefundSubscription(RefundSubscription { reason: None })
            }
            What::Reserve { bytes, .. } => {
                let (kind, bytes) = (AssetKind::Image, *bytes);
                Command::ReserveUpload(ReserveUpload { kind, bytes, reference })
            }
            What::External { bytes, .. } => {
                let (kind, bytes) = (AssetKind::Video, *bytes);
                Command::RegisterExternal(RegisterExternal { kind, bytes, reference })
            }
            What::Store { of, bytes, .. } => {
                let Some(asset) = self.asset_of(account, *of) else { return Ok(None) };
                Command::StoreAsset(StoreAsset { asset, bytes: *bytes, attempt: 1 })
            }
            What::Delete { of, .. } => {
                let Some(asset) = self.asset_of(account, *of) else { return Ok(None) };
                Command::DeleteAsset(asset)
            }
            _ => return Ok(None),
        }))
    }

    fn adjust(&self, micro: i64, class: &str, expires_in: Option<u64>) -> Result<Command, String> {
        let class = Class::ALL.into_iter().find(|known| known.as_str() == class);
        let reason = "simulated".parse().map_err(|_| "no reason")?;
        let now = self.clock.now();
        Ok(Command::AdjustCredits(AdjustCredits {
            credits: Credits::from_micro(micro),
            class: class.ok_or("there is no such class")?,
            reason,
            expires_at: expires_in
                .map(|seconds| now.after(std::time::Duration::from_secs(seconds))),
        }))
    }

    /// What a customer is shown before a change of plan.
    async fn preview(
        &self,
        account: &AccountId,
        plan: &str,
        interval: Interval,
        node: u32,
    ) -> Result<Option<Offer>, String> {
        let Some(state) = self.kept(account).await? else { return Ok(None) };
        let wall = self.node(node).map_or_else(|| self.clock.now(), |node| node.clock.now());
        Ok(offer(&state, &self.catalog, plan, interval, state.now(wall)).ok())
    }

    async fn card(&self, account: &AccountId, nth: u32) -> Result<Option<MethodRef>, String> {
        let state = bursar_store::Store::account(&*self.database.truth(), account).await;
        let state = state.map_err(|error| error.to_string())?;
        let methods = state.iter().flat_map(|state| &state.billing.methods);
        let nth = usize::try_from(nth).unwrap_or(usize::MAX);
        Ok(methods.map(|method| method.reference.clone()).nth(nth))
    }

    /// What the effect of a step was, as far as the journal tells.
    fn effect_of<T>(
        &self,
        account: &AccountId,
        of: u32,
        is: impl Fn(&Event) -> Option<T>,
    ) -> Option<T> {
        let version = self.model.effect_of(account, &format!("k{of}"))?;
        let entry = self.entries.get(&(account.clone(), version))?;
        entry.events.iter().find_map(|recorded| is(&recorded.event))
    }

    fn hold_of(&self, account: &AccountId, of: u32) -> Option<HoldId> {
        self.effect_of(account, of, |event| match event {
            Event::HoldPlaced { hold, .. } => Some(*hold),
            _ => None,
        })
    }

    fn spend_of(&self, account: &AccountId, of: u32) -> Option<SpendId> {
        self.effect_of(account, of, |event| match event {
            Event::Charged { charge, .. } => Some(SpendId::Charge(*charge)),
            Event::HoldPlaced { hold, .. } => Some(SpendId::Hold(*hold)),
            _ => None,
        })
    }

    fn asset_of(&self, account: &AccountId, of: u32) -> Option<AssetId> {
        self.effect_of(account, of, |event| match event {
            Event::UploadReserved { asset, .. } | Event::AssetStored { asset, .. } => Some(*asset),
            _ => None,
        })
    }

    /// Judges what customers were told.
    pub(crate) fn hear(&mut self) -> Result<(), String> {
        let answers: Vec<Answer> = std::mem::take(&mut *self.answers.lock());
        for answer in answers {
            self.counts.answer(answer.outcome.as_ref());
            self.note(&format!("{} {:?}", answer.step, answer.outcome));
            self.tell(|| match &answer.outcome {
                None => format!("  step {}: no answer", answer.step),
                Some(Ok(done)) if done.replayed => format!("  step {}: done before", answer.step),
                Some(Ok(_)) => format!("  step {}: done", answer.step),
                Some(Err(failure)) => format!("  step {}: {failure}", answer.step),
            });
            let words = |what: String| format!("step {}: {what}", answer.step);
            self.judge(&answer).map_err(words)?;
        }
        Ok(())
    }

    fn judge(&self, answer: &Answer) -> Result<(), String> {
        let effect = self.model.effect_of(&answer.account, &answer.key);
        let attempts = self.sent.values().find(|sent| {
            let key = sent.envelope.key.as_ref().map(ToString::to_string);
            sent.envelope.account == answer.account && key.as_deref() == Some(&answer.key)
        });
        let once = attempts.is_some_and(|sent| sent.attempts == 1);
        match &answer.outcome {
            None | Some(Err(Failure::Unknown(_) | Failure::ShuttingDown)) => Ok(()),
            Some(Ok(committed)) => self.judge_done(answer, committed),
            Some(Err(Failure::KeyReused)) if answer.reuses => Ok(()),
            Some(Err(Failure::Rejected(rejection))) if answer.reuses => {
                Err(format!("a key that was used for something else: {rejection}"))
            }
            Some(Err(
                Failure::Defect
                | Failure::KeyReused
                | Failure::VersionMismatch { .. }
                | Failure::NothingDue
                | Failure::ProviderMisconfigured,
            )) => Err(format!("was told {:?}", answer.outcome)),
            Some(Err(failure)) if format!("{failure}").contains("damaged") => {
                Err(format!("was told {failure}"))
            }
            Some(Err(Failure::Unavailable(_))) if effect.is_some() && once && !answer.reuses => {
                Err("was told that nothing was done, and it was".to_owned())
            }
            Some(Err(Failure::Rejected(rejection))) => {
                if answer.had_effect {
                    return Err(format!("was done before, and now refused: {rejection}"));
                }
                self.judge_refusal(answer, rejection)
            }
            Some(Err(_)) => Ok(()),
        }
    }

    /// What is acknowledged is in the journal, under the key that it was asked for.
    fn judge_done(&self, answer: &Answer, committed: &Committed) -> Result<(), String> {
        if answer.reuses {
            return Err("a key was taken for two requests".to_owned());
        }
        let entry = &committed.entry;
        let place = (entry.account.clone(), entry.first_version);
        if self.entries.get(&place).is_none_or(|kept| **kept != **entry) {
            return Err("was told of an entry that is not in the journal".to_owned());
        }
        let key = entry.idempotency.as_ref().map(|it| it.key.as_str());
        if entry.account != answer.account || key != Some(answer.key.as_str()) {
            return Err("was told of somebody else's entry".to_owned());
        }
        if answer.had_effect && !committed.replayed {
            return Err("was done again".to_owned());
        }
        let sent = self
            .sent
            .values()
            .find(|sent| sent.envelope.key.as_ref().map(|key| key.as_str()) == key);
        let confirmed = sent.and_then(|sent| match &sent.envelope.command {
            Command::ChangePlan(ChangePlan { confirms: Some(offer), .. }) => Some(offer),
            _ => None,
        });
        for recorded in &entry.events {
            if let (Event::PaymentRequested { order, .. }, Some(offer)) =
                (&recorded.event, confirmed)
                && order.bill != offer.order.bill
            {
                return Err("is billed something else than was shown".to_owned());
            }
        }
        Ok(())
    }

    /// A refusal that names figures names true ones.
    fn judge_refusal(
        &self,
        answer: &Answer,
        rejection: &bursar_core::rejection::Rejection,
    ) -> Result<(), String> {
        use bursar_core::rejection::{Rejection, SpendRejection};
        let Rejection::Spend(SpendRejection::InsufficientCredits { need, available, held, short }) =
            rejection
        else {
            return Ok(());
        };
        let seat = self.model.seat(&answer.account).ok_or("an account that isn't there")?;
        let (need, available, held) = (need.micro(), available.micro(), held.micro());
        let was_so = seat.had(answer.from, seat.version(), available, held);
        if !was_so || need <= available || short.micro() != need - available {
            return Err(format!("was refused with figures that never were: {rejection}"));
        }
        Ok(())
    }
}

fn auto(below: i64, pack: Option<&str>, cap_minor: i64) -> Result<Option<AutoTopup>, String> {
    let Some(pack) = pack else { return Ok(None) };
    Ok(Some(AutoTopup {
        threshold: Credits::from_micro(below),
        pack: pack.parse().map_err(|_| "no pack")?,
        monthly_cap: Money::new(cap_minor, Currency::USD),
    }))
}

fn credits(micro: i64) -> Result<SpendRequest, String> {
    let reason = "simulated".parse().map_err(|_| "no reason")?;
    Ok(SpendRequest::Credits { credits: Credits::from_micro(micro), reason })
}

fn usage(operation: &str, units: u32) -> SpendRequest {
    SpendRequest::Operation(UsageRequest {
        operation: operation.to_owned(),
        model: None,
        quality: None,
        units: Some(Quantity::from_micro(u64::from(units) * 1_000_000)),
        attributes: Vec::new(),
    })
}
