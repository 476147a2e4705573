//! Money in Stripe's units, which are not ISO 4217's for every currency
//! (docs.stripe.com/currencies).

use bursar_core::money::{Currency, Money};

use crate::error::NotDone;

/// Without minor units in ISO 4217, sent with two decimals that must be zero.
const HUNDREDFOLD: &[&str] = &["ISK", "UGX"];
/// With two decimals in ISO 4217, sent without any.
const WHOLE: &[&str] = &["MGA"];
/// With three decimals, the last of which must be zero.
const TENS: &[&str] = &["BHD", "JOD", "KWD", "OMR", "TND"];

/// The amount to send.
pub(super) fn to_stripe(money: Money) -> Result<i64, NotDone> {
    let refused = |reason: &str| NotDone::Amount { money, reason: reason.to_owned() };
    if money.amount <= 0 {
        return Err(refused("an amount is positive"));
    }
    let code = money.currency.code();
    if HUNDREDFOLD.contains(&code) {
        (money.amount.checked_mul(100)).ok_or_else(|| refused("it is too large"))
    } else if WHOLE.contains(&code) {
        if money.amount.rem_euclid(100) == 0 {
            Ok(money.amount.div_euclid(100))
        } else {
            Err(refused("Stripe takes this currency in whole units"))
        }
    } else if TENS.contains(&code) && money.amount.rem_euclid(10) != 0 {
        Err(refused("Stripe takes this currency with two decimals"))
    } else {
        Ok(money.amount)
    }
}

/// The currency to send.
pub(super) fn currency(money: Money) -> String {
    money.currency.code().to_ascii_lowercase()
}

/// What Stripe's amount and currency mean; `None` if they mean nothing to us.
pub(super) fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency: Currency = currency.to_ascii_uppercase().parse().ok()?;
    let code = currency.code();
    let amount = if HUNDREDFOLD.contains(&code) {
        (amount.rem_euclid(100) == 0).then(|| amount.div_euclid(100))?
    } else if WHOLE.contains(&code) {
        amount.checked_mul(100)?
    } else {
        amount
    };
    Some(Money::new(amount, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str, sent: Option<i64>) {
        let money = Money::parse(text, code.parse().unwrap()).unwrap();
        assert_eq!(to_stripe(money).ok(), sent, "{money}");
        if let Some(sent) = sent {
            assert_eq!(from_stripe(sent, &currency(money)), Some(money));
        }
    }

    #[test]
    fn each_currency_is_sent_as_stripe_counts_it() {
        check("29", "USD", Some(2900));
        check("2900", "JPY", Some(2900));
        check("2900", "ISK", Some(290_000));
        check("2900", "UGX", Some(290_000));
        check("2900", "MGA", Some(2900));
        check("2900.20", "MGA", None);
        check("1.230", "KWD", Some(1230));
        check("1.234", "KWD", None);
        check("0", "USD", None);
        check("-1", "USD", None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_stripe_says_panics(amount: i64, currency in ".{0,4}") {
            let _ = from_stripe(amount, &currency);
        }

        #[test]
        fn what_is_sent_comes_back(
            amount in 1..i64::MAX,
            code in proptest::sample::select(&["USD", "JPY", "KWD", "ISK", "UGX", "MGA"][..]),
        ) {
            let money = Money::new(amount, code.parse().unwrap());
            if let Ok(sent) = to_stripe(money) {
                proptest::prop_assert_eq!(from_stripe(sent, code), Some(money));
            }
        }
    }
}
