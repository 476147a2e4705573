//! Writes a sample invoice: `cargo run -p bursar-documents --example sample_invoice -- invoice.pdf`.

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1);
    let path = path.unwrap_or_else(|| "invoice.pdf".into());
    let pdf = bursar_documents::render(&samples::invoice())?;
    Ok(std::fs::write(path, pdf)?)
}
