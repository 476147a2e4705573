//! The real binary, driven as its users drive it.

mod balance;
mod catalog;
mod crash;
mod data_directory;
mod full_disk;
mod keys;
mod ledger;
mod load;
mod maintenance;
mod quote;
mod readme;
mod serve;
mod server;
mod shutdown;
mod verify;
