#![no_main]

mod hook;

libfuzzer_sys::fuzz_target!(init: hook::forgive_caught_panics(), |data: &[u8]| unscratch::inference::fuzz::manifest(data));
