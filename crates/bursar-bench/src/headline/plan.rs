//! What is measured: who does it, and under which load.

use bursar_load::{Spread, Work};

use crate::numbers::Options;

/// Who does the charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// The real server, over HTTP.
    Bursar,
    /// A function in PostgreSQL, called once per charge.
    ByHand,
    /// A file that grows by the bytes that Bursar's journal does, and is synced.
    Log,
    /// A server of the same stack that reads requests of the same size, answers as many bytes and does nothing.
    Bare,
}

impl System {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bursar => "Bursar",
            Self::ByHand => "PostgreSQL by hand",
            Self::Log => "bare log",
            Self::Bare => "bare HTTP",
        }
    }
}

/// Under which load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Load {
    /// Requests over so many connections.
    Http { connections: usize, batch: Option<usize>, work: Work, spread: Spread, half: bool },
    /// Calls over so many connections of the database.
    Calls { clients: usize, half_hot: bool },
    /// Writes, each synced.
    Writes { batched: bool },
}

/// One measurement of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    /// Its name in the results.
    pub(crate) id: &'static str,
    /// The same for people.
    pub(crate) title: &'static str,
    pub(crate) system: System,
    pub(crate) load: Load,
}

/// How much to do.
pub(crate) struct Plan {
    pub(crate) accounts: usize,
    pub(crate) seconds: f64,
    pub(crate) warm_up: f64,
    pub(crate) rounds: usize,
    pub(crate) json: Option<String>,
    pub(crate) cells: Vec<Cell>,
}

impl Plan {
    /// From the command line.
    pub(crate) fn from_arguments(arguments: &[String]) -> Self {
        let names = ["--accounts", "--seconds", "--warm-up", "--rounds", "--json", "--only"];
        let options = Options::of(arguments, &names);
        let only = options.text("--only").unwrap_or_default();
        let cells = CELLS.iter().filter(|cell| cell.id.contains(only)).copied().collect();
        Self {
            accounts: options.number("--accounts", 10_000),
            seconds: options.number("--seconds", 2.5),
            warm_up: options.number("--warm-up", 0.7),
            rounds: options.number("--rounds", 5),
            json: options.text("--json").map(str::to_owned),
            cells,
        }
    }

    /// Every other round has them backwards, so that none always comes after the same one.
    pub(crate) fn cells_in_round(&self, round: usize) -> Vec<Cell> {
        let mut cells = self.cells.clone();
        if round % 2 == 1 {
            cells.reverse();
        }
        cells
    }
}

const SINGLES: Load = http(64, None, Work::Charge, Spread::Uniform);

const fn http(connections: usize, batch: Option<usize>, work: Work, spread: Spread) -> Load {
    Load::Http { connections, batch, work, spread, half: false }
}

const fn bursar(id: &'static str, title: &'static str, load: Load) -> Cell {
    Cell { id, title, system: System::Bursar, load }
}

const fn bare(id: &'static str, title: &'static str, load: Load) -> Cell {
    Cell { id, title, system: System::Bare, load }
}

const fn by_hand(id: &'static str, title: &'static str, clients: usize, half_hot: bool) -> Cell {
    Cell { id, title, system: System::ByHand, load: Load::Calls { clients, half_hot } }
}

/// All of them.
const CELLS: &[Cell] = &[
    bursar("bursar-64", "charges, 64 connections", SINGLES),
    bursar("bursar-1", "charges, one connection", http(1, None, Work::Charge, Spread::Uniform)),
    bursar(
        "bursar-half",
        "charges at half of that rate",
        Load::Http {
            connections: 64,
            batch: None,
            work: Work::Charge,
            spread: Spread::Uniform,
            half: true,
        },
    ),
    bursar(
        "bursar-hot-half",
        "half on one account",
        http(64, None, Work::Charge, Spread::Hot(0.5)),
    ),
    bursar("bursar-hot-all", "all on one account", http(64, None, Work::Charge, Spread::Hot(1.0))),
    bursar("bursar-batch-100", "batches of 100", http(8, Some(100), Work::Charge, Spread::Uniform)),
    bursar(
        "bursar-batch-1000",
        "batches of 1,000",
        http(4, Some(1_000), Work::Charge, Spread::Uniform),
    ),
    bursar(
        "bursar-pairs",
        "hold + capture, 64 conn.",
        http(64, None, Work::HoldCapture, Spread::Uniform),
    ),
    bursar(
        "bursar-pairs-batch",
        "hold + capture by 1,000",
        http(4, Some(1_000), Work::HoldCapture, Spread::Uniform),
    ),
    by_hand("by-hand-8", "8 clients", 8, false),
    by_hand("by-hand-32", "32 clients", 32, false),
    by_hand("by-hand-64", "64 clients", 64, false),
    by_hand("by-hand-hot-8", "8 clients, half hot", 8, true),
    by_hand("by-hand-hot-64", "64 clients, half hot", 64, true),
    Cell {
        id: "log-1",
        title: "each synced",
        system: System::Log,
        load: Load::Writes { batched: false },
    },
    Cell {
        id: "log-n",
        title: "as many a sync",
        system: System::Log,
        load: Load::Writes { batched: true },
    },
    bare("bare-64", "64 connections", SINGLES),
    bare("bare-1", "one connection", http(1, None, Work::Charge, Spread::Uniform)),
    bare("bare-batch-100", "bodies of 100", http(8, Some(100), Work::Charge, Spread::Uniform)),
    bare("bare-batch-1000", "bodies of 1,000", http(4, Some(1_000), Work::Charge, Spread::Uniform)),
];
