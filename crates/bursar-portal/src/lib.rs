//! What people see.

pub mod playground;
