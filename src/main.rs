//! The `unscratch` binary.

fn main() {}
