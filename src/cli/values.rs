//! Values of options, read from what was typed, with sentences for wrong ones.

use std::num::{NonZeroU8, NonZeroU32, NonZeroUsize};

use crate::inference::MIN_WORKING_BYTES;

/// How many threads.
pub(super) fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    let wanted = "a whole number from 1 on is needed; without the option all cores are used";
    text.parse().map_err(|_no_count| wanted.to_owned())
}

/// Which page.
pub(super) fn parse_page(text: &str) -> Result<NonZeroU32, String> {
    let wanted = "a whole number is needed; pages are counted from 1";
    text.parse().map_err(|_no_count| wanted.to_owned())
}

/// How often something is measured.
pub(super) fn parse_repeats(text: &str) -> Result<NonZeroU8, String> {
    let wanted = "a whole number from 1 to 255 is needed";
    text.parse().map_err(|_no_count| wanted.to_owned())
}

/// A probability from 0 to 1.
pub(super) fn parse_threshold(text: &str) -> Result<f32, String> {
    let value: f32 = text
        .parse()
        .map_err(|_not_a_number| "a number from 0 to 1 is needed, such as 0.4".to_owned())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("a number from 0 to 1 is needed, such as 0.4".to_owned())
    }
}

/// A size that suffices for the networks.
pub(super) fn parse_memory_limit(text: &str) -> Result<u64, String> {
    let bytes = parse_size(text)?;
    if bytes < MIN_WORKING_BYTES {
        return Err(format!(
            "the smallest limit is {}M, half of which the networks need",
            MIN_WORKING_BYTES >> 20
        ));
    }
    Ok(bytes)
}

/// Bytes from `512M`, `2G`, `1.5GiB` or a plain number; a unit is a power of 1024.
fn parse_size(text: &str) -> Result<u64, String> {
    const WANTED: &str = "a size is needed, such as 512M or 2G";
    let text = text.trim();
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits_end);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(WANTED.to_owned()),
    };
    let number: f64 = number.parse().map_err(|_not_a_number| WANTED.to_owned())?;
    let bytes = number * (1_u64 << shift) as f64;
    if (1.0..9.0e18).contains(&bytes) {
        Ok(bytes as u64)
    } else {
        Err("a size above 0 is needed, such as 512M or 2G".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_begin_with_1_and_are_refused_in_words_for_people() {
        assert_eq!(parse_threads("3").map(usize::from), Ok(3));
        assert_eq!(parse_page("3").map(u32::from), Ok(3));
        assert_eq!(parse_repeats("255").map(u8::from), Ok(255));
        for text in ["0", "-1", "two", "", "1.5", "99999999999999999999999"] {
            let said = [
                parse_threads(text).unwrap_err(),
                parse_page(text).unwrap_err(),
                parse_repeats(text).unwrap_err(),
            ];
            for said in said {
                assert!(said.contains("whole number"), "{text}: {said}");
                assert!(!said.contains("zero"), "{said}");
            }
        }
    }

    #[test]
    fn a_limit_below_what_the_networks_need_is_refused_with_the_smallest_one() {
        assert_eq!(parse_memory_limit("192M"), Ok(192 << 20));
        for text in ["64M", "1", "191.9M"] {
            let error = parse_memory_limit(text).unwrap_err();
            assert!(error.contains("192M"), "{error}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [
            ("512M", 512 << 20),
            ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("1.5k", 1536),
            ("4096", 4096),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "0", "-1G", "2X", "1..5G"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
