//! YAML: bounded in depth and size; JSON reads the same as YAML.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(value) = sbg_yaml::parse(text) else { return };
    assert!(count(&value) < 400_000, "an alias counts as all that it stands for");
    // What it read can be written as JSON, which is YAML too.
    let json = value.to_string();
    if let Ok(again) = sbg_yaml::parse(&json) {
        assert_eq!(count(&again), count(&value), "{json}");
    }
});

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}
