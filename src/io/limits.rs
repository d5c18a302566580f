//! How much memory decoding may take. Knows no file format.

use crate::geometry::ImageSize;

/// Limits for decoding; what a header asks for is compared with them before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Most memory the decoded picture and the decoder's own buffers may take, bytes.
    pub memory_bytes: u64,
}

/// What decoding may take where the machine's memory is unknown, bytes: a 16-bit RGB picture of 700 megapixels.
const UNKNOWN_MACHINE_BYTES: u64 = 4 << 30;

impl DecodeLimits {
    /// A limit of `memory_bytes`.
    pub const fn new(memory_bytes: u64) -> Self {
        Self { memory_bytes }
    }

    /// Whether `needed_bytes` are within the limit.
    pub(super) const fn allow(self, needed_bytes: u64) -> bool {
        needed_bytes <= self.memory_bytes
    }
}

impl Default for DecodeLimits {
    /// Three quarters of the machine's memory; 4 GiB where that is not known.
    fn default() -> Self {
        let memory_bytes =
            total_memory_bytes().map_or(UNKNOWN_MACHINE_BYTES, |bytes| bytes / 4 * 3);
        Self { memory_bytes }
    }
}

/// The machine's memory, bytes; `None` where the system has no `/proc/meminfo`.
fn total_memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Bytes of `size` px with `samples` of `sample_bytes` each, without overflow.
pub(super) fn raster_bytes(size: ImageSize, samples: u64, sample_bytes: u64) -> u64 {
    u64::from(size.width)
        .saturating_mul(u64::from(size.height))
        .saturating_mul(samples * sample_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_four_hundred_megapixel_scan_is_within_the_default_of_a_common_machine() {
        let bytes = raster_bytes(ImageSize::new(20_000, 20_000), 3, 2);
        assert_eq!(bytes, 2_400_000_000);
        assert!(DecodeLimits::new(UNKNOWN_MACHINE_BYTES).allow(bytes));
        assert_eq!(
            raster_bytes(ImageSize::new(u32::MAX, u32::MAX), 4, 2),
            u64::MAX
        );
    }
}
