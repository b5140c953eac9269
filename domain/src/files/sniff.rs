use super::FileType;

/// Bytes of the beginning that [`sniff`] wants, or all where there are fewer.
pub const HEAD: usize = 8 * 1024;
/// Bytes of the end.
pub const TAIL: usize = 64 * 1024;

/// What a file is, from its first and last bytes; `None` for what is not taken.
pub fn sniff(head: &[u8], tail: &[u8]) -> Option<FileType> {
    if head.starts_with(b"%PDF-") {
        Some(FileType::Pdf)
    } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(FileType::Png)
    } else if head.starts_with(b"\xff\xd8\xff") {
        Some(FileType::Jpeg)
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some(FileType::Webp)
    } else if head.starts_with(b"PK\x03\x04") {
        // Every document of an office program is such an archive; its directory stands at the end.
        contains(tail, b"xl/workbook.xml").then_some(FileType::Xlsx)
    } else {
        is_text(head).then_some(FileType::Text)
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Text in UTF-8 or GB18030, which nothing would take for a page or a program.
fn is_text(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let control = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
    if text.iter().any(|b| control(b) || *b == 0x7f || *b == 0xff) {
        return false;
    }
    let first = text.iter().find(|b| !b.is_ascii_whitespace());
    // Markup begins so, and no list does.
    !matches!(first, None | Some(b'<')) && !text.starts_with(b"#!") && !text.starts_with(b"%!")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_tell_what_a_file_is() {
        let kind = |bytes: &[u8]| sniff(bytes, bytes);
        assert_eq!(kind("姓名,手机号\n".as_bytes()), Some(FileType::Text));
        assert_eq!(kind(b"\xef\xbb\xbfname,phone\n"), Some(FileType::Text));
        // 姓名 in GB18030.
        assert_eq!(kind(b"\xd0\xd5\xc3\xfb,1\n"), Some(FileType::Text));
        assert_eq!(kind(b"%PDF-1.7 ..."), Some(FileType::Pdf));
        assert_eq!(kind(b"\xff\xd8\xff\xe0JFIF"), Some(FileType::Jpeg));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some(FileType::Webp));
        assert_eq!(
            kind(b"PK\x03\x04 ... xl/workbook.xml ... PK\x05\x06"),
            Some(FileType::Xlsx)
        );
    }

    #[test]
    fn what_a_browser_or_a_shell_might_run_is_not_taken() {
        for bytes in [
            b"<svg onload=alert(1)>".as_slice(),
            b"\n\t <!DOCTYPE html><script>",
            b"\xef\xbb\xbf<?xml version='1.0'?>",
            b"#!/bin/sh\n",
            b"%!PS-Adobe",
            b"MZ\x90\0\x03",
            b"\x7fELF\x02",
            b"GIF89a\x01\0\x01\0\x80\0\0",
            b"PK\x03\x04 word/document.xml",
            b"PK\x03\x04 evil.php",
            b"<?php phpinfo(); __HALT_COMPILER();",
            b"\xff\xfen\0a\0",
            b"a\0b",
            b"",
            b" \r\n",
        ] {
            assert_eq!(sniff(bytes, bytes), None, "{bytes:?}");
        }
    }
}
