//! The project's own rules about where code may lie, checked like any other test.

mod direction;
mod sources;
mod table;

use crate::process;
use anyhow::{Result, bail};

/// Checks dependency direction and source files; lists every violation before failing.
pub(crate) fn run() -> Result<()> {
    let mut violations = direction::violations(&direction::workspace()?);
    violations.extend(sources::violations(&process::root())?);
    for violation in &violations {
        eprintln!("  {violation}");
    }
    match violations.len() {
        0 => Ok(()),
        1 => bail!("1 violation"),
        many => bail!("{many} violations"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_keeps_its_structure() {
        super::run().unwrap();
    }
}
