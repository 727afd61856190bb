//! Memory that pictures take which were made to take much.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use flate2::{Compression, Crc, write::ZlibEncoder};
use products::domain::{media::Format, picture};
use std::io::{Read, Write};

const MIB: u64 = 1 << 20;

/// Bytes of this process in memory: now (`VmRSS`), or at most since [`forget`] (`VmHWM`).
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Lets the peak be counted anew.
fn forget() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn zeros(bytes: u64) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(&mut std::io::repeat(0).take(bytes), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(content);
    let mut out = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    out.extend(name);
    out.extend(content);
    out.extend(crc.sum().to_be_bytes());
    out
}

/// A black picture, with a chunk before its pixels.
fn png((width, height): (u32, u32), (depth, color): (u8, u8), before: &[u8], pixels: u64) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([depth, color, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(chunk(b"IHDR", &header));
    file.extend(before);
    file.extend(chunk(b"IDAT", &zeros(pixels)));
    file.extend(chunk(b"IEND", b""));
    file
}

#[test]
fn bombs_take_little_memory() {
    let packed = |name, start: &[u8]| {
        let mut content = start.to_vec();
        content.write_all(&zeros(128 * MIB)).unwrap();
        chunk(name, &content)
    };
    let small = (64, 64);
    let exact = 64 * (64 * 3 + 1);
    let files = [
        ("huge sides", png((50_000, 50_000), (8, 6), b"", MIB)),
        ("deep pixels", png((5_000, 5_000), (16, 6), b"", 200 * MIB)),
        ("more pixels than it says", png(small, (8, 2), b"", 128 * MIB)),
        (
            "a packed profile",
            png(small, (8, 2), &packed(b"iCCP", b"p\0\0"), exact),
        ),
        (
            "a packed text",
            png(small, (8, 2), &packed(b"zTXt", b"t\0\0"), exact),
        ),
        (
            "a packed international text",
            png(small, (8, 2), &packed(b"iTXt", b"t\0\x01\0\0\0"), exact),
        ),
    ];
    for (name, file) in files {
        forget();
        let before = memory("VmRSS");
        let drawn = Format::Png
            .check(&file)
            .and_then(|()| picture::draw(&file, Format::Png));
        let more = memory("VmHWM").saturating_sub(before);
        assert!(more < 64 * MIB, "{name}: {} MiB", more / MIB);
        if let Ok(drawn) = drawn {
            assert_eq!((drawn.width, drawn.height), (64, 64), "{name}");
        }
    }
}
