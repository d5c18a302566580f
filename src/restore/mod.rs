//! Detection (stage 1), filling (stage 2) and the composite.
