//! The `Network` trait, model manifests, execution providers and ONNX Runtime sessions.
