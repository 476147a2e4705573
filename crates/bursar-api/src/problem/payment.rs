//! Problems of payments: declines, refused cards, a provider that is not there.

use bursar_engine::decline::advice;
use bursar_payments::Decline;

use super::{Code, Problem};
use crate::wire::payment::PaymentView;

/// The bank refuses to have a payment method attached.
pub(super) fn refused(decline: &Decline) -> Problem {
    let code = decline.shown_code().to_owned();
    let (message, fix) = advice(&code);
    Problem::new(Code::PaymentMethodRefused, message)
        .fix(fix)
        .with(|members| members.decline_code = Some(code))
}

/// What a purchase could not be paid with took no money and changed nothing.
///
/// It is the answer to a repeat, too, so it is the same to the last byte: even its request id is made
/// from the payment, unless the caller names one.
pub(crate) fn failed(payment: PaymentView) -> Problem {
    let Some(failure) = &payment.failure else {
        return Problem::internal("a payment without a failure is told as failed");
    };
    let (code, message, fix) = (failure.code.0.to_string(), failure.message, failure.fix);
    let request_id = format!("req_{}", payment.id.0.to_string().trim_start_matches("pay_"));
    let mut problem = Problem::new(Code::PaymentFailed, message).fix(fix).with(|members| {
        members.decline_code = Some(code);
        members.payment = Some(payment);
    });
    problem.request_id = Some(request_id);
    problem
}

/// The payment provider can't be asked. Why is for the log: it may name hosts.
pub(super) fn unavailable(why: &str) -> Problem {
    tracing::warn!(why, "the payment provider is not available");
    Problem::new(
        Code::ProviderUnavailable,
        "The payment provider can't be reached or doesn't answer; nothing was changed.",
    )
    .fix("Send it again in a moment with the same Idempotency-Key.")
}

/// The payment provider can't be asked before an operator has done something. What is in the log.
pub(crate) fn not_set_up() -> Problem {
    Problem::new(
        Code::ProviderUnavailable,
        "This server has no payment provider that works, so nothing can be paid; nothing was changed.",
    )
    .fix(
        "Have the operator set the provider's keys and start the server anew: its log says what is \
         wrong. Then send it again with the same Idempotency-Key.",
    )
}

/// The payment provider won't have it. Its words are for operators.
pub(super) fn provider_refused(why: &str) -> Problem {
    tracing::info!(why, "the payment provider refused a request");
    Problem::new(
        Code::ProviderRefused,
        "The payment provider doesn't know what the request names, or doesn't take it.",
    )
    .fix("Use a token that the provider's form made just now, or a test token in test mode.")
}
