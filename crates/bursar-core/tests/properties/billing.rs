//! Steps that have to do with money.

use bursar_core::account::command::{
    AddPaymentMethod, AdvanceClock, ClockTarget, Command, NoteDispute, PaymentOutcome,
    RefundSubscription, RefundTopup, SetBillingDetails, SettleRefund,
};
use bursar_core::account::event::Event;
use bursar_core::account::payments::{AutoTopup, DisputeStatus};
use bursar_core::account::subscription::custom::CUSTOM;
use bursar_core::account::subscription::offer::Offer;
use bursar_core::catalog::Interval;
use bursar_core::credits::Credits;
use bursar_core::id::DocumentId;
use bursar_core::provider::MethodRef;
use proptest::prelude::*;

use super::spending::seconds;
use crate::support::customer::{
    Cancelled, Customer, Month, Processing, RequiresAction, Succeeded, Year, cancel, card, change,
    confirm, declined, refused, settlement, topup,
};
use crate::support::{key, plan, usd};

/// Something to do with money; `which` of what there is it is about.
#[derive(Clone, Debug)]
pub(crate) enum Billing {
    Change { plan: &'static str, interval: Interval },
    Preview { plan: &'static str, interval: Interval },
    Confirm,
    Cancel,
    Resume,
    Drop,
    AddCard { card: u8, default: bool, expires: bool },
    SetDefault(u8),
    RemoveCard(u8),
    Details { country: Option<&'static str>, business: bool },
    Topup(&'static str),
    Auto(Option<(i64, i64)>),
    PayInvoice(usize),
    Settle { which: usize, outcome: PaymentOutcome },
    SettleRefund { which: usize, works: bool },
    Dispute { which: usize, number: u8, status: DisputeStatus },
    RefundSubscription,
    RefundTopup(usize),
    Custom(Option<(i64, i64)>),
    Clock(u32),
}

/// Every way in which a payment may go on.
pub(crate) fn outcome() -> impl Strategy<Value = PaymentOutcome> {
    prop_oneof![
        6 => Just(Succeeded),
        2 => Just(declined()),
        1 => Just(refused()),
        1 => Just(RequiresAction),
        1 => Just(Processing),
        1 => Just(Cancelled),
    ]
}

pub(crate) fn billing() -> impl Strategy<Value = Billing> {
    use Billing::*;
    let plans = prop::sample::select(&["small", "large", "large", CUSTOM][..]);
    let packs = prop::sample::select(&["few", "many"][..]);
    let interval = || prop::sample::select(&[Month, Year][..]);
    let country = prop::option::of(prop::sample::select(&["DE", "FR", "US"][..]));
    let status = prop::sample::select(
        &[DisputeStatus::Inquiry, DisputeStatus::Open, DisputeStatus::Won, DisputeStatus::Lost][..],
    );
    prop_oneof![
        6 => (plans.clone(), interval()).prop_map(|(plan, interval)| Change { plan, interval }),
        2 => (plans, interval()).prop_map(|(plan, interval)| Preview { plan, interval }),
        2 => Just(Confirm),
        1 => Just(Cancel),
        1 => Just(Resume),
        1 => Just(Drop),
        2 => (0_u8..4, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(card, default, expires)| AddCard { card, default, expires }),
        1 => (0_u8..4).prop_map(SetDefault),
        1 => (0_u8..4).prop_map(RemoveCard),
        1 => (country, any::<bool>()).prop_map(|(country, business)| Details { country, business }),
        3 => packs.prop_map(Topup),
        2 => prop::option::weighted(0.8, (1_i64..500, 700_i64..20_000)).prop_map(Auto),
        1 => any::<usize>().prop_map(PayInvoice),
        12 => (any::<usize>(), outcome())
            .prop_map(|(which, outcome)| Settle { which, outcome }),
        2 => (any::<usize>(), any::<bool>())
            .prop_map(|(which, works)| SettleRefund { which, works }),
        1 => (any::<usize>(), 0_u8..3, status)
            .prop_map(|(which, number, status)| Dispute { which, number, status }),
        1 => Just(RefundSubscription),
        1 => any::<usize>().prop_map(RefundTopup),
        1 => prop::option::weighted(0.8, (0_i64..9_000, 0_i64..2_000)).prop_map(Custom),
        1 => (0_u32..8_000_000).prop_map(Clock),
    ]
}

impl Billing {
    /// The command, if there is something that it can be about.
    pub(crate) fn command(&self, customer: &Customer, preview: Option<&Offer>) -> Option<Command> {
        Some(match self {
            Self::Change { plan, interval } => change(plan, *interval),
            // Made by the run itself.
            Self::Preview { .. } => return None,
            Self::Confirm => confirm(preview?),
            Self::Cancel => cancel(),
            Self::Resume => Command::Resume,
            Self::Drop => Command::DropScheduledChange,
            Self::AddCard { card: number, default, expires } => {
                let method = card(name(*number), if *expires { 1990 } else { 9999 });
                Command::AddPaymentMethod(AddPaymentMethod { method, default: *default })
            }
            Self::SetDefault(number) => Command::SetDefaultMethod(method(*number)),
            Self::RemoveCard(number) => Command::RemovePaymentMethod(method(*number)),
            Self::Details { country, business } => Command::SetBillingDetails(SetBillingDetails {
                revision: customer.account.billing.buyer + 1,
                country: country.map(|country| country.parse().unwrap()),
                business: *business,
            }),
            Self::Topup(pack) => topup(pack),
            Self::Auto(settings) => Command::SetAutoTopup(settings.map(auto)),
            Self::Custom(plan) => Command::SetCustomPlan(plan.map(|(price, allowance)| {
                let allowance = allowance.to_string();
                Box::new(plan_of_its_own(price, &allowance))
            })),
            Self::Clock(ahead) => Command::AdvanceClock(AdvanceClock {
                to: ClockTarget::At(customer.now.after(seconds(*ahead))),
            }),
            other => return other.about_payments(customer),
        })
    }

    fn about_payments(&self, customer: &Customer) -> Option<Command> {
        let document = |which| {
            let issued = customer.account.billing.next_document.0;
            DocumentId(u32::try_from(which % 1_000).unwrap() % (issued + 1))
        };
        Some(match self {
            Self::PayInvoice(which) => {
                let renewal = customer.account.live().and_then(|live| live.renewal.as_ref());
                let open = renewal.map(|renewal| renewal.document);
                Command::PayInvoice(open.unwrap_or_else(|| document(*which)))
            }
            Self::Settle { which, outcome } => {
                settlement(*pick(&customer.payments(), *which)?, outcome)
            }
            Self::SettleRefund { which, works } => Command::SettleRefund(SettleRefund {
                refund: *pick(&refunds(customer), *which)?,
                outcome: if *works { Ok(()) } else { Err(key("card_gone")) },
            }),
            Self::Dispute { which, number, status } => {
                let payment = *pick(&customer.payments(), *which)?;
                Command::NoteDispute(NoteDispute {
                    payment,
                    dispute: format!("dp_{number}_{}", name(*number)).parse().unwrap(),
                    money: customer.payment(payment)?.order.bill.due(),
                    status: *status,
                    reason: key("fraudulent"),
                })
            }
            Self::RefundSubscription => {
                Command::RefundSubscription(RefundSubscription { reason: None })
            }
            Self::RefundTopup(which) => {
                Command::RefundTopup(RefundTopup { document: document(*which), reason: None })
            }
            other => panic!("{other:?} isn't about payments"),
        })
    }
}

fn refunds(customer: &Customer) -> Vec<bursar_core::id::RefundId> {
    let requested = customer.history.iter().filter_map(|recorded| match &recorded.event {
        Event::RefundRequested { refund, .. } => Some(*refund),
        _ => None,
    });
    requested.collect()
}

/// One of the last six.
fn pick<T>(all: &[T], which: usize) -> Option<&T> {
    let last = &all[all.len().saturating_sub(6)..];
    (!last.is_empty()).then(|| &last[which % last.len()])
}

const fn name(card: u8) -> &'static str {
    match card {
        0 => "a",
        1 => "b",
        2 => "c",
        _ => "d",
    }
}

fn method(number: u8) -> MethodRef {
    card(name(number), 9999).reference
}

fn auto((threshold, cap): (i64, i64)) -> AutoTopup {
    AutoTopup {
        threshold: Credits::from_whole(threshold).unwrap(),
        pack: key("few"),
        monthly_cap: usd(cap),
    }
}

fn plan_of_its_own(price: i64, allowance: &str) -> bursar_core::catalog::Plan {
    plan(CUSTOM, price, price * 11, allowance, &["video", "editor"])
}
