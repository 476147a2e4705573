//! Catalog files from the outside: the shipped ones, and broken ones.

mod show;
