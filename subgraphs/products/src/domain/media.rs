//! Pictures and videos of products: what may be uploaded, and what becomes of it.

use super::picture;
use async_graphql::{Enum, SimpleObject};
use platform::{
    ids::{MediaId, ProductId},
    storage::Key,
};

/// Pictures and videos of one product, slots for uploads included.
pub const MAX_PER_PRODUCT: i64 = 10;
/// Greatest `position`.
pub const MAX_POSITION: i32 = 1000;
/// Bytes of a file in which a video says what it is.
pub const HEAD: u64 = 64 * 1024;

/// What a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A video.
    Video,
}

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MediaStatus {
    /// A slot for an upload.
    Uploading,
    /// Attached; being checked and scaled.
    Processing,
    /// Can be shown.
    Ready,
    /// Not what it was announced to be, or nothing that can be shown.
    Rejected,
}

/// A picture or a video of a product.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "ProductMedia", complex)]
pub struct Media {
    /// Opaque and unique.
    pub id: MediaId,
    #[graphql(skip)]
    pub product_id: ProductId,
    /// What it shows.
    pub kind: MediaKind,
    /// Text for those who do not see it.
    pub alt: Option<String>,
    /// Place in the order, smallest first.
    pub position: i32,
    #[graphql(skip)]
    pub content_type: String,
    #[graphql(skip)]
    pub widths: Vec<i32>,
}

impl Media {
    /// The file to show: the narrowest picture of at least `width` pixels, else the widest there is.
    pub fn file(&self, width: Option<i32>, format: Option<&str>) -> Option<Key> {
        if self.kind == MediaKind::Video {
            return Format::of(&self.content_type).and_then(|format| video(self.id, format));
        }
        picture_file(self.id, &self.widths, width, format)
    }
}

/// The narrowest file of a picture with at least `width` pixels, else the widest there is.
pub fn picture_file(id: MediaId, widths: &[i32], width: Option<i32>, format: Option<&str>) -> Option<Key> {
    let wide_enough = |have: &&i32| width.is_some_and(|wanted| **have >= wanted);
    let best = widths.iter().filter(wide_enough).min();
    let best = best.or_else(|| widths.iter().max())?;
    let jpeg = format.is_some_and(|format| matches!(format.to_lowercase().as_str(), "jpeg" | "jpg"));
    scaled(id, *best, if jpeg { "jpg" } else { "webp" })
}

/// What may be uploaded. No SVG: it is a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    Webp,
    Mp4,
    Webm,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Jpeg, Self::Png, Self::Webp, Self::Mp4, Self::Webm];

    /// By media type.
    pub fn of(content_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.content_type() == content_type)
    }

    /// By the first bytes of a file, which a name or a header cannot talk over.
    pub fn sniff(start: &[u8]) -> Option<Self> {
        let at = |from: usize, magic: &[u8]| start.get(from..).is_some_and(|rest| rest.starts_with(magic));
        let brands = [
            b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash",
        ];
        if at(0, b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if at(0, b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(Self::Webp)
        } else if at(4, b"ftyp") && brands.iter().any(|brand| at(8, *brand)) {
            Some(Self::Mp4)
        } else if at(0, b"\x1a\x45\xdf\xa3") && start.windows(4).take(64).any(|word| word == b"webm") {
            Some(Self::Webm)
        } else {
            None
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
        }
    }

    pub fn kind(self) -> MediaKind {
        match self {
            Self::Jpeg | Self::Png | Self::Webp => MediaKind::Image,
            Self::Mp4 | Self::Webm => MediaKind::Video,
        }
    }

    /// Bytes a file may have.
    pub fn max_bytes(self) -> i32 {
        match self.kind() {
            MediaKind::Image => 5 << 20,
            MediaKind::Video => 64 << 20,
        }
    }

    /// Whether a file is what it was announced to be. Pictures are looked at whole, videos at their first bytes.
    /// Nothing is decoded.
    pub fn check(self, bytes: &[u8]) -> Result<(), String> {
        if Self::sniff(bytes) != Some(self) {
            return Err(format!("is not {}", self.content_type()));
        }
        if is_active(bytes) {
            return Err("has a program or a page in it".to_owned());
        }
        match self.kind() {
            MediaKind::Image => picture::check(bytes, self).map(drop),
            MediaKind::Video => Ok(()),
        }
    }
}

