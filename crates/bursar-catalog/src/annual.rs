//! `[annual]`: what a year costs when a plan doesn't say.

use bursar_core::money::{Currency, Money};

use crate::reader::{Table, Value};

/// Hundred percent in millionths of a percent.
const WHOLE: i64 = 100_000_000;

/// The one rule behind yearly prices: months at the monthly price, less a discount, rounded half up
/// to a step.
#[derive(Clone, Copy)]
pub(crate) struct Annual {
    /// What is left after the discount, in millionths of a percent.
    remaining: i64,
    /// Minor units that a yearly price, and its monthly share, is a multiple of.
    step: i64,
}

impl Annual {
    /// For a product that names every yearly price itself: only the share of a month is computed,
    /// to the minor unit.
    pub(crate) const EXPLICIT: Self = Self { remaining: WHOLE, step: 1 };

    /// The price of a year from the price of a month; `None` if it doesn't fit.
    pub(crate) fn year(self, month: Money) -> Option<Money> {
        month.scaled(self.remaining.checked_mul(12)?, WHOLE, self.step)
    }

    /// What a year computed by [`Annual::year`] is shown as, per month. Rounded on its own, so
    /// twelve of it may differ from the year.
    pub(crate) fn shown(self, month: Money) -> Option<Money> {
        month.scaled(self.remaining, WHOLE, self.step)
    }

    /// What a yearly price of its own is shown as, per month.
    pub(crate) fn shown_of_year(self, year: Money) -> Option<Money> {
        year.scaled(1, 12, self.step)
    }
}

/// Whether the file has the rule.
pub(crate) enum Presence {
    /// It has.
    Rule(Annual),
    /// It has not: every plan needs its price of a year.
    Absent,
    /// It has, with mistakes: yearly prices can't be computed, nor missed.
    Unreadable,
}

/// The rule.
pub(crate) fn read(root: &Table<'_>, currency: Option<Currency>) -> Presence {
    let Some(value) = root.field("annual") else {
        return Presence::Absent;
    };
    rule(&value, currency).map_or(Presence::Unreadable, Presence::Rule)
}

fn rule(value: &Value<'_>, currency: Option<Currency>) -> Option<Annual> {
    let table = value.table()?;
    let discount = table.required("discount_percent", "10", Value::micro_percent);
    let step = table.required("round_to", "\"1.00\"", |value| value.some_money(currency));
    table.close();
    Some(Annual { remaining: WHOLE.checked_sub(discount?)?, step: step?.amount })
}
