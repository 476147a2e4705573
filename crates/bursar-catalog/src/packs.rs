//! `[[packs]]`: credits for sale, smallest first.

use bursar_core::catalog::Pack;
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::money::Currency;

use crate::reader::{Table, Value};
use crate::references::distinct;

#[derive(Default)]
struct Seen<'a> {
    keys: Vec<(Key, Value<'a>)>,
    sizes: Vec<(Credits, Value<'a>)>,
}

/// The packs; none is fine.
pub(crate) fn read(root: &Table<'_>, currency: Option<Currency>) -> Option<Vec<Pack>> {
    let mut seen = Seen::default();
    let packs: Vec<Option<Pack>> =
        root.tables("packs").iter().map(|entry| pack(entry, currency, &mut seen)).collect();
    distinct(seen.keys, "key");
    check_order(&seen.sizes);
    packs.into_iter().collect()
}

fn pack<'a>(entry: &Value<'a>, currency: Option<Currency>, seen: &mut Seen<'a>) -> Option<Pack> {
    let table = entry.table()?;
    let key = table.required("key", "\"small\"", Value::key);
    seen.keys.extend(key.clone().zip(table.field("key")));
    let name = table.required("name", "\"Small\"", Value::text);
    let credits = table.required("credits", "100", Value::some_credits);
    seen.sizes.extend(credits.zip(table.field("credits")));
    let price = table.required("price", "\"10.00\"", |value| value.some_money(currency));
    table.close();
    Some(Pack { key: key?, name: name?, credits: credits?, price: price? })
}

fn check_order(sizes: &[(Credits, Value<'_>)]) {
    for ((before, first), (credits, value)) in sizes.iter().zip(sizes.iter().skip(1)) {
        if credits <= before {
            let (given, first) = (value.quoted(), &first.place().path);
            let message =
                format!("{given} is not more than {first}, but packs are listed smallest first");
            value.wrong(message, format!("more than {before}, or another order of the packs"));
        }
    }
}
