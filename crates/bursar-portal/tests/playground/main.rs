//! The playground over a real API, a real engine and the sandbox, as a browser uses it.

mod guard;
mod jobs;
mod live;
mod page;
mod studio;
