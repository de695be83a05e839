//! Names of picture files: `SPY_1d.png` for SPY, and for any other symbol a name of its own that
//! stays inside its folder.

use sha2::{Digest, Sha256};
use strategy_api::Resolution;

/// Longest escaped symbol in a name; with its digest, resolution and extension it fits every file system.
const LONGEST: usize = 120;

/// The file name of the plot of a symbol: the symbol, an underscore, the resolution and `.png`.
///
/// ASCII letters, digits, `-`, `_` and a dot that does not lead stay; every other byte is `%` and two
/// hex digits, so distinct symbols have distinct names and no name is a path. What would be too long
/// is cut and ends in `~` and a digest of the whole symbol.
///
/// ```
/// use algo_trader::plot::file_name;
/// use strategy_api::Resolution;
/// assert_eq!(file_name("SPY", Resolution::Day1), "SPY_1d.png");
/// assert_eq!(file_name("RDS/A", Resolution::Day1), "RDS%2FA_1d.png");
/// ```
#[must_use]
pub fn file_name(symbol: &str, resolution: Resolution) -> String {
    let mut name = String::new();
    for (place, byte) in symbol.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_')
            || (byte == b'.' && place > 0);
        if plain {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    if name.len() > LONGEST {
        let digest = Sha256::digest(symbol.as_bytes());
        name.truncate(LONGEST);
        name.push('~');
        name.extend(digest.iter().take(12).map(|byte| format!("{byte:02x}")));
    }
    format!("{name}_{resolution}.png")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn hostile_symbols_have_plain_distinct_names_inside_the_folder() {
        let long = ["A".repeat(300), "A".repeat(301), "🚀".repeat(300)];
        let symbols = [
            "SPY",
            "spy",
            "BRK B",
            "BRK%20B",
            "BRK_B",
            "BRK.B",
            "RDS/A",
            "RDS%2FA",
            "../../etc/passwd",
            "..",
            ".",
            "",
            "a\0b",
            "🚀",
            "<script>",
            "C:\\x",
            "-rf",
            "A_1d",
            "A\nB",
            &long[0],
            &long[1],
            &long[2],
        ];
        let mut names: Vec<_> =
            symbols.iter().map(|symbol| file_name(symbol, Resolution::Day1)).collect();
        assert_eq!(names[0], "SPY_1d.png");
        assert_eq!(names[2], "BRK%20B_1d.png");
        for name in &names {
            assert!(is_inside(name) && name.len() < 200, "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), symbols.len());
        assert_ne!(file_name("A", Resolution::Min1), file_name("A", Resolution::Month1));
    }

    fn is_inside(name: &str) -> bool {
        let parts: Vec<_> = Path::new(name).components().collect();
        matches!(parts[..], [Component::Normal(_)]) && name.is_ascii() && !name.starts_with('.')
    }

    proptest! {
        #[test]
        fn distinct_symbols_have_distinct_names(a in ".{0,150}", b in ".{0,150}") {
            let (one, two) = (file_name(&a, Resolution::Day1), file_name(&b, Resolution::Day1));
            prop_assert!(is_inside(&one));
            prop_assert_eq!(a == b, one == two);
        }
    }
}
