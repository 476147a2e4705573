//! Panics of a run, which are findings wherever they are caught: by a runtime, a writer, or the run itself.
//!
//! They are shown like any other, so that nobody has to guess what happened. Only whoever tries a failure many
//! times over, to make it short, asks for silence. A panic that belongs to no run is none of our business, and
//! goes to whoever listened before.

use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Once};

use parking_lot::Mutex;

thread_local! {
    /// The run that this thread works for.
    static RUN: RefCell<Option<Arc<Panics>>> = const { RefCell::new(None) };
}

/// What has panicked in a run.
#[derive(Debug, Default)]
pub(crate) struct Panics {
    is_quiet: bool,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// The step that the run is at.
    step: Option<u32>,
    first: Option<Panic>,
}

/// What panicked, and at which step; `None` before the first one and at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) step: Option<u32>,
    /// Where, and why, in one line.
    pub(crate) what: String,
}

impl Panics {
    /// Of a run that begins. A quiet one doesn't show them.
    pub(crate) fn new(is_quiet: bool) -> Arc<Self> {
        static LISTENS: Once = Once::new();
        LISTENS.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if hear(info) {
                    before(info);
                }
            }));
        });
        Arc::new(Self { is_quiet, told: Mutex::default() })
    }

    /// What panics on this thread from now on is the run's.
    pub(crate) fn listen(self: &Arc<Self>) {
        RUN.set(Some(Arc::clone(self)));
    }

    /// The run is at that step now.
    pub(crate) fn at(&self, step: Option<u32>) {
        self.told.lock().step = step;
    }

    /// The first panic; and what panics on this thread from now on is the run's no more.
    pub(crate) fn end(&self) -> Option<Panic> {
        RUN.set(None);
        self.told.lock().first.take()
    }
}

/// Notes a panic of a run. Is it to be shown?
fn hear(info: &PanicHookInfo<'_>) -> bool {
    // A thread that ends has no run any more.
    let run = RUN.try_with(|run| run.borrow().clone()).ok().flatten();
    let Some(run) = run else { return true };
    let mut told = run.told.lock();
    let step = told.step;
    let what = || info.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    told.first.get_or_insert_with(|| Panic { step, what: what() });
    !run.is_quiet
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn the_first_is_told_with_its_step_from_whatever_thread() {
        let panics = Panics::new(true);
        panics.listen();
        panics.at(Some(7));
        let others = Arc::clone(&panics);
        let other = std::thread::spawn(move || {
            others.listen();
            panic!("too much\nof {}", "it");
        });
        assert!(other.join().is_err());
        panics.at(Some(8));
        assert!(catch_unwind(|| panic!("again")).is_err());
        let told = panics.end().unwrap();
        assert_eq!(told.step, Some(7));
        assert!(told.what.starts_with("panicked at "), "{told:?}");
        assert!(told.what.ends_with(": too much of it"), "{told:?}");
    }

    #[test]
    fn what_panics_besides_is_of_no_run() {
        let panics = Panics::new(true);
        panics.listen();
        assert_eq!(panics.end(), None);
        assert!(catch_unwind(|| panic!("this is shown, and nobody's finding")).is_err());
        assert_eq!(panics.end(), None);
    }
}
