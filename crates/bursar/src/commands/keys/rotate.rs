//! `bursar keys rotate ID`: a new secret, without a moment in which none works.

use std::time::Duration;

use anyhow::Result;
use bursar_core::id::Key;
use bursar_engine::access::Scope;
use bursar_store::ApiKeyRecord;
use clap::Args;

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::{Registering, keys};
use crate::problem::{Answer, Problem};
use crate::{instant, output, span};

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar keys rotate key_0192… --overlap 24h

The successor has the same name and scopes, and the same end if there is one. Until the overlap is \
over both work; deploy the new secret meanwhile.";

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The key's id, as `bursar keys list` shows it
    id: Key,
    /// How long the old secret goes on working
    #[arg(long, value_name = "TIME", value_parser = span::parse, default_value = "24h")]
    overlap: Duration,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &RotateArgs) -> Result<Answer> {
    let registering = Registering::open(&args.data)?;
    let now = registering.now();
    let old = registering.key(&args.id)?;
    if !super::works(&old, now) {
        return Err(Problem::error(
            format!("{} no longer works, so there is nothing to overlap with", old.id),
            "Make a new one: bursar keys create",
        ));
    }
    let scopes: Vec<Scope> = old.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
    let mut made = keys::make(registering.mode()?, &old.name, &scopes, now)?;
    made.record.expires_at = old.expires_at;
    // The new one first: whatever happens in between, one of them works.
    registering.put_key(&made.record)?;
    let end = now.after(args.overlap);
    let end = old.expires_at.map_or(end, |at| at.min(end));
    registering.put_key(&ApiKeyRecord { expires_at: Some(end), ..old.clone() })?;
    if !args.format.is_json() {
        output::note(&format!("{} works until {}. Its successor:", old.id, instant::second(end)));
    }
    super::show_once(&made.record, &made.secret, now, args.format.is_json())?;
    Ok(Answer::Yes)
}
