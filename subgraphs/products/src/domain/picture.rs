//! Looks at pictures and scales them. What is shown is always drawn anew: nothing of an upload but its pixels, no
//! place where it was taken, no hidden page, reaches anybody.

use super::media::Format;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use std::io::Cursor;

/// Pixels of a picture, of each of its sides, and bytes they may take in memory.
const MAX_PIXELS: u64 = 25_000_000;
const MAX_SIDE: u32 = 10_000;
const MAX_MEMORY: u64 = 128 << 20;
/// Bytes of anything else a decoder keeps: colour profiles are packed, and may unpack to a thousand times their size.
const MAX_BESIDE: u64 = 4 << 20;

/// Widths that pictures are shown in, as far as they are that wide.
const WIDTHS: [u32; 5] = [160, 320, 640, 1280, 2560];
const QUALITY: u8 = 80;

/// A picture in one width and format.
pub struct Scaled {
    pub width: i32,
    /// Ending of the file's name.
    pub ending: &'static str,
    pub bytes: Vec<u8>,
}

/// A picture in all widths and formats.
pub struct Drawn {
    pub width: i32,
    pub height: i32,
    pub files: Vec<Scaled>,
}

/// The decoder of a picture whose header keeps to the limits. No pixel has been decoded.
pub fn check(bytes: &[u8], format: Format) -> Result<impl ImageDecoder, String> {
    let unreadable = |_| "cannot be read".to_owned();
    let format = ImageFormat::from_mime_type(format.content_type()).ok_or("is no picture")?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BESIDE);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => too_big(),
        _ => "cannot be read".to_owned(),
    })?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    match width.max(height) <= MAX_SIDE && pixels <= MAX_PIXELS && decoder.total_bytes() <= MAX_MEMORY {
        true if pixels == 0 => Err(unreadable(())),
        true => Ok(decoder),
        false => Err(too_big()),
    }
}

fn too_big() -> String {
    "has more than 25 million pixels, a side of more than 10,000, or too much beside its pixels".to_owned()
}

/// Decodes a picture and draws it in all sizes. Takes long: not for a thread that serves requests.
pub fn draw(bytes: &[u8], format: Format) -> Result<Drawn, String> {
    let mut decoder = check(bytes, format)?;
    let upright = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| "cannot be decoded".to_owned())?;
    if let Some(upright) = upright {
        picture.apply_orientation(upright);
    }
    let alpha = picture.color().has_alpha();
    // Eight bits each, as it is shown; of the large one only one copy at a time.
    picture = match alpha {
        true => DynamicImage::ImageRgba8(picture.into_rgba8()),
        false => DynamicImage::ImageRgb8(picture.into_rgb8()),
    };
    let (width, height) = (picture.width(), picture.height());
    let mut files = Vec::new();
    // From the widest down, each one made of the one before.
    for to in widths(width) {
        if to < picture.width() {
            let tall = (u64::from(height) * u64::from(to))
                .div_ceil(u64::from(width))
                .max(1);
            let tall = u32::try_from(tall).unwrap_or(MAX_SIDE);
            picture = picture.resize_exact(to, tall, FilterType::CatmullRom);
        }
        files.push(webp(&picture)?);
        files.push(jpeg(&picture)?);
    }
    Ok(Drawn {
        width: int(width),
        height: int(height),
        files,
    })
}

/// Widest first: the picture's own width, if it is not too wide, and the usual ones below.
fn widths(own: u32) -> Vec<u32> {
    let widest = own.min(WIDTHS[WIDTHS.len() - 1]);
    let below = WIDTHS.into_iter().rev().filter(|width| *width < widest);
    std::iter::once(widest).chain(below).collect()
}

