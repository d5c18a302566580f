//! What the command line says of memory: windows that are smaller for it, and a limit that was passed.

use crate::inference::EngineOptions;
use crate::restore::has_smaller_windows;

/// That windows are smaller from the start, because the networks may take so little.
pub(super) fn smaller_windows(options: &EngineOptions) -> Option<String> {
    has_smaller_windows(options.run_bytes()).then(|| {
        format!(
            "Smaller windows, because of the memory limit of {} MiB",
            options.working_bytes() >> 20
        )
    })
}

/// That the process held more than `limit` beside the decoded photo, all in bytes: the limit bounds the largest parts only.
pub(super) fn passed_limit(peak: u64, photo: u64, limit: u64) -> Option<String> {
    let beside = peak.saturating_sub(photo);
    (beside > limit).then(|| {
        let [beside, limit] = [beside, limit].map(|bytes| bytes.div_ceil(1 << 20));
        format!(
            "{beside} MiB of memory were needed beside the decoded photo; the limit of {limit} MiB bounds the networks and what they keep, not all of it"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoded_photo_does_not_count_to_what_passed_the_limit() {
        const MIB: u64 = 1 << 20;
        assert_eq!(passed_limit(900 * MIB, 600 * MIB, 300 * MIB), None);
        let said = passed_limit(901 * MIB, 600 * MIB, 300 * MIB).unwrap();
        assert!(
            said.contains("301 MiB") && said.contains("300 MiB"),
            "{said}"
        );
    }

    #[test]
    fn only_a_limit_that_makes_windows_smaller_is_said_to() {
        let said = |memory_limit_bytes| {
            smaller_windows(&EngineOptions {
                memory_limit_bytes,
                ..EngineOptions::default()
            })
        };
        assert_eq!(said(None), None);
        assert_eq!(said(Some(2 << 30)), None);
        let small = said(Some(512 << 20)).unwrap();
        assert!(small.contains("512 MiB"), "{small}");
    }
}
