//! The real models on the library that `make setup` fetched.

use std::path::Path;

use unscratch::inference::{Engine, EngineOptions, ProviderChoice};

/// Options that find the library in the project's `runtime/`: test binaries may be built outside the project.
pub fn engine_options() -> EngineOptions {
    let named = std::env::var_os("ORT_DYLIB_PATH").filter(|value| !value.is_empty());
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime");
    EngineOptions {
        provider: ProviderChoice::Cpu,
        threads: Some(2),
        runtime: (named.is_none() && fetched.is_dir()).then_some(fetched),
        ..EngineOptions::default()
    }
}

/// The real models on the CPU; a missing library fails the test with the command that mends it.
pub fn real_engine() -> Engine {
    Engine::load(&engine_options())
        .unwrap_or_else(|error| panic!("the real models cannot be run: {error}"))
}
