//! Writes a sample as PDF, the invoice unless another one is named:
//! `cargo run -p bursar-documents --example sample_invoice -- invoice.pdf credit_note`.

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "invoice.pdf".to_owned());
    let name = arguments.next().unwrap_or_else(|| "invoice".to_owned());
    let samples = samples::all();
    let named = samples.iter().find(|(sample, _)| *sample == name);
    let Some((_, document)) = named else {
        let names: Vec<_> = samples.iter().map(|(name, _)| *name).collect();
        return Err(format!("no sample {name}; there are {}", names.join(", ")).into());
    };
    Ok(std::fs::write(path, bursar_documents::render(document)?)?)
}
