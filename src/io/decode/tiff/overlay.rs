//! A reader that shows some bytes of its file differently. Knows nothing of TIFF.

use std::io::{Read, Seek, SeekFrom};

/// A reader with some bytes seen differently from what the file holds.
pub struct Overlay<R> {
    inner: R,
    position: u64,
    overruled: Vec<(u64, Vec<u8>)>,
}

impl<R> Overlay<R> {
    /// A reader that shows `inner` as it is.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            position: 0,
            overruled: Vec::new(),
        }
    }

    /// From now on shows `bytes` at position `at`.
    pub fn overrule(&mut self, at: u64, bytes: Vec<u8>) {
        self.overruled.push((at, bytes));
    }
}

impl<R: Read> Read for Overlay<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for (at, bytes) in &self.overruled {
            for (offset, &byte) in (*at..).zip(bytes) {
                let index = offset.checked_sub(self.position).map(|i| i as usize);
                if let Some(index) = index.filter(|&index| index < count) {
                    buffer[index] = byte;
                }
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Overlay<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.position = self.inner.seek(to)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_seen_differently_however_the_file_is_read() {
        let mut overlay = Overlay::new(std::io::Cursor::new(b"abcdefgh".to_vec()));
        overlay.overrule(3, b"XY".to_vec());
        overlay.overrule(7, b"Z".to_vec());
        let mut all = String::new();
        overlay.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abcXYfgZ");
        overlay.seek(SeekFrom::Start(4)).unwrap();
        let mut two = [0; 2];
        overlay.read_exact(&mut two).unwrap();
        assert_eq!(&two, b"Yf");
    }
}
