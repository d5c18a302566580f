//! Metadata blobs: EXIF directories, IPTC in Photoshop resources, XMP packets. No pixels, no file access.

pub(super) mod exif;
pub(super) mod iptc;
pub(super) mod png_text;
pub(super) mod provenance;
pub(super) mod xmp;

/// Keyword of an XMP packet in a PNG. Source: XMP Specification part 3, "PNG".
pub(super) const PNG_XMP_KEYWORD: &str = "XML:com.adobe.xmp";
