//! Two things at once.

use std::time::Duration;

use bursar_core::account::command::{
    AdvanceClock, BuyTopup, Cancel, ChangePlan, ClockTarget, Command, RefundSubscription,
};
use bursar_core::account::subscription::offer::offer;
use bursar_core::catalog::Interval;
use bursar_engine::Failure;
use bursar_engine::test_clock::ClockRun;

use crate::bank::{Call, Mishap};
use crate::purchases::declined_renewal;
use crate::world::{Life, Which, World, plan, refused, send};

fn topup() -> Command {
    Command::BuyTopup(BuyTopup { pack: "small".to_owned() })
}

/// The page left open is completed while another choice replaces its payment. Whichever is first: what
/// was paid for is there, and no more is kept than for that.
#[test]
fn a_page_that_is_completed_while_its_payment_is_replaced() {
    for mishap in [Mishap::RequestDelayed, Mishap::ReplyLost, Mishap::DiesBefore, Mishap::DiesAfter]
    {
        let world = World::new();
        let replaces = || send(plan("professional", Interval::Month), "second");
        let done = world.live(async |life| {
            life.customer("pm_card_authenticationRequired").await;
            life.execute(send(plan("starter", Interval::Month), "first")).await.unwrap();
            let page = life.waiting_page().await;
            life.add_card("pm_card_visa", "other").await.unwrap();
            let moment = world.bank.plan(Call::Cancel, mishap);
            life.execute(replaces()).await.unwrap();
            moment.wait().await;
            // Too late, if the cancellation went through.
            world.approve(&page);
            world.bank.let_go();
            if matches!(mishap, Mishap::DiesBefore | Mishap::DiesAfter) {
                return None;
            }
            life.finish(false).await;
            Some(life.books().await)
        });
        let books = done.unwrap_or_else(|| {
            world.live(async |life| {
                life.finish(false).await;
                life.hear_old_news().await;
                life.books().await
            })
        });
        assert_eq!(
            (books.kept, books.plan.as_str()),
            (8_900, "professional by the month"),
            "{mishap:?}"
        );
        // Completed before the cancellation: taken, and returned.
        let too_late = matches!(mishap, Mishap::ReplyLost | Mishap::DiesAfter);
        assert_eq!(books.returned, usize::from(!too_late), "{mishap:?}");
    }
}

/// "Two confirmations of one preview make one payment."
#[test]
fn one_preview_that_is_confirmed_twice_at_once() {
    World::new().live(async |life| {
        life.subscriber("pm_card_visa").await;
        life.world.pass(Duration::from_secs(864_000));
        let (account, now) = (life.account().await, life.world.context().now);
        let offered =
            offer(&account, life.engine.catalog(), "studio", Interval::Month, now).unwrap();
        let confirm = |key: &str| {
            let confirms = Some(Box::new(offered.clone()));
            let change =
                ChangePlan { plan: "studio".to_owned(), interval: Interval::Month, confirms };
            life.execute(send(Command::ChangePlan(change), key))
        };
        let (one, other) = futures::join!(confirm("one"), confirm("other"));
        assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
        life.finish(false).await;
        let books = life.books().await;
        assert_eq!((books.kept, books.invoices), (2_900 + offered.order.bill.total, 2));
    });
}

#[test]
fn two_topups_at_once_are_one_under_one_key_and_two_under_two() {
    for (other, bought) in [("one", 1), ("other", 2)] {
        World::new().live(async |life| {
            life.subscriber("pm_card_visa").await;
            let (first, second) = futures::join!(
                life.execute(send(topup(), "one")),
                life.execute(send(topup(), other))
            );
            let (first, second) = (first.unwrap(), second.unwrap());
            assert_eq!(first.entry == second.entry, bought == 1);
            life.finish(false).await;
            assert_eq!(life.books().await.kept, 2_900 + 1_000 * bought);
        });
    }
}

/// "A new card retries at once": at the moment of the scheduled retry, whose call is under way.
#[test]
fn a_new_card_at_the_moment_of_the_scheduled_retry() {
    for mishap in [Mishap::RequestDelayed, Mishap::ReplyDelayed] {
        World::new().live(async |life| {
            declined_renewal(life).await;
            life.world.pass(Duration::from_secs(86_400));
            life.world.bank.sandbox.controls().decline_next("insufficient_funds").unwrap();
            let moment = life.world.bank.plan(Call::Charge, mishap);
            let retry = async {
                life.look().await;
                moment.wait().await;
            };
            let (card, ()) = futures::join!(life.add_card("pm_card_mastercard", "new"), retry);
            card.unwrap();
            life.world.bank.let_go();
            life.finish(false).await;
            let books = life.books().await;
            assert_eq!((books.kept, books.plan.as_str()), (5_800, "starter by the month"));
            assert_eq!(life.account().await.status(), "active");
        });
    }
}

