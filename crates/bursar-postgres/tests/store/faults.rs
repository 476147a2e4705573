//! Connections that are cut, servers that crash.
