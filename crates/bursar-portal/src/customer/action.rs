//! From a form to the engine: who asks, once, and where the customer goes next.

use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::event::Actor;
use bursar_core::id::PaymentId;
use bursar_engine::purchase::{Purchase, Standing};
use bursar_engine::{Envelope, Failure};
use bursar_payments::CustomerStep;

use crate::page::see_other;
use crate::session::Customer;
use crate::session::form::Form;
use crate::state::Portal;

/// A command of the customer, which takes effect once however often its form is sent.
pub(super) fn envelope(customer: &Customer, form: &Form, command: Command) -> Envelope {
    let account = customer.visit.account.clone();
    Envelope { key: Some(form.key()), ..Envelope::new(account, command, Actor::Customer) }
}

/// Does a command that may take money.
///
/// The provider's page leads back to the page of the payment that will be the account's next; should
/// another one come in between, that page leads on.
pub(super) async fn buy(
    portal: &Portal,
    customer: &Customer,
    form: &Form,
    command: Command,
) -> Result<Purchase, Failure> {
    let billing = &customer.account().billing;
    let next = PaymentId::numbered(billing.seed, billing.next_payment);
    let return_url = Some(address(portal, &payment_page(next)));
    portal.engine().buy(Envelope { return_url, ..envelope(customer, form, command) }).await
}

/// Where the customer goes after a purchase: to the bank if it waits for that, else to the page that
/// says how it went. `None` if there was nothing to pay.
pub(super) fn onward(purchase: &Purchase) -> Option<Response> {
    let paying = purchase.paying.as_ref()?;
    match (paying.standing(), &paying.step) {
        (Standing::RequiresAction, Some(CustomerStep::Page { url })) => Some(see_other(url)),
        _ => Some(see_other(&payment_page(paying.record.id))),
    }
}

/// The page of a payment.
pub(super) fn payment_page(payment: PaymentId) -> String {
    format!("/portal/payments/{payment}")
}

/// One of our pages, for somebody else to lead back to.
pub(super) fn address(portal: &Portal, page: &str) -> String {
    format!("{}{page}", portal.config().public_url)
}

/// A page of ours that a form or a link names, so that nobody is led elsewhere by it.
pub(super) fn page_of_ours(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let inside = text == "/portal" || text.starts_with("/portal/") || text.starts_with("/portal?");
    (plain && inside && text.len() <= 500 && !text.contains("..")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_led_back_to() {
        for page in ["/portal", "/portal/plan/preview?plan=studio&interval=year"] {
            assert_eq!(page_of_ours(page), Some(page));
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "/portalevil",
            "https://evil.example/portal/",
            "/portal/../admin",
            "/portal/\\evil",
            "/portal/\r\nSet-Cookie: a=b",
        ] {
            assert_eq!(page_of_ours(other), None, "{other}");
        }
    }
}
