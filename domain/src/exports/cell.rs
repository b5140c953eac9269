//! A cell that no program takes for a formula.

/// A cell of a text file that a spreadsheet will open: never a formula. Imports take the apostrophe
/// away again.
pub fn neutral(cell: &str) -> String {
    let begins_formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if begins_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::cell::unquoted;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+86138", "-1", "@SUM(A1)", "\t=1", "＝1+1"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
            assert_eq!(unquoted(&neutral(cell)), cell.trim());
        }
        assert_eq!(neutral("张伟"), "张伟");
        assert_eq!(neutral("1-1"), "1-1");
    }
}
