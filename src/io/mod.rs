//! Decoding, encoding, metadata and safe writing: the only module that touches image files.