/// Whether a file is also something that a browser would run, whatever else it is.
fn is_active(bytes: &[u8]) -> bool {
    const SIGNS: [&[u8]; 6] = [
        b"<script",
        b"<!doctype",
        b"<html",
        b"<iframe",
        b"<svg xmlns",
        b"<?php",
    ];
    let after = |tag: usize| &bytes[tag..];
    let starts = |rest: &[u8], sign: &[u8]| {
        rest.get(..sign.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(sign))
    };
    let mut tags = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'<');
    tags.any(|(tag, _)| SIGNS.iter().any(|sign| starts(after(tag), sign)))
}

/// Folder of everything that is shown of one upload.
pub const SHOWN: &str = "public/products";
/// Folder of uploads that nobody has looked at.
pub const UPLOADS: &str = "uploads/products";

/// Where an upload goes.
pub fn upload(id: MediaId) -> Option<Key> {
    Key::new(&format!("{UPLOADS}/{}", id.0.simple()))
}

pub fn scaled(id: MediaId, width: i32, ending: &str) -> Option<Key> {
    Key::new(&format!("{SHOWN}/{}/{width}.{ending}", id.0.simple()))
}

pub fn video(id: MediaId, format: Format) -> Option<Key> {
    let ending = if format == Format::Webm { "webm" } else { "mp4" };
    Key::new(&format!("{SHOWN}/{}/video.{ending}", id.0.simple()))
}

/// Whose file this is, by its name.
pub fn owner(key: &Key) -> Option<MediaId> {
    let name = key.as_str();
    let inside = name.strip_prefix(UPLOADS).or_else(|| name.strip_prefix(SHOWN))?;
    let id = inside.strip_prefix('/')?.split('/').next()?;
    uuid::Uuid::try_parse(id).ok().map(MediaId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(widths: &[i32]) -> Media {
        Media {
            id: MediaId::new(),
            product_id: ProductId::new(),
            kind: MediaKind::Image,
            alt: None,
            position: 0,
            content_type: "image/png".to_owned(),
            widths: widths.to_vec(),
        }
    }

    #[test]
    fn the_nearest_width_that_is_enough() {
        let media = media(&[160, 320, 640, 700]);
        let table = [
            (None, None, "700.webp"),
            (Some(1), None, "160.webp"),
            (Some(160), Some("webp"), "160.webp"),
            (Some(161), Some("JPEG"), "320.jpg"),
            (Some(641), Some("avif"), "700.webp"),
            (Some(5000), None, "700.webp"),
            (Some(-1), None, "160.webp"),
        ];
        for (width, format, name) in table {
            let key = media.file(width, format).unwrap();
            assert!(
                key.as_str().ends_with(&format!("/{name}")),
                "{width:?} {format:?} {key}"
            );
            assert_eq!(owner(&key), Some(media.id));
            assert!(key.is_public());
        }
        assert_eq!(owner(&upload(media.id).unwrap()), Some(media.id));
        assert!(!upload(media.id).unwrap().is_public());
    }

    #[test]
    fn files_are_what_their_first_bytes_say() {
        assert_eq!(Format::sniff(b"\xff\xd8\xff\xe0"), Some(Format::Jpeg));
        assert_eq!(Format::sniff(b"RIFF\0\0\0\0WEBPVP8 "), Some(Format::Webp));
        assert_eq!(Format::sniff(b"\0\0\0\x20ftypisom\0\0\x02\0"), Some(Format::Mp4));
        assert_eq!(
            Format::sniff(b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"),
            Some(Format::Webm)
        );
        for other in [
            &b""[..],
            b"GIF89a",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<!DOCTYPE html>",
            b"RIFF\0\0\0\0WAVE",
            b"\0\0\0\x20ftypheic",
            b"PK\x03\x04",
            b"%PDF-1.7",
            b"\x1a\x45\xdf\xa3matroska",
        ] {
            assert_eq!(Format::sniff(other), None, "{other:?}");
        }
    }

    #[test]
    fn pages_and_programs_are_found_wherever_they_hide() {
        for bad in [
            &b"\x89PNG...<ScRiPt>alert(1)"[..],
            b"<HTML>",
            b"x<!doctype html",
            b"<svg xmlns=",
            b"<?php",
        ] {
            assert!(is_active(bad), "{bad:?}");
        }
        for good in [&b""[..], b"<", b"<x:xmpmeta>", b"<scrip", b"script"] {
            assert!(!is_active(good), "{good:?}");
        }
    }
}
