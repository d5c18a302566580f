//! What only the master's own kind of file has a place for, kept for derivatives of the same kind. Plain data.

/// The parts of a master beside its pixels, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Native {
    /// Of a PNG.
    Png(PngParts),
    /// Of a JPEG.
    Jpeg(JpegParts),
}

/// One PNG chunk without its length and check sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PngChunk {
    /// Four letters.
    pub kind: [u8; 4],
    /// The data, byte for byte.
    pub data: Vec<u8>,
}

impl PngChunk {
    /// The four letters as text.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.kind).into_owned()
    }
}

/// All of a PNG but its header, pixels and end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PngParts {
    /// Every chunk in front of the pixels.
    pub before: Vec<PngChunk>,
    /// Every chunk behind the pixels.
    pub behind: Vec<PngChunk>,
    /// The header's colour type: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.
    pub colour_type: u8,
    /// The header's bits a sample (of a palette: bits an index).
    pub bits: u8,
    /// Whether the rows were stored in seven passes.
    pub is_interlaced: bool,
    /// What could not be kept, as sentences.
    pub left_out: Vec<String>,
}

impl PngParts {
    /// All chunks in file order.
    pub fn chunks(&self) -> impl Iterator<Item = &PngChunk> {
        self.before.iter().chain(&self.behind)
    }

    /// Whether there is a transparent colour, which was turned into alpha.
    pub fn has_transparent_colour(&self) -> bool {
        self.before.iter().any(|chunk| &chunk.kind == b"tRNS")
    }
}

/// One JPEG segment that holds no picture data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JpegSegment {
    /// The marker's second byte: 0xE0 to 0xEF or 0xFE.
    pub marker: u8,
    /// The data behind the length.
    pub data: Vec<u8>,
}

/// One colour component of a JPEG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JpegComponent {
    /// Identifier in the frame header.
    pub id: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub horizontal: u8,
    /// Vertical sampling factor, 1 to 4.
    pub vertical: u8,
    /// Quantisation table in the file's zigzag order; `None` when the file defines none.
    pub table: Option<[u16; 64]>,
}

/// A JPEG's segments beside the picture data, and how that is coded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JpegParts {
    /// Application segments and comments in file order.
    pub segments: Vec<JpegSegment>,
    /// The components of the frame.
    pub components: Vec<JpegComponent>,
    /// Whether the frame is progressive.
    pub is_progressive: bool,
    /// Blocks between restart markers; 0 without.
    pub restart_interval: u16,
    /// Bytes behind the end of the picture.
    pub bytes_behind: u64,
}

impl JpegParts {
    /// Whether three components are red, green and blue themselves. Source: libjpeg (`jdapimin.c`, `jdmarker.c`): JFIF's header
    /// says that they are not, then Adobe's decides, the last one where there are several, then their names; a header that is
    /// too short is none.
    pub fn stores_rgb(&self) -> bool {
        const JFIF_BYTES: usize = 14;
        const ADOBE_BYTES: usize = 12;
        let find = |marker: u8, prefix: &[u8], least: usize| {
            let mut segments = self.segments.iter();
            segments.rfind(|s| {
                s.marker == marker && s.data.starts_with(prefix) && s.data.len() >= least
            })
        };
        if find(0xE0, b"JFIF\0", JFIF_BYTES).is_some() {
            return false;
        }
        match find(0xEE, b"Adobe", ADOBE_BYTES) {
            Some(adobe) => adobe.data.get(11) == Some(&0),
            None => self.components.iter().map(|c| c.id).eq(*b"RGB"),
        }
    }
}
