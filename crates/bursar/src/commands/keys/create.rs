//! `bursar keys create`: a new key.

use std::time::Duration;

use anyhow::Result;
use bursar_engine::access::Scope;
use clap::Args;

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::mode::ModeName;
use crate::data::{Registering, keys};
use crate::problem::Answer;
use crate::span;

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar keys create --name app --scope read --scope spend
  bursar keys create --name audit --scope read --expires-in 30d
  bursar keys create --name admin --scope admin --mode live --data /var/lib/bursar

Scopes:
  read           read accounts, balances, statements; ask for quotes
  accounts       create accounts
  spend          hold, capture, release, charge and refund credits
  adjust         give and take credits as support
  subscriptions  subscribe, change and cancel plans
  test_clock     move test clocks
  admin          everything

The secret goes to stdout, everything else to stderr: KEY=$(bursar keys create …) works.";

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What the key is for, for people
    #[arg(long)]
    name: String,
    /// What it may do; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<Scope>,
    /// How long it works; for ever, if left out
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    expires_in: Option<Duration>,
    /// Test or live, for a data directory that is to be made
    #[arg(long, value_enum, env = "BURSAR_MODE")]
    mode: Option<ModeName>,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &CreateArgs) -> Result<Answer> {
    let registering = Registering::open_or_make(&args.data, args.mode)?;
    let (mode, now) = (registering.mode()?, registering.now());
    let mut made = keys::make(mode, &args.name, &args.scopes, now)?;
    made.record.expires_at = args.expires_in.map(|length| now.after(length));
    registering.put_key(&made.record)?;
    super::show_once(&made.record, &made.secret, now, args.format.is_json())?;
    Ok(Answer::Yes)
}
