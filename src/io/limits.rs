//! How much memory decoding may take.

/// Limits for decoding; what a header asks for is compared with them before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Most memory the decoded picture and the decoder's own buffers may take, bytes.
    pub memory_bytes: u64,
}

impl DecodeLimits {
    /// A limit of `memory_bytes`.
    pub const fn new(memory_bytes: u64) -> Self {
        Self { memory_bytes }
    }
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self::new(4 << 30)
    }
}
