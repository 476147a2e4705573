//! Each purchase with each result of it, interrupted at each step, with each way in which webhooks may
//! arrive: what comes of it is what comes of it without any interruption.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use bursar_engine::Committed;
use bursar_payments::sandbox::Webhooks;
use bursar_store::memory::CommitFault;
use parking_lot::Mutex;

use crate::bank::{Call, Mishap, Moment};
use crate::books::Books;
use crate::purchases::{Outcome, PURCHASES, Purchase};
use crate::world::{Life, Which, World, refused};

/// What goes wrong in one life of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// With the call.
    Call(Mishap),
    /// Nothing is kept.
    Refused(Which),
    /// All is kept, and nobody is told.
    Unknown(Which),
}

use Trouble::{Call as TheCall, Refused, Unknown};

/// Where a purchase is interrupted.
struct Step {
    name: &'static str,
    /// What goes wrong, and whether the process dies of it; one after the other.
    troubles: &'static [(Trouble, bool)],
    /// Do webhooks come in between, before what the trouble holds up?
    webhooks_first: bool,
}

impl Step {
    /// Is it one of those in which it matters most how webhooks arrive?
    fn depends_on_webhooks(&self) -> bool {
        let matters = |(trouble, dies): &(Trouble, bool)| match trouble {
            TheCall(Mishap::ReplyLost | Mishap::ReplyDelayed | Mishap::DiesAfter) => true,
            Refused(Which::Answer) => *dies,
            _ => false,
        };
        self.troubles.is_empty() || self.troubles.iter().any(matters)
    }
}

const fn step(name: &'static str, troubles: &'static [(Trouble, bool)]) -> Step {
    Step { name, troubles, webhooks_first: false }
}

const fn after_webhooks(name: &'static str, troubles: &'static [(Trouble, bool)]) -> Step {
    Step { name, troubles, webhooks_first: true }
}

const GOES_ON: bool = false;
const DIES: bool = true;

#[rustfmt::skip]
const STEPS: &[Step] = &[
    step("nothing", &[]),
    step("the order is refused", &[(Refused(Which::Order), GOES_ON)]),
    step("the order is refused, crash", &[(Refused(Which::Order), DIES)]),
    step("the order is kept untold", &[(Unknown(Which::Order), GOES_ON)]),
    step("the order is kept untold, crash", &[(Unknown(Which::Order), DIES)]),
    step("the provider is unavailable", &[(TheCall(Mishap::Unavailable), GOES_ON)]),
    step("the request is lost", &[(TheCall(Mishap::RequestLost), GOES_ON)]),
    step("the reply is lost", &[(TheCall(Mishap::ReplyLost), GOES_ON)]),
    step("crash before the call", &[(TheCall(Mishap::DiesBefore), DIES)]),
    step("crash during the call", &[(TheCall(Mishap::DiesAfter), DIES)]),
    after_webhooks("webhooks overtake the reply", &[(TheCall(Mishap::ReplyDelayed), GOES_ON)]),
    after_webhooks("webhooks, then a crash, and no reply", &[(TheCall(Mishap::DiesAfter), DIES)]),
    step("the answer is refused", &[(Refused(Which::Answer), GOES_ON)]),
    step("the answer is refused, crash", &[(Refused(Which::Answer), DIES)]),
    step("the answer is kept untold", &[(Unknown(Which::Answer), GOES_ON)]),
    step("the answer is kept untold, crash", &[(Unknown(Which::Answer), DIES)]),
    step("one crash after the other", &[
        (TheCall(Mishap::DiesBefore), DIES),
        (TheCall(Mishap::DiesBefore), DIES),
        (TheCall(Mishap::DiesAfter), DIES),
        (Refused(Which::Answer), DIES),
    ]),
];

/// How else than on time webhooks may arrive.
const OTHERWISE: [Webhooks; 4] =
    [Webhooks::Late, Webhooks::Lost, Webhooks::Twice, Webhooks::Reordered];

