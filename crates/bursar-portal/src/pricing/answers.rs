//! The terms, as answers to what people ask: each follows from a policy of the catalog.

use bursar_catalog::in_words;
use bursar_core::catalog::{Catalog, ChangePolicy, ChangeTiming, Class};
use bursar_core::credits::Credits;

use super::plans::mail;
use crate::page::words::Locale;

/// A question and its answer.
pub(super) struct Answer {
    pub(super) question: &'static str,
    pub(super) text: String,
    /// Where to write to, if the answer is to write.
    pub(super) mail: Option<String>,
}

/// All of them.
pub(super) fn all(catalog: &Catalog) -> Vec<Answer> {
    let write = |subject: &str| Some(mail(&catalog.support_email, subject));
    let told = |question, text| Answer { question, text, mail: None };
    let mut answers = vec![
        told("Do unused credits roll over?", rolling_over(catalog)),
        told("What if I run low?", running_low(catalog)),
        told("Can I change my plan?", changes(catalog.policies.changes)),
        Answer {
            question: "Can I get a refund?",
            text: refunds(catalog),
            mail: write("Refund").filter(|_| has_refunds(catalog)),
        },
        told("What happens if I cancel?", cancelling(catalog)),
        told("Can I pause my subscription?", pausing(catalog)),
        told("What if a payment fails?", failing(&catalog.policies.dunning_retry_days)),
    ];
    if catalog.offered().any(|plan| plan.storage_bytes > 0) {
        answers.push(told("What counts as storage?", storage()));
    }
    answers.push(Answer {
        question: "Do you offer team plans?",
        text: "We make plans for teams and companies. Write to us:".to_owned(),
        mail: write("Team plan"),
    });
    answers
}

fn rolling_over(catalog: &Catalog) -> String {
    let bought =
        if catalog.packs.is_empty() { "" } else { " Credits that you buy on top never expire." };
    format!(
        "No. Monthly credits refresh on your billing date each month, also when you pay by the year, \
         and unused ones don\u{2019}t roll over.{bought}"
    )
}

fn running_low(catalog: &Catalog) -> String {
    let top_up = if catalog.packs.is_empty() { "M" } else { "Top up with a pack, m" };
    let or = if catalog.packs.is_empty() { "" } else { "," };
    format!("{top_up}ove to a higher plan{or} or wait until your credits refresh.")
}

fn changes(policy: ChangePolicy) -> String {
    let upgrades = match policy.upgrade {
        ChangeTiming::Now => {
            "An upgrade takes effect immediately, and you pay only for the rest of your billing period."
        }
        ChangeTiming::NextBillingDate => "An upgrade takes effect at your next billing date.",
    };
    let downgrades = match policy.downgrade {
        ChangeTiming::Now => "A downgrade takes effect immediately.",
        ChangeTiming::NextBillingDate => "A downgrade takes effect at your next billing date.",
    };
    format!("Anytime. {upgrades} {downgrades} You see every amount before you confirm.")
}

fn has_refunds(catalog: &Catalog) -> bool {
    !catalog.policies.refunds.first_subscription.is_zero()
}

fn refunds(catalog: &Catalog) -> String {
    if !has_refunds(catalog) {
        return "Plans are not refunded. You can cancel anytime and keep access until the period ends."
            .to_owned();
    }
    let window = in_words(catalog.policies.refunds.first_subscription);
    format!("Yes, in full, within {window} of the start of your first subscription. Write to us:")
}

fn cancelling(catalog: &Catalog) -> String {
    let kept = in_words(catalog.policies.retention);
    format!(
        "You keep access until your billing period ends. Your data is preserved for {kept} after that, \
         and you can export it; then it is permanently deleted."
    )
}

fn pausing(catalog: &Catalog) -> String {
    let kept = in_words(catalog.policies.retention);
    format!("No, but you can cancel and resubscribe later. Your data is preserved for {kept}.")
}

fn failing(retry_days: &[u32]) -> String {
    let days: Vec<String> = retry_days.iter().map(ToString::to_string).collect();
    let Some((last, rest)) = days.split_last() else {
        return "Your plan ends. Subscribe again whenever you like.".to_owned();
    };
    let listed =
        if rest.is_empty() { last.clone() } else { format!("{} and {last}", rest.join(", ")) };
    let noun = if listed == "1" { "day" } else { "days" };
    format!(
        "We tell you and try again after {listed} {noun}; a new card is tried at once. If none of it \
         works, the plan ends as if you had cancelled."
    )
}

fn storage() -> String {
    "Generated images and videos, exported videos and the files in your vault. When it is full nothing \
     new can be made until you delete something or move to a higher plan; nothing is ever deleted for \
     you."
        .to_owned()
}

/// What holds for every pack.
pub(super) fn pack_terms(catalog: &Catalog) -> Vec<String> {
    let first = &catalog.policies.burn_first;
    let place = |class| first.iter().position(|known| *known == class).unwrap_or(first.len());
    // Classes that are not named follow, and of those what expires first goes first.
    let after = place(Class::Topup) >= place(Class::Plan);
    let order = if after { "after" } else { "before" };
    vec![
        "Never expire".to_owned(),
        format!("Are used {order} monthly credits"),
        "Can be bought on any plan".to_owned(),
    ]
}

/// What prices say about tax.
pub(super) fn tax(catalog: &Catalog, locale: &Locale) -> String {
    let (currency, policy) = (catalog.currency, &catalog.tax);
    let name = &policy.name;
    if policy.rates.is_empty() {
        return format!("Prices are in {currency}. No tax is added.");
    }
    if policy.inclusive {
        return format!("Prices are in {currency} and include {name} where it is due.");
    }
    let rate = |rate: &bursar_core::catalog::TaxRate| {
        let percent = Credits::from_micro(i64::from(rate.rate_ppm).saturating_mul(100));
        format!("{} ({}%)", rate.country.name(), locale.number(percent))
    };
    let countries = match policy.rates.as_slice() {
        few if few.len() <= 4 => few.iter().map(rate).collect::<Vec<_>>().join(", "),
        many => {
            format!("{} countries", locale.count(u64::try_from(many.len()).unwrap_or(u64::MAX)))
        }
    };
    let business = if policy.rates.iter().any(|rate| rate.reverse_charge) {
        format!(" Businesses that give a {name} id may account for it themselves.")
    } else {
        String::new()
    };
    format!(
        "Prices are in {currency}. {name} is added for buyers in {countries}; you see it before you \
         pay.{business}"
    )
}
