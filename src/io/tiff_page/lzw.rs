//! The LZW packing as streams around the `weezl` crate, which turns slices into slices. Source: TIFF 6.0 section 13.

use std::io::{BufRead, Error, ErrorKind, Read, Write};

use weezl::decode::{Configuration, Decoder};
use weezl::encode::Encoder;
use weezl::{BitOrder, BufferResult, LzwStatus};

/// Bits of the samples LZW counts in: bytes, whatever the picture's depth.
const BYTE_BITS: u8 = 8;
const BUFFER_BYTES: usize = 1 << 14;
/// From so many calls on that neither take nor give a byte the data have ended. `weezl` holds up to 64 bits, seven codes, and
/// may turn each into a word of its own memory or a new table without showing it; it then says "no progress", or not.
const IDLE_CALLS: u32 = 9;

/// Unpacks what `inner` gives.
pub struct Unpack<R> {
    inner: R,
    decoder: Decoder,
    has_ended: bool,
}

impl<R: BufRead> Unpack<R> {
    /// A reader of unpacked bytes.
    pub fn new(inner: R) -> Self {
        let decoder = Configuration::with_tiff_size_switch(BitOrder::Msb, BYTE_BITS)
            .with_yield_on_full_buffer(true)
            .build();
        Self {
            inner,
            decoder,
            has_ended: false,
        }
    }
}

impl<R: BufRead> Read for Unpack<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut idle_calls = 0;
        while !self.has_ended && !buffer.is_empty() {
            let packed = self.inner.fill_buf()?;
            let BufferResult {
                consumed_in,
                consumed_out,
                status,
            } = self.decoder.decode_bytes(packed, buffer);
            self.inner.consume(consumed_in);
            match status {
                Ok(LzwStatus::Done) => self.has_ended = true,
                // Some writers leave the end mark out; then nothing moves any more.
                Ok(_) if consumed_in == 0 => {
                    idle_calls += 1;
                    self.has_ended = idle_calls >= IDLE_CALLS;
                }
                Ok(_) => idle_calls = 0,
                Err(error) => return Err(Error::new(ErrorKind::InvalidData, error)),
            }
            if consumed_out > 0 {
                return Ok(consumed_out);
            }
        }
        Ok(0)
    }
}

/// Packs what is written into it; ends with [`Self::finish`].
pub struct Pack<W> {
    target: W,
    encoder: Encoder,
    buffer: Vec<u8>,
}

impl<W: Write> Pack<W> {
    /// A writer that hands packed bytes on to `target`.
    pub fn new(target: W) -> Self {
        Self {
            target,
            encoder: Encoder::with_tiff_size_switch(BitOrder::Msb, BYTE_BITS),
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    /// Packs some of `bytes`; how many, and whether the end mark has been written.
    fn step(&mut self, bytes: &[u8]) -> std::io::Result<(usize, bool)> {
        let result = self.encoder.encode_bytes(bytes, &mut self.buffer);
        let packed = &self.buffer[..result.consumed_out];
        self.target.write_all(packed)?;
        let status = result.status;
        let status = status.map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        Ok((result.consumed_in, matches!(status, LzwStatus::Done)))
    }

    /// Packs all of `bytes`.
    pub fn write_all(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let (count, _) = self.step(bytes)?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Writes the end mark.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.encoder.finish();
        while !self.step(&[])?.1 {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_in_pieces_unpacks_in_other_pieces() {
        let bytes: Vec<u8> = (0..100_000_u32)
            .map(|i| (i.wrapping_mul(i) / 300 + i / 7) as u8)
            .collect();
        let mut packed = Vec::new();
        let mut packer = Pack::new(&mut packed);
        for piece in bytes.chunks(777) {
            packer.write_all(piece).unwrap();
        }
        packer.finish().unwrap();
        let buffered = std::io::BufReader::with_capacity(10, packed.as_slice());
        let mut unpack = Unpack::new(buffered);
        let mut found = vec![0; bytes.len()];
        for piece in found.chunks_mut(333) {
            unpack.read_exact(piece).unwrap();
        }
        assert!(found == bytes);
        assert_eq!(unpack.read(&mut [0; 4]).unwrap(), 0);
        // The end mark may be missing.
        let mut cut = Vec::new();
        let shorter = &packed[..packed.len() - 2];
        Unpack::new(shorter).read_to_end(&mut cut).unwrap();
        assert!(bytes.starts_with(&cut) && cut.len() + 20 > bytes.len());
    }

    #[test]
    fn rows_come_back_to_the_last_byte_in_tiles_of_any_content() {
        for (seed, flat) in (0..40_u32).flat_map(|seed| (0..17).map(move |flat| (seed, flat))) {
            // A tile of 16 px with noise in front and padding behind.
            let mut bytes: Vec<u8> = (0..256_u32)
                .map(|i| (i * 40_503 + seed * 977).to_le_bytes()[seed as usize % 2])
                .collect();
            bytes[256 - flat * 16..].fill(77);
            for row in 1..33 {
                let mut packed = Vec::new();
                let mut packer = Pack::new(&mut packed);
                for piece in bytes.chunks(row) {
                    packer.write_all(piece).unwrap();
                }
                packer.finish().unwrap();
                let mut found = vec![0; bytes.len()];
                let mut unpack = Unpack::new(packed.as_slice());
                for piece in found.chunks_mut(row) {
                    let read = unpack.read_exact(piece);
                    assert!(read.is_ok(), "{seed} {flat} {row}: {read:?} {packed:?}");
                }
                assert!(found == bytes, "{seed} {flat} {row}");
            }
        }
    }

    #[test]
    fn nothing_packs_to_an_end_mark() {
        let mut packed = Vec::new();
        Pack::new(&mut packed).finish().unwrap();
        let mut found = Vec::new();
        Unpack::new(packed.as_slice())
            .read_to_end(&mut found)
            .unwrap();
        assert!(found.is_empty());
    }
}
