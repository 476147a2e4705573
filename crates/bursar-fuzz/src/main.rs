//! A fuzzer of the target that `BURSAR_FUZZ_TARGET` names, with libFuzzer's own arguments. Started by
//! `cargo xtask fuzz`. Built without the feature `libfuzzer` it only says so.
#![cfg_attr(feature = "libfuzzer", no_main)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "started from a terminal")]

#[cfg(feature = "libfuzzer")]
mod fuzzer {
    use std::sync::OnceLock;

    use bursar_fuzz::{TARGETS, Target, target};

    static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

    libfuzzer_sys::fuzz_target!(
        init: {
            let name = std::env::var("BURSAR_FUZZ_TARGET").unwrap_or_default();
            let Some(chosen) = target(&name) else {
                let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
                eprintln!("BURSAR_FUZZ_TARGET is one of {}", names.join(", "));
                std::process::exit(2);
            };
            CHOSEN.get_or_init(|| chosen);
        },
        |data: &[u8]| {
            if let Some(chosen) = CHOSEN.get() {
                (chosen.run)(data);
            }
        }
    );
}

#[cfg(not(feature = "libfuzzer"))]
fn main() {
    println!("This is the fuzzer, built without libFuzzer. Start it with `cargo xtask fuzz`.");
}