/// The bank takes its time over an upgrade, and the customer cancels meanwhile: the money goes back.
#[test]
fn an_upgrade_that_is_paid_after_the_subscription_was_cancelled() {
    World::new().live(async |life| {
        life.subscriber("pm_card_visa").await;
        life.add_card("pm_sandbox_processing", "slow").await.unwrap();
        life.world.pass(Duration::from_secs(864_000));
        let moment = life.world.bank.plan(Call::Charge, Mishap::Noticed);
        life.execute(send(plan("studio", Interval::Month), "up")).await.unwrap();
        moment.wait().await;
        life.execute(send(Command::Cancel(Cancel { reason: None }), "off")).await.unwrap();
        life.finish(false).await;
        let books = life.books().await;
        assert_eq!((books.kept, books.succeeded, books.returned), (2_900, 2, 1));
    });
}

/// The subscription is refunded while the bank is asked for an upgrade: whatever that took goes back,
/// also if nobody has heard of it yet.
#[test]
fn a_refund_of_the_subscription_while_an_upgrade_is_asked_for() {
    for mishap in [Mishap::DiesBefore, Mishap::DiesAfter] {
        let world = World::new();
        world.live(async |life| {
            life.subscriber("pm_card_visa").await;
            let moment = world.bank.plan(Call::Charge, mishap);
            life.execute(send(plan("studio", Interval::Month), "up")).await.unwrap();
            moment.wait().await;
            let refund = RefundSubscription { reason: None };
            life.execute(send(Command::RefundSubscription(refund), "leave")).await.unwrap();
        });
        let books = world.live(async |life| {
            life.finish(false).await;
            life.hear_old_news().await;
            life.books().await
        });
        assert_eq!((books.kept, books.credit_notes, books.returned), (0, 1, 1), "{mishap:?}");
    }
}

async fn a_year(life: &Life<'_>) -> Result<ClockRun, Failure> {
    let clock = AdvanceClock { to: ClockTarget::By("P1Y".to_owned()) };
    life.engine.advance_clock(send(Command::Advance, "year"), clock).await
}

/// A year in one request, with a crash at any of its renewals, is sent again with its key: the answer is
/// that of a year without a crash.
#[test]
fn a_year_that_is_interrupted_and_sent_again() {
    let kinds = |run: &ClockRun| -> Vec<(String, String)> {
        let events = run.events.iter().map(|event| &event.recorded);
        events.map(|it| (it.at.to_string(), bursar_core::describe::summary(&it.event))).collect()
    };
    let whole = World::new().live(async |life| {
        life.subscriber("pm_card_visa").await;
        kinds(&a_year(life).await.unwrap())
    });
    assert!(whole.len() > 12 * 5);
    for (renewal, mishap) in
        [(1, Mishap::DiesBefore), (5, Mishap::DiesAfter), (12, Mishap::DiesBefore)]
    {
        let world = World::new();
        world.live(async |life| {
            life.subscriber("pm_card_visa").await;
            let interrupted = async {
                for _ in 1..renewal {
                    world.bank.plan(Call::Charge, Mishap::Noticed).wait().await;
                }
                world.bank.plan(Call::Charge, mishap).wait().await;
            };
            tokio::select! {
                () = interrupted => {}
                run = a_year(life) => panic!("not interrupted: {run:?}"),
            }
        });
        let (events, books) = world.live(async |life| {
            let run = a_year(life).await.unwrap();
            life.finish(false).await;
            assert_eq!(
                kinds(&run),
                kinds(&a_year(life).await.unwrap()),
                "another answer to the same key"
            );
            (kinds(&run), life.books().await)
        });
        assert_eq!(events, whole, "crash at renewal {renewal}");
        assert_eq!(books.kept, 13 * 2_900);
    }
}

/// The commit with the answer fails while the webhook with the same news arrives.
#[test]
fn a_webhook_between_a_reply_and_its_commit() {
    World::new().live(async |life| {
        life.customer("pm_card_visa").await;
        let moment = life.world.fail(Which::Answer, refused(), false);
        life.execute(send(plan("starter", Interval::Month), "start")).await.unwrap();
        moment.wait().await;
        life.webhooks().await;
        life.finish(false).await;
        life.hear_old_news().await;
        assert_eq!(life.books().await.kept, 2_900);
    });
}