fn webp(picture: &DynamicImage) -> Result<Scaled, String> {
    let (pixels, width, height) = (picture.as_bytes(), picture.width(), picture.height());
    let encoder = match picture.color().has_alpha() {
        true => webp::Encoder::from_rgba(pixels, width, height),
        false => webp::Encoder::from_rgb(pixels, width, height),
    };
    let encoded = encoder.encode_simple(false, f32::from(QUALITY));
    let encoded = encoded.map_err(|_| "cannot be scaled".to_owned())?;
    Ok(Scaled {
        width: int(width),
        ending: "webp",
        bytes: encoded.to_vec(),
    })
}

/// For mails and old programs; on white, because it has no transparency.
fn jpeg(picture: &DynamicImage) -> Result<Scaled, String> {
    let mut bytes = Vec::new();
    let opaque = match picture {
        DynamicImage::ImageRgba8(picture) => {
            let mut white =
                image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
            image::imageops::overlay(&mut white, picture, 0, 0);
            DynamicImage::ImageRgba8(white).into_rgb8()
        }
        other => other.to_rgb8(),
    };
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    let encoded = opaque.write_with_encoder(encoder);
    encoded.map_err(|_| "cannot be scaled".to_owned())?;
    Ok(Scaled {
        width: int(picture.width()),
        ending: "jpg",
        bytes,
    })
}

fn int(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

#[cfg(test)]
pub mod samples {
    //! Files as they are uploaded, well-meant or not.

    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
    use std::io::Cursor;

    /// A picture with something in it.
    pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let color = |x: u32, y: u32| Rgb([(x % 256) as u8, (y % 256) as u8, ((x * y) % 256) as u8]);
        let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, color));
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    /// A PNG of a few bytes that says it is `width` by `height`.
    pub fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut header = b"IHDR".to_vec();
        header.extend(width.to_be_bytes());
        header.extend(height.to_be_bytes());
        header.extend([8, 6, 0, 0, 0]);
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
        file.extend(&header);
        file.extend(crc(&header).to_be_bytes());
        file.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
        file
    }

    fn crc(bytes: &[u8]) -> u32 {
        let bit = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        !bytes
            .iter()
            .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        samples::{bomb, picture},
        *,
    };

    #[test]
    fn pictures_are_drawn_in_all_widths_up_to_their_own() {
        assert_eq!(widths(100), [100]);
        assert_eq!(widths(320), [320, 160]);
        assert_eq!(widths(700), [700, 640, 320, 160]);
        assert_eq!(widths(9000), [2560, 1280, 640, 320, 160]);
        for (format, name) in [
            (Format::Png, ImageFormat::Png),
            (Format::Jpeg, ImageFormat::Jpeg),
            (Format::Webp, ImageFormat::WebP),
        ] {
            let drawn = draw(&picture(400, 200, name), format).unwrap();
            assert_eq!((drawn.width, drawn.height, drawn.files.len()), (400, 200, 6));
            for file in drawn.files {
                let again = image::load_from_memory(&file.bytes).unwrap();
                assert_eq!(
                    (int(again.width()), again.height() * 2),
                    (file.width, again.width())
                );
            }
        }
    }

    #[test]
    fn what_is_too_big_is_refused_before_it_is_decoded() {
        for (width, height) in [
            (50_000, 50_000),
            (10_001, 1),
            (1, 10_001),
            (9_000, 9_000),
            (u32::MAX >> 1, 2),
        ] {
            assert!(
                draw(&bomb(width, height), Format::Png)
                    .is_err_and(|why| why.contains("pixels") || why.contains("read"))
            );
        }
        assert!(check(&bomb(50_000, 50_000), Format::Png).is_err_and(|why| why.contains("pixels")));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let mut cut = picture(64, 64, ImageFormat::Png);
        cut.truncate(60);
        assert!(draw(&cut, Format::Png).is_err());
        assert!(draw(b"\xff\xd8\xff\xe0nothing", Format::Jpeg).is_err());
    }

    #[test]
    fn nothing_but_pixels_survives() {
        let mut file = picture(64, 64, ImageFormat::Png);
        file.extend(b"<b>hidden</b>");
        for made in draw(&file, Format::Png).unwrap().files {
            assert!(!made.bytes.windows(6).any(|word| word == b"hidden"));
        }
    }
}
