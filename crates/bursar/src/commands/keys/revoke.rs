//! `bursar keys revoke ID`: an end to a key.

use anyhow::Result;
use bursar_core::id::Key;
use bursar_store::ApiKeyRecord;
use clap::Args;

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::Registering;
use crate::problem::Answer;
use crate::{instant, output};

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar keys revoke key_0192…

A running server notices within two seconds. What the key did stays in the journal under its id.";

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The key's id, as `bursar keys list` shows it
    id: Key,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &RevokeArgs) -> Result<Answer> {
    let registering = Registering::open(&args.data)?;
    let now = registering.now();
    let old = registering.key(&args.id)?;
    // One that has ended keeps its end: it says until when it was used.
    let key = if super::works(&old, now) {
        let revoked = ApiKeyRecord { expires_at: Some(now), ..old };
        registering.put_key(&revoked)?;
        revoked
    } else {
        old
    };
    if args.format.is_json() {
        output::json(&super::for_programs(&key, now))?;
    } else {
        let at = key.expires_at.map_or_else(String::new, instant::second);
        output::text(&format!("{}, {:?}: no longer works since {at}.\n", key.id, key.name))?;
    }
    Ok(Answer::Yes)
}
