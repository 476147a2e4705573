//! Does a reply say what it should? For runs that look at each.

use serde_json::Value;

use crate::plan::Work;

/// What a reply that doesn't is counted as.
pub(crate) const WRONG: &str = "a reply that says something else than it should";

/// Does the reply to `count` operations say that each did what was asked?
pub(crate) fn is_right(reply: &[u8], work: Work, count: usize) -> bool {
    let Ok(reply) = serde_json::from_slice::<Value>(reply) else { return false };
    let Some(results) = reply.get("results").and_then(Value::as_array) else {
        return count == 1 && says(&reply, work);
    };
    let fresh = |result: &Value| result.get("replayed") == Some(&Value::Bool(false));
    results.len() == count
        && results
            .iter()
            .all(|result| fresh(result) && result.get("body").is_some_and(|body| says(body, work)))
}

/// Does one operation's reply?
fn says(body: &Value, work: Work) -> bool {
    match work {
        Work::Charge | Work::HoldCapture => spends_one(body),
        Work::Balance => {
            let lots = sum(body, "lots", "remaining");
            let amount = |name: &str| body.get(name).and_then(Value::as_u64);
            lots.is_some()
                && lots == amount("available").zip(amount("held")).map(|(a, h)| a.saturating_add(h))
        }
        Work::Estimate => body.get("credits").is_some_and(Value::is_number),
    }
}

/// A credit was charged, held or captured, and the lots say the same.
fn spends_one(body: &Value) -> bool {
    let credits = body.get("captured").or_else(|| body.get("credits")).and_then(Value::as_u64);
    credits == Some(1) && sum(body, "lots", "credits") == Some(1)
}

/// The sum of a field over a list; nothing if one of them has no such number.
fn sum(body: &Value, list: &str, field: &str) -> Option<u64> {
    let list = body.get(list)?.as_array()?;
    list.iter().map(|item| item.get(field)?.as_u64()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn right(reply: &Value, work: Work, count: usize) -> bool {
        is_right(reply.to_string().as_bytes(), work, count)
    }

    #[test]
    fn a_charge_is_of_one_credit_that_its_lots_paid() {
        let charge = |credits, paid| json!({"credits": credits, "lots": [{"credits": paid}]});
        assert!(right(&charge(1, 1), Work::Charge, 1));
        assert!(!right(&charge(2, 2), Work::Charge, 1));
        assert!(!right(&charge(1, 0), Work::Charge, 1));
        assert!(!right(&json!({"credits": 1}), Work::Charge, 1));
        let batch = |replayed| json!({"results": [{"status": 201, "replayed": replayed, "body": charge(1, 1)}]});
        assert!(right(&batch(false), Work::Charge, 1));
        assert!(!right(&batch(true), Work::Charge, 1));
        assert!(!right(&batch(false), Work::Charge, 2));
    }

    #[test]
    fn a_balance_is_the_sum_of_its_lots() {
        let balance = |available| json!({"available": available, "held": 2, "lots": [{"remaining": 5}, {"remaining": 7}]});
        assert!(right(&balance(10), Work::Balance, 1));
        assert!(!right(&balance(11), Work::Balance, 1));
    }
}
