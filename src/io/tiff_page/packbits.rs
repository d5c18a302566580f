//! The `PackBits` packing: runs and literals behind a count byte. Source: TIFF 6.0 section 9.

use std::io::{BufRead, Read, Write};

/// Bytes one count byte can stand for.
const MOST: usize = 128;

/// Unpacks what `inner` gives.
pub struct Unpack<R> {
    inner: R,
    /// Bytes of the current run or literal still to come.
    left: usize,
    /// The byte a run repeats; `None` within a literal.
    repeated: Option<u8>,
}

impl<R: BufRead> Unpack<R> {
    /// A reader of unpacked bytes.
    pub const fn new(inner: R) -> Self {
        Self {
            inner,
            left: 0,
            repeated: None,
        }
    }

    fn byte(&mut self) -> std::io::Result<Option<u8>> {
        let byte = self.inner.fill_buf()?.first().copied();
        if byte.is_some() {
            self.inner.consume(1);
        }
        Ok(byte)
    }
}

impl<R: BufRead> Read for Unpack<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.left == 0 {
            let Some(count) = self.byte()? else {
                return Ok(0);
            };
            match count {
                0..=127 => (self.left, self.repeated) = (usize::from(count) + 1, None),
                // Says nothing.
                128 => {}
                129..=255 => {
                    self.repeated = self.byte()?;
                    if self.repeated.is_none() {
                        return Ok(0);
                    }
                    self.left = 257 - usize::from(count);
                }
            }
        }
        let wanted = self.left.min(buffer.len());
        let count = if let Some(byte) = self.repeated {
            buffer[..wanted].fill(byte);
            wanted
        } else {
            self.inner.read(&mut buffer[..wanted])?
        };
        self.left -= count;
        Ok(count)
    }
}

/// Packs one row; rows are packed apart, as the standard asks.
pub fn pack_row(row: &[u8], target: &mut impl Write) -> std::io::Result<()> {
    let mut rest = row;
    while !rest.is_empty() {
        let run = run_length(rest);
        if run > 1 {
            target.write_all(&[(257 - run) as u8, rest[0]])?;
            rest = &rest[run..];
            continue;
        }
        // A run of two inside a literal costs as much as it saves.
        let literal = (1..rest.len().min(MOST))
            .find(|&at| run_length(&rest[at..]) > 2)
            .unwrap_or_else(|| rest.len().min(MOST));
        target.write_all(&[(literal - 1) as u8])?;
        target.write_all(&rest[..literal])?;
        rest = &rest[literal..];
    }
    Ok(())
}

/// How often the first byte is repeated, itself included; `bytes` is not empty.
fn run_length(bytes: &[u8]) -> usize {
    let first = bytes[0];
    let run = bytes.iter().take(MOST).take_while(|&&byte| byte == first);
    run.count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_apples_technical_note_is_unpacked() {
        // Source: Apple Technical Note TN1023, "Understanding PackBits".
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7,
            0xAA,
        ];
        let mut found = Vec::new();
        Unpack::new(packed.as_slice())
            .read_to_end(&mut found)
            .unwrap();
        let mut wanted = vec![0xAA, 0xAA, 0xAA, 0x80, 0, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA];
        wanted.extend([0x80, 0, 0x2A, 0x22]);
        wanted.extend([0xAA; 10]);
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_run_cut_short_ends_the_data_and_nothing_else() {
        for cut in [&[0xF7_u8][..], &[0x05, 1, 2], &[0x80, 0x80]] {
            let mut found = Vec::new();
            Unpack::new(cut).read_to_end(&mut found).unwrap();
            assert!(found.len() <= 2);
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_unpacks_to_the_same(row in prop::collection::vec(0_u8..3, 0..600)) {
            let mut packed = Vec::new();
            pack_row(&row, &mut packed).unwrap();
            prop_assert!(packed.len() <= row.len() + row.len().div_ceil(MOST));
            let mut found = Vec::new();
            Unpack::new(packed.as_slice()).read_to_end(&mut found).unwrap();
            prop_assert_eq!(found, row);
        }
    }
}
