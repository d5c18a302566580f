//! The built binary with the real models and ONNX Runtime: options, files, exit codes, reports.

mod bench;
mod doctor;
mod dossier;
mod eval;
mod files;
#[cfg(target_os = "linux")]
mod full_disk;
mod linear;
mod names;
mod options;
mod report;
mod support;
mod wrong_files;
