//! Names, ids and figures as people and programs write them.

use std::fmt::Display;
use std::str::FromStr;

use bursar_core::catalog::AssetKind;
use bursar_core::country::Country;
use bursar_core::credits::Credits;
use bursar_core::id::{
    AccountId, AssetId, ChargeId, DocumentId, HoldId, IdempotencyKey, Key, PaymentId, Reason,
    Reference, RefundId, SpendId,
};
use bursar_core::money::{Currency, Money};
use bursar_core::pricing::{Multiplier, Quantity, UnitPrice};
use bursar_core::provider::{CustomerRef, EventRef, MethodRef, PaymentRef, SetupRef};
use bursar_core::time::{Timestamp, ZoneName};
use bursar_engine::access::Scope;
use bursar_engine::buyer::{Line, VatId};
use bursar_mail::{Address, Link, MailId};

/// What is read is shown in a form that is read as the same.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    same::<AccountId>(text);
    same::<AssetId>(text);
    same::<ChargeId>(text);
    same::<CustomerRef>(text);
    same::<DocumentId>(text);
    same::<EventRef>(text);
    same::<HoldId>(text);
    same::<IdempotencyKey>(text);
    same::<Key>(text);
    same::<MethodRef>(text);
    same::<PaymentId>(text);
    same::<PaymentRef>(text);
    same::<Reason>(text);
    same::<Reference>(text);
    same::<RefundId>(text);
    same::<SetupRef>(text);
    same::<SpendId>(text);
    same::<Country>(text);
    same::<Currency>(text);
    same::<Quantity>(text);
    same::<Multiplier>(text);
    same::<UnitPrice>(text);
    same::<Timestamp>(text);
    same::<ZoneName>(text);
    same::<Address>(text);
    same::<MailId>(text);
    kept::<Line>(text);
    kept::<VatId>(text);
    let _ = text.parse::<Link>();
    if let Ok(scope) = text.parse::<Scope>() {
        assert_eq!(text, scope.as_str());
    }
    if let Ok(credits) = Credits::parse(text) {
        assert_eq!(Credits::parse(&credits.to_string()), Ok(credits));
    }
    if let Ok(money) = Money::parse(text, Currency::USD) {
        let shown = money.to_string();
        let amount = shown.split(' ').next().unwrap_or_default();
        assert_eq!(Money::parse(amount, Currency::USD), Ok(money), "{text:?}: {shown}");
    }
    if let Ok(kind) = text.parse::<AssetKind>() {
        assert_eq!(text, kind.as_str());
    }
}

fn same<T: FromStr + Display + PartialEq>(text: &str) {
    let Ok(read) = text.parse::<T>() else {
        return;
    };
    let shown = read.to_string();
    let name = std::any::type_name::<T>();
    let Ok(again) = shown.parse::<T>() else {
        panic!("{name}: {text:?} is shown as {shown:?}, which can't be read");
    };
    assert!(again == read, "{name}: {text:?} is shown as {shown:?}, which is another");
}

/// What is read and kept as a text is read from that as the same text.
fn kept<T: FromStr + Into<String>>(text: &str) {
    let Ok(read) = text.parse::<T>() else {
        return;
    };
    let kept: String = read.into();
    let again = kept.parse::<T>().ok().map(Into::into);
    assert_eq!(again.as_ref(), Some(&kept), "{}: {text:?}", std::any::type_name::<T>());
}
