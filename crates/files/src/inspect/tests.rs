use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};

use super::*;

fn looked(content: &[u8], name: &str) -> Result<Inspected, Refused> {
    inspect(content.to_vec(), &name.parse().unwrap())
}

fn kind(content: &[u8], name: &str) -> MediaType {
    looked(content, name).unwrap().media_type
}

#[track_caller]
fn why(content: &[u8], name: &str) -> Why {
    match looked(content, name) {
        Err(Refused::Content { found: _, why }) => why,
        other => panic!("{other:?}"),
    }
}

fn png(width: u32, height: u32, extra: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = png::SIGNATURE.to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        file.extend_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
        file.extend_from_slice(kind);
        file.extend_from_slice(data);
        file.extend_from_slice(&[0; 4]);
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[size.as_slice(), &[8, 2, 0, 0, 0]].concat());
    for (kind, data) in extra {
        chunk(kind, data);
    }
    chunk(b"IDAT", b"pixels");
    chunk(b"IEND", b"");
    file
}

/// `None` as orientation: no EXIF at all.
fn jpeg(width: u16, height: u16, orientation: Option<u8>, place: &[u8]) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8];
    let mut segment = |marker: u8, data: &[u8]| {
        file.extend_from_slice(&[0xff, marker]);
        file.extend_from_slice(&u16::try_from(data.len() + 2).unwrap().to_be_bytes());
        file.extend_from_slice(data);
    };
    segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
    if let Some(orientation) = orientation {
        // Two entries, the second of which is the orientation; the place follows.
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
        exif.extend_from_slice(b"\x0f\x01\x02\0\x04\0\0\0ACME");
        exif.extend_from_slice(b"\x12\x01\x03\0\x01\0\0\0");
        exif.extend_from_slice(&[orientation, 0, 0, 0]);
        exif.extend_from_slice(place);
        segment(0xe1, &exif);
    }
    segment(0xfe, b"a comment");
    let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
    segment(0xc0, &[&[8], size.as_slice(), &[1, 1, 0x11, 0]].concat());
    segment(0xda, &[1, 1, 0, 0, 63, 0]);
    file.extend_from_slice(&[1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xd9]);
    file
}

fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, data) in chunks {
        body.extend_from_slice(*kind);
        body.extend_from_slice(&u32::try_from(data.len()).unwrap().to_le_bytes());
        body.extend_from_slice(data);
        body.extend_from_slice(&vec![0; data.len() % 2]);
    }
    [b"RIFF".as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}

