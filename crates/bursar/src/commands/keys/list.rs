//! `bursar keys list`: all keys, without secrets.

use anyhow::Result;
use bursar_core::time::Timestamp;
use bursar_store::ApiKeyRecord;
use clap::Args;
use serde_json::Value;

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::Registering;
use crate::problem::Answer;
use crate::{instant, output, table};

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &ListArgs) -> Result<Answer> {
    let registering = Registering::open(&args.data)?;
    let (keys, now) = (registering.keys()?, registering.now());
    if args.format.is_json() {
        let keys: Vec<Value> = keys.iter().map(|key| super::for_programs(key, now)).collect();
        output::json(&keys)?;
    } else if keys.is_empty() {
        output::text("No keys.\n")?;
    } else {
        let header = ["Id", "Name", "Scopes", "Created", "Works"];
        let rows = keys.iter().map(|key| row(key, now)).collect();
        output::text(&table::of(&header, &[], rows))?;
    }
    Ok(Answer::Yes)
}

fn row(key: &ApiKeyRecord, now: Timestamp) -> Vec<String> {
    let works = match key.expires_at {
        None => "yes".to_owned(),
        Some(at) if at > now => format!("until {}", instant::second(at)),
        Some(at) => format!("no, since {}", instant::second(at)),
    };
    vec![
        key.id.to_string(),
        key.name.clone(),
        key.scopes.join(" "),
        instant::second(key.created_at),
        works,
    ]
}
