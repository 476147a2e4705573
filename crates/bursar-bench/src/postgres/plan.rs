//! What is measured: systems, loads, and how often.

use std::fmt;

/// Who does the charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum System {
    /// A function in the database, called once per charge.
    ByHand,
    /// So many nodes of Bursar on one database.
    Nodes(usize),
}

/// Which accounts are charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Spread {
    /// Any, each as often.
    Uniform,
    /// Half of the charges are of one account, the others of any.
    Half,
    /// All are of one account.
    One,
}

/// One measurement of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) spread: Spread,
    pub(crate) clients: usize,
    /// How many charges a client sends together, before it waits for all of them.
    pub(crate) per_request: usize,
    pub(crate) system: System,
}

/// What an app with much load sends together, as `/v1/batch` takes it.
const TOGETHER: usize = 100;

/// How much to do.
pub(crate) struct Plan {
    pub(crate) accounts: usize,
    pub(crate) seconds: f64,
    pub(crate) rounds: usize,
    /// Is the journal replayed at the end?
    pub(crate) replay: bool,
    cells: Vec<Cell>,
}

/// Credits in the first lot of each account, which expires, and in the second, which does not.
pub(crate) const LOTS: [i64; 2] = [10_000_000, 1_000_000_000];

impl fmt::Display for System {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHand => formatter.write_str("by hand"),
            Self::Nodes(1) => formatter.write_str("Bursar, 1 node"),
            Self::Nodes(count) => write!(formatter, "Bursar, {count} nodes"),
        }
    }
}

impl Cell {
    /// Who, and how many charges a request, if they are several.
    pub(crate) fn name(&self) -> String {
        match self.per_request {
            1 => self.system.to_string(),
            several => format!("{}, {several} a request", self.system),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Uniform => "uniform",
            Self::Half => "half on one account",
            Self::One => "all on one account",
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accounts, seconds, rounds, .. } = self;
        write!(formatter, "{accounts} accounts, {rounds} rounds, {seconds} s a measurement")
    }
}

impl Plan {
    /// For measurements that are listed elsewhere.
    pub(crate) fn of(accounts: usize, seconds: f64) -> Self {
        Self { accounts, seconds, rounds: 1, replay: false, cells: Vec::new() }
    }

    /// From the command line.
    pub(crate) fn from_arguments(arguments: &[String]) -> Self {
        let mut plan =
            Self { accounts: 10_000, seconds: 2.5, rounds: 5, replay: false, cells: Vec::new() };
        let (mut few, mut many, mut only) = (32, 256, None);
        let mut given = arguments.iter().cloned();
        while let Some(name) = given.next() {
            let value = given.next().unwrap_or_else(|| panic!("{name} takes a value"));
            let number = || value.parse().unwrap_or_else(|_| panic!("{name} takes a number"));
            match name.as_str() {
                "--accounts" => plan.accounts = number(),
                "--rounds" => plan.rounds = number(),
                "--seconds" => plan.seconds = value.parse().expect("--seconds takes a number"),
                "--clients" => few = number(),
                "--many" => many = number(),
                "--only" => only = Some(value),
                "--replay" => plan.replay = value == "true",
                _ => panic!(
                    "{name}: only --accounts, --rounds, --seconds, --clients, --many, --only and --replay"
                ),
            }
        }
        plan.cells = cells(few, many);
        if let Some(only) = only {
            plan.cells.retain(|cell| {
                format!("{}, {} clients, {}", cell.spread, cell.clients, cell.name())
                    .contains(&only)
            });
        }
        plan
    }

    /// The measurements of a round. Every other round has them backwards, so that none always comes
    /// after the same one.
    pub(crate) fn cells_in_round(&self, round: usize) -> Vec<Cell> {
        let mut cells = self.cells.clone();
        if round % 2 == 1 {
            cells.reverse();
        }
        cells
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

/// Few clients for all; for us many, too, since ours are no connections of the database.
fn cells(few: usize, many: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for spread in [Spread::Uniform, Spread::Half, Spread::One] {
        let cell = |clients, system| Cell { spread, clients, per_request: 1, system };
        cells.push(cell(few, System::ByHand));
        cells.push(cell(few, System::Nodes(1)));
        cells.push(Cell { per_request: TOGETHER, ..cell(few, System::Nodes(1)) });
        if spread != Spread::One {
            cells.push(cell(many, System::ByHand));
        }
        for count in [1, 2, 4] {
            cells.push(cell(many, System::Nodes(count)));
        }
    }
    cells
}
