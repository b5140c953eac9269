use super::FileType;
use crate::text::nfc;

/// Longest name, in characters, without its extension.
const NAME_MAX: usize = 120;

/// A name that is safe to show and to save under: the last part of whatever path was sent, without
/// what file systems and headers give a meaning to, and with an extension of the file's own type.
pub fn file_name(sent: &str, kind: FileType) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = nfc(last).chars().filter(|c| is_plain(*c)).collect();
    let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let extensions = kind.extensions();
    let (stem, extension) = match clean.rsplit_once('.') {
        Some((stem, end)) if extensions.contains(&end.to_lowercase().as_str()) => {
            (stem, end.to_lowercase())
        }
        _ => (
            clean,
            extensions.first().copied().unwrap_or_default().to_owned(),
        ),
    };
    let stem: String = stem.chars().take(NAME_MAX).collect();
    let stem = stem.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let stem = if stem.is_empty() { "file" } else { stem };
    format!("{stem}.{extension}")
}

fn is_plain(c: char) -> bool {
    // Marks of direction make `fdp.exe` of `exe.pdf`.
    let turns = matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    !(c.is_control() || turns || matches!(c, '"' | '<' | '>' | '|' | ':' | '*' | '?' | '%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_what_people_read_and_loses_what_programs_obey() {
        for (sent, kept) in [
            ("线索 2026.csv", "线索 2026.csv"),
            ("../../etc/passwd", "passwd.txt"),
            ("C:\\Users\\li\\leads.CSV", "leads.csv"),
            ("a\u{0}b\r\nc.csv", "abc.csv"),
            ("<script>.html", "script.html.txt"),
            ("annual\u{202E}vsc.exe", "annualvsc.exe.txt"),
            ("...", "file.txt"),
            ("", "file.txt"),
            (".csv", "csv.txt"),
        ] {
            assert_eq!(file_name(sent, FileType::Text), kept, "{sent:?}");
        }
        assert_eq!(file_name("x.csv", FileType::Pdf), "x.csv.pdf");
        let long = file_name(&"长".repeat(500), FileType::Png);
        assert_eq!(long.chars().count(), NAME_MAX + 4);
    }
}