/// An archive; `told` is what its directory says of the length of each file.
fn archive(files: &[(&str, &[u8])], told: Option<u32>) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in files {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(data).unwrap();
        let packed = packed.finish().unwrap();
        let offset = u32::try_from(body.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let sizes = [
            u32::try_from(packed.len()).unwrap().to_le_bytes(),
            told.unwrap_or(u32::try_from(data.len()).unwrap()).to_le_bytes(),
        ]
        .concat();
        body.extend_from_slice(b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
        body.extend_from_slice(&sizes);
        body.extend_from_slice(&name_length);
        body.extend_from_slice(b"\0\0");
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
        directory.extend_from_slice(&sizes);
        directory.extend_from_slice(&name_length);
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(&offset);
        directory.extend_from_slice(name.as_bytes());
    }
    let n_files = u16::try_from(files.len()).unwrap().to_le_bytes();
    let mut file = body.clone();
    file.extend_from_slice(&directory);
    file.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    file.extend_from_slice(&[n_files, n_files].concat());
    file.extend_from_slice(&u32::try_from(directory.len()).unwrap().to_le_bytes());
    file.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
    file.extend_from_slice(b"\0\0");
    file
}

const TYPES: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");
const DOCUMENT: (&str, &[u8]) = ("word/document.xml", b"<document/>");

fn mp4() -> Vec<u8> {
    b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov\0\0\0\x0bmdatabc".to_vec()
}

#[test]
fn a_type_is_told_by_the_content() {
    assert_eq!(kind(b"%PDF-1.7\n...\n%%EOF\n", "a.pdf"), MediaType::Pdf);
    assert_eq!(kind(&png(10, 10, &[]), "a.png"), MediaType::Png);
    assert_eq!(kind(&jpeg(10, 10, None, b""), "a.jpeg"), MediaType::Jpeg);
    assert_eq!(kind(&riff(&[(b"VP8L", b"\x2f\x09\x40\x02\0pixels")]), "a.webp"), MediaType::Webp);
    assert_eq!(kind(&mp4(), "a.mp4"), MediaType::Mp4);
    assert_eq!(kind(&archive(&[TYPES, DOCUMENT], None), "a.docx"), MediaType::Docx);
    assert_eq!(kind(&archive(&[TYPES, ("xl/workbook.xml", b"x")], None), "a.xlsx"), MediaType::Xlsx);
    assert_eq!(kind(&archive(&[TYPES, ("ppt/presentation.xml", b"x")], None), "a.pptx"), MediaType::Pptx);
    assert_eq!(kind("姓名,电话\n".as_bytes(), "a.csv"), MediaType::Csv);
    assert_eq!(kind("说明 <b>\n".as_bytes(), "a.txt"), MediaType::Text);
    for kind in MediaType::ALL {
        assert!(kind.name().contains('/') && !kind.extensions().is_empty());
    }
}

#[test]
fn a_name_that_says_something_else_is_refused() {
    let refused = looked(&png(1, 1, &[]), "a.jpg").unwrap_err();
    assert_eq!(refused, Refused::Mismatch { found: MediaType::Png, extension: "jpg".to_owned() });
    assert!(matches!(looked(b"plain", "a.pdf"), Err(Refused::Mismatch { .. })));
    assert!(matches!(looked(&archive(&[TYPES, DOCUMENT], None), "a.zip"), Err(Refused::Mismatch { .. })));
}

#[test]
fn what_browsers_or_machines_would_run_is_refused_whatever_its_name() {
    let page = b"<html><script>alert(1)</script></html>".as_slice();
    let svg = b"\xef\xbb\xbf \n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".as_slice();
    for content in [
        page,
        svg,
        b"MZ\x90\0",
        b"\x7fELF",
        b"#!/bin/sh\nrm -rf /",
        b"GIF89a\x01\0",
        b"",
        b"\xd0\xcf\x11\xe0",
        b"a\0b",
    ] {
        for name in ["a.txt", "a.png", "a.csv", "a.html", "a.svg"] {
            assert_eq!(looked(content, name), Err(Refused::Unknown), "{content:?} {name}");
        }
    }
    // An archive that is no document.
    assert_eq!(looked(&archive(&[("a.html", page)], None), "a.docx"), Err(Refused::Unknown));
    assert_eq!(looked(b"PK\x03\x04 and nothing more", "a.docx"), Err(Refused::Unknown));
}

#[test]
fn a_file_that_is_two_things_at_once_is_refused_or_cut() {
    let zip = archive(&[TYPES, DOCUMENT], None);
    assert_eq!(why(&[b"%PDF-1.7 %%EOF".as_slice(), &zip].concat(), "a.pdf"), Why::Broken);
    assert_eq!(looked(&[zip.as_slice(), b"<script>"].concat(), "a.docx"), Err(Refused::Unknown));
    assert_eq!(why(&[riff(&[(b"VP8L", b"\x2f\0\0\0\0")]), zip.clone()].concat(), "a.webp"), Why::Broken);
    for (picture, name) in [(png(1, 1, &[]), "a.png"), (jpeg(1, 1, None, b""), "a.jpg")] {
        let kept = looked(&[picture.as_slice(), b"<script>alert(1)</script>", &zip].concat(), name).unwrap();
        assert_eq!(kept.content, looked(&picture, name).unwrap().content);
    }
    assert_eq!(why(&[mp4().as_slice(), &zip].concat(), "a.mp4"), Why::Broken);
}

#[test]
fn a_picture_with_more_than_fifty_million_pixels_is_refused() {
    assert_eq!(kind(&png(10_000, 5_000, &[]), "a.png"), MediaType::Png);
    assert_eq!(why(&png(10_000, 5_001, &[]), "a.png"), Why::TooManyPixels);
    assert_eq!(why(&png(u32::MAX, u32::MAX, &[]), "a.png"), Why::TooManyPixels);
    assert_eq!(why(&png(0, 1, &[]), "a.png"), Why::Broken);
    assert_eq!(why(&jpeg(60_000, 1_000, None, b""), "a.jpg"), Why::TooManyPixels);
    let canvas = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(why(&riff(&[(b"VP8X", &canvas)]), "a.webp"), Why::TooManyPixels);
    assert_eq!(why(&riff(&[(b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f")]), "a.webp"), Why::TooManyPixels);
}

#[test]
fn what_a_camera_writes_into_a_picture_does_not_stay() {
    let place = b"31.2304 N 121.4737 E".as_slice();
    let holds = |content: &[u8], what: &[u8]| content.windows(what.len()).any(|part| part == what);

    let photo = looked(&jpeg(10, 10, Some(6), place), "a.jpg").unwrap().content;
    assert!(!holds(&photo, place) && !holds(&photo, b"ACME") && !holds(&photo, b"a comment"));
    // Which side is up stays, or every second photo would lie on its side.
    assert!(holds(&photo, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06"));
    assert!(holds(&photo, &[1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xd9]), "the picture itself is as it was");
    assert_eq!(looked(&photo, "a.jpg").unwrap().content, photo, "cleaning twice changes nothing");
    let upright = looked(&jpeg(10, 10, Some(1), place), "a.jpg").unwrap().content;
    assert_eq!(upright, looked(&jpeg(10, 10, None, b""), "a.jpg").unwrap().content);

    let drawing = png(10, 10, &[(b"eXIf", place), (b"tEXt", place), (b"pHYs", b"123456789")]);
    let drawing = looked(&drawing, "a.png").unwrap().content;
    assert_eq!(drawing, png(10, 10, &[(b"pHYs", b"123456789")]));

    let extended = riff(&[
        (b"VP8X", &[0x1c, 0, 0, 0, 9, 0, 0, 9, 0, 0]),
        (b"VP8L", b"\x2f\x09\x40\x02\0p"),
        (b"EXIF", place),
        (b"XMP ", b"odd"),
    ]);
    let cleaned = riff(&[(b"VP8X", &[0x10, 0, 0, 0, 9, 0, 0, 9, 0, 0]), (b"VP8L", b"\x2f\x09\x40\x02\0p")]);
    assert_eq!(looked(&extended, "a.webp").unwrap().content, cleaned);
}

#[test]
fn an_archive_that_grows_beyond_measure_is_refused() {
    let zeros = vec![0; 3 << 20];
    let bomb = archive(&[TYPES, DOCUMENT, ("word/media/a.bin", &zeros)], None);
    assert_eq!(why(&bomb, "a.docx"), Why::Bomb);
    // The directory says that there is little.
    assert_eq!(
        why(&archive(&[TYPES, DOCUMENT, ("word/media/a.bin", &zeros)], Some(8)), "a.docx"),
        Why::Broken
    );
    let many: Vec<String> = (0..1_001).map(|n| format!("word/{n}.xml")).collect();
    let mut files = vec![TYPES, DOCUMENT];
    files.extend(many.iter().take(998).map(|name| (name.as_str(), b"x".as_slice())));
    assert_eq!(kind(&archive(&files, None), "a.docx"), MediaType::Docx);
    files.push((&many[998], b"x"));
    assert_eq!(why(&archive(&files, None), "a.docx"), Why::Bomb);
}

#[test]
fn an_archive_that_lies_about_itself_is_refused() {
    assert_eq!(why(&archive(&[TYPES, DOCUMENT, ("word/vbaProject.bin", b"x")], None), "a.docx"), Why::Macros);
    assert_eq!(why(&archive(&[TYPES, DOCUMENT, ("word/Document.xml", b"x")], None), "a.docx"), Why::Broken);
    for path in ["../evil", "/etc/evil", "a\\b", "C:evil", ""] {
        let lie = archive(&[TYPES, DOCUMENT, (path, b"x")], None);
        assert_eq!(looked(&lie, "a.docx"), Err(Refused::Unknown), "{path}");
    }
    let good = archive(&[TYPES, DOCUMENT], None);
    let directory = good.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
    let mut encrypted = good.clone();
    encrypted[directory + 8] |= 1;
    assert_eq!(why(&encrypted, "a.docx"), Why::Encrypted);
    // Both names for the same bytes.
    let mut shared = good.clone();
    let second = directory + 46 + TYPES.0.len();
    shared[second + 42..second + 46].copy_from_slice(&[0; 4]);
    assert_eq!(why(&shared, "a.docx"), Why::Broken);
}

#[test]
fn no_cut_and_no_flipped_byte_makes_it_panic() {
    let zip = archive(&[TYPES, DOCUMENT], None);
    let film = mp4();
    let samples = [
        (png(10, 10, &[(b"eXIf", b"x")]), "a.png"),
        (jpeg(10, 10, Some(6), b"place"), "a.jpg"),
        (riff(&[(b"VP8X", &[0; 10]), (b"VP8 ", b"\0\0\0\x9d\x01\x2a\x01\0\x01\0")]), "a.webp"),
        (zip, "a.docx"),
        (film, "a.mp4"),
    ];
    for (sample, name) in samples {
        for at in 0..sample.len() {
            drop(looked(&sample[..at], name));
            for flip in [0x01, 0x80, 0xff] {
                let mut flipped = sample.clone();
                flipped[at] ^= flip;
                drop(looked(&flipped, name));
            }
        }
    }
}
