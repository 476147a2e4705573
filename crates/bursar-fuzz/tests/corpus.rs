//! What the fuzzer has found, and what reaches far, as tests: a file of `corpus/TARGET` each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use bursar_fuzz::TARGETS;
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 3, "{folder:?} has next to nothing");
        for file in files {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let trial = Trial::test(format!("{}::{name}", target.name), move || {
                (target.run)(&fs::read(&file).unwrap());
                Ok(())
            });
            trials.push(trial);
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
