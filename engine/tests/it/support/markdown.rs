//! Reads the project's pages: fenced blocks, headings and links.

use std::{fs, path::Path};

/// A fenced block of a page.
#[derive(Debug)]
pub(crate) struct Block {
    /// What stands behind the fence: `sh`, `console`, `rust`, ...
    pub(crate) kind: String,
    /// The lines inside.
    pub(crate) text: String,
    /// The line of its fence, counted from 1.
    pub(crate) line: usize,
}

/// A page that somebody wrote.
pub(crate) struct Page {
    /// Path from the project's folder.
    pub(crate) path: String,
    pub(crate) blocks: Vec<Block>,
    /// Targets of links and pictures with their lines.
    pub(crate) links: Vec<(usize, String)>,
    /// The anchors that its headings have.
    pub(crate) anchors: Vec<String>,
}

/// The page at a path from the project's folder.
pub(crate) fn page(project: &Path, path: &str) -> Page {
    let text = fs::read_to_string(project.join(path)).unwrap();
    let mut page =
        Page { path: path.to_owned(), blocks: Vec::new(), links: Vec::new(), anchors: Vec::new() };
    let mut open: Option<Block> = None;
    for (at, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(kind)) => {
                open =
                    Some(Block { kind: kind.trim().to_owned(), text: String::new(), line: at + 1 });
            }
            (Some(_), Some(_)) => page.blocks.extend(open.take()),
            (Some(block), None) => block.text.push_str(&format!("{line}\n")),
            (None, None) => {
                page.links.extend(links(line).into_iter().map(|link| (at + 1, link)));
                page.anchors.extend(line.starts_with('#').then(|| anchor(line)));
            }
        }
    }
    assert!(open.is_none(), "{path}: a block is never closed");
    page
}

/// The targets of `[text](target)` in a line, outside of code.
fn links(line: &str) -> Vec<String> {
    let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let parts = plain.split("](").skip(1);
    parts.filter_map(|part| Some(part.split_once(')')?.0.to_owned())).collect()
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Whether a text is what a page prints; `…` stands for anything.
pub(crate) fn is_as_printed(printed: &str, said: &str) -> bool {
    let lines = |text: &str| -> String {
        text.trim_end().lines().map(|line| format!("{}\n", line.trim_end())).collect()
    };
    let (printed, said) = (lines(printed), lines(said));
    let parts: Vec<&str> = printed.split('\u{2026}').collect();
    let [first, middle @ .., last] = &parts[..] else { return printed == said };
    let Some(mut rest) = said.strip_prefix(first) else { return false };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn a_page_is_read_with_its_blocks_links_and_anchors() {
    let folder = tempfile::tempdir().unwrap();
    let text = "# A `b`, c\n[x](y.md#z) `[n](o)` ![p](q.png)\n```sh\n# no heading\nls\n```\n";
    fs::write(folder.path().join("x.md"), text).unwrap();
    let page = page(folder.path(), "x.md");
    assert_eq!(page.anchors, ["a-b-c"]);
    assert_eq!(page.links, [(2, "y.md#z".to_owned()), (2, "q.png".to_owned())]);
    assert_eq!((page.blocks[0].kind.as_str(), page.blocks[0].line), ("sh", 3));
    assert_eq!(page.blocks[0].text, "# no heading\nls\n");
}

#[test]
fn a_wild_card_stands_for_anything_and_nothing_else_does() {
    assert!(is_as_printed("a\nb  \n", "a\nb"));
    assert!(!is_as_printed("a\n", "a\nb"));
    assert!(is_as_printed("a\n\u{2026}\n", "a\nb\nc"));
    assert!(is_as_printed("took \u{2026} s\n\u{2026}end", "took 5 s\nthe end"));
    assert!(!is_as_printed("took \u{2026} s\nend", "took 5 ms\nend"));
}
