#![no_main]

mod hook;

use std::path::Path;

use unscratch::record::Record;

libfuzzer_sys::fuzz_target!(init: hook::forgive_caught_panics(), |data: &[u8]| {
    let Ok(record) = Record::parse(data, Path::new("a.restoration.json")) else {
        return;
    };
    let json = record.to_json().expect("a record that was read can be written");
    let again = Record::parse(&json, Path::new("again")).expect("what was written can be read");
    let (before, after) = (serde_json::to_value(&record), serde_json::to_value(&again));
    assert_eq!(before.expect("JSON"), after.expect("JSON"));
});