#[derive(Clone, Copy)]
struct Case {
    purchase: Purchase,
    outcome: Outcome,
    step: &'static Step,
    webhooks: Webhooks,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for purchase in PURCHASES {
            for &outcome in purchase.outcomes() {
                for step in STEPS {
                    let of = |webhooks| Self { purchase, outcome, step, webhooks };
                    cases.push(of(Webhooks::OnTime));
                    if step.depends_on_webhooks() && !outcome.is_decline() {
                        cases.extend(OTHERWISE.map(of));
                    }
                }
            }
        }
        cases
    }

    fn name(&self) -> String {
        let Self { purchase, outcome, step, webhooks } = self;
        format!("{purchase:?}, {outcome:?}; {}; webhooks {webhooks:?}", step.name)
    }

    /// What comes of it.
    fn play(&self) -> Books {
        let world = World::new();
        let mut troubles = self.step.troubles.iter().copied().peekable();
        let mut reply = None;
        let mut begun = false;
        loop {
            let trouble = troubles.next();
            let books = world.live(async |life| {
                if !begun {
                    self.purchase.prepare(life, self.outcome).await;
                    world.bank.sandbox.controls().webhooks(self.webhooks).unwrap();
                }
                begun = true;
                let moment = trouble.map(|(trouble, dies)| self.arm(&world, trouble, dies));
                self.ask(life, &mut reply).await;
                if let (Some(moment), Some((trouble, dies))) = (moment, trouble) {
                    self.reach(life, &moment, trouble).await;
                    if dies {
                        return None;
                    }
                }
                Some(self.end(life, reply.as_ref()).await)
            });
            if let Some(books) = books {
                return books;
            }
        }
    }

    fn arm(&self, world: &World, trouble: Trouble, dies: bool) -> Moment {
        match trouble {
            TheCall(mishap) => world.bank.plan(self.call(), mishap),
            Refused(which) => world.fail(which, refused(), dies),
            Unknown(which) => world.fail(which, CommitFault::Unknown, dies),
        }
    }

    fn call(&self) -> Call {
        // A payment that waits for an absent customer is replaced by one for a present one.
        match (self.purchase, self.outcome) {
            (Purchase::PayInvoice, Outcome::Authenticated) => Call::Cancel,
            (purchase, _) => purchase.call(),
        }
    }

    /// The customer asks, and asks again under the same key in the next life, whether or not there was
    /// an answer. All answers are the same.
    async fn ask(&self, life: &Life<'_>, reply: &mut Option<Committed>) {
        if let Some(Ok(answer)) = self.purchase.ask(life, self.outcome).await {
            let first = reply.get_or_insert_with(|| answer.clone());
            assert_eq!(answer.entry, first.entry, "another answer to the same key");
        }
    }

    async fn reach(&self, life: &Life<'_>, moment: &Moment, trouble: Trouble) {
        tokio::select! {
            () = moment.wait() => {}
            () = life.despair(matches!(trouble, Refused(_) | Unknown(_))) => {
                panic!("it never came to {trouble:?}")
            }
        }
        if self.step.webhooks_first {
            life.webhooks().await;
            life.world.bank.let_go();
        }
    }

    async fn end(&self, life: &Life<'_>, reply: Option<&Committed>) -> Books {
        let approves = self.outcome == Outcome::Authenticated;
        let answer = match self.purchase.ask(life, self.outcome).await {
            Some(_) => Some(
                life.insist(async || self.purchase.ask(life, self.outcome).await.unwrap()).await,
            ),
            None => None,
        };
        life.finish(approves).await;
        life.hear_old_news().await;
        if let Some(answer) = &answer {
            let again = self.purchase.ask(life, self.outcome).await.unwrap().unwrap();
            assert!(again.replayed);
            assert_eq!(again.entry, answer.entry);
            assert!(reply.is_none_or(|reply| reply.entry == again.entry));
        }
        life.books().await
    }
}

#[test]
fn whatever_is_interrupted_ends_as_if_it_had_not_been() {
    let cases = Case::all();
    let next = AtomicUsize::new(0);
    let results: Mutex<HashMap<usize, Result<Books, String>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else { return };
                    let played = catch_unwind(AssertUnwindSafe(|| case.play()));
                    let played = played.map_err(|panic| {
                        panic.downcast::<String>().map_or_else(|_| "a panic".to_owned(), |it| *it)
                    });
                    results.lock().insert(number, played);
                }
            });
        }
    });
    let results = results.into_inner();
    let mut report = String::new();
    let mut smooth: Option<&Books> = None;
    for (number, case) in cases.iter().enumerate() {
        let result = &results[&number];
        if case.step.troubles.is_empty() && case.webhooks == Webhooks::OnTime {
            smooth = result.as_ref().ok();
        }
        match result {
            Ok(books) if Some(books) == smooth => {}
            Ok(books) => {
                let _ = writeln!(report, "{}:\n  {books:?}\n  {smooth:?}", case.name());
            }
            Err(panic) => {
                let _ = writeln!(report, "{}:\n  {panic}", case.name());
            }
        }
    }
    let failed = report.lines().filter(|line| !line.starts_with(' ')).count();
    assert!(report.is_empty(), "{failed} of {}:\n{report}", cases.len());
}
