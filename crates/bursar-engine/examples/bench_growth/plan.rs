//! What is measured, and how much of it.

use std::fmt;
use std::path::PathBuf;

use tempfile::TempDir;

/// A question of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Accounts,
    History,
    Lots,
    Bytes,
    Memory,
    Cold,
    Wave,
    Sustained,
}

impl Section {
    pub(crate) const ALL: [Self; 8] = [
        Self::Accounts,
        Self::History,
        Self::Lots,
        Self::Bytes,
        Self::Memory,
        Self::Cold,
        Self::Wave,
        Self::Sustained,
    ];
}

/// How much to do.
pub(crate) struct Plan {
    only: Option<String>,
    /// No more accounts than so many, and no more events on one.
    pub(crate) most: usize,
    pub(crate) rounds: usize,
    /// In each measurement.
    pub(crate) charges: usize,
    /// How long the sustained load lasts.
    pub(crate) minutes: f64,
    /// Charges a second of the sustained load.
    pub(crate) rate: usize,
    directory: Option<PathBuf>,
    /// What this process does for another one, and with which directory.
    pub(crate) child: Option<String>,
    pub(crate) of_child: PathBuf,
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { most, rounds, charges, .. } = self;
        write!(formatter, "up to {most} accounts, {rounds} rounds, {charges} charges a measurement")
    }
}

impl Plan {
    /// From the command line.
    pub(crate) fn from_arguments() -> Self {
        let mut plan = Self {
            only: None,
            most: 1_000_000,
            rounds: 5,
            charges: 100_000,
            minutes: 0.5,
            rate: 120_000,
            directory: None,
            child: None,
            of_child: PathBuf::new(),
        };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let value = given.next().unwrap_or_else(|| panic!("{name} takes a value"));
            let number = || value.parse().unwrap_or_else(|_| panic!("{name} takes a number"));
            match name.as_str() {
                "--only" => plan.only = Some(value),
                "--most" => plan.most = number(),
                "--rounds" => plan.rounds = number(),
                "--charges" => plan.charges = number(),
                "--rate" => plan.rate = number(),
                "--minutes" => plan.minutes = value.parse().expect("--minutes takes a number"),
                "--directory" => plan.directory = Some(value.into()),
                "--child" => plan.child = Some(value),
                "--of-child" => plan.of_child = value.into(),
                _ => panic!(
                    "{name}: only --only, --most, --rounds, --charges, --rate, --minutes and --directory"
                ),
            }
        }
        plan
    }

    pub(crate) fn has(&self, section: Section) -> bool {
        let name = format!("{section:?}").to_lowercase();
        self.only.as_ref().is_none_or(|only| only.split(',').any(|only| only == name))
    }

    /// A place for data, gone when it is dropped.
    pub(crate) fn place(&self) -> TempDir {
        let place = tempfile::Builder::new().prefix("bench_growth").to_owned();
        match &self.directory {
            Some(directory) => place.tempdir_in(directory).unwrap(),
            None => place.tempdir().unwrap(),
        }
    }

    /// Powers of ten up to the most.
    pub(crate) fn sizes(&self, from: usize, to: usize) -> Vec<usize> {
        let powers = std::iter::successors(Some(from), |size| Some(size * 10));
        powers.take_while(|size| *size <= to.min(self.most.max(from))).collect()
    }
}
