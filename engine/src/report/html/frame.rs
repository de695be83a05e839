//! The document around a page's content: policy, style, script and data in one file.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::markup::escaped;

const STYLE: &str = include_str!("page.css");

/// The script, file by file in the order in which they need each other.
const SCRIPT: [&str; 22] = [
    include_str!("script/columns.js"),
    include_str!("script/pyramid.js"),
    include_str!("script/scale.js"),
    include_str!("script/time.js"),
    include_str!("script/layers.js"),
    include_str!("script/markers.js"),
    include_str!("script/panel.js"),
    include_str!("script/view.js"),
    include_str!("script/overview.js"),
    include_str!("script/table.js"),
    include_str!("script/trades.js"),
    include_str!("script/scrolls.js"),
    include_str!("script/theme.js"),
    include_str!("script/controls.js"),
    include_str!("script/run.js"),
    include_str!("script/compare.js"),
    include_str!("script/plate.js"),
    include_str!("script/map.js"),
    include_str!("script/slices.js"),
    include_str!("script/sweep.js"),
    include_str!("script/validation.js"),
    include_str!("script/start.js"),
];

/// A small chart as the icon of the page, so that a browser asks nobody for one.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
%3Cpath d='M1 12l4-5 3 3 6-8' fill='none' stroke='%231d4ed8' stroke-width='2'/%3E%3C/svg%3E";

/// A document in the making.
pub(super) struct Frame {
    title: String,
    body: String,
}

impl Frame {
    pub(super) fn new(title: &str, subtitle: &str) -> Self {
        let title = escaped(title);
        let body = format!(
            "<header><div><h1>{title}</h1><p>{}</p></div><button type=\"button\" id=\"theme\">Dark</button></header>\n<main>\n",
            escaped(subtitle)
        );
        Self { title, body }
    }

    /// Adds markup as it is.
    pub(super) fn push(&mut self, markup: &str) {
        self.body.push_str(markup);
        self.body.push('\n');
    }

    /// Adds markup below a heading.
    pub(super) fn section(&mut self, heading: &str, markup: &str) {
        self.push(&format!("<section><h2>{heading}</h2>{markup}</section>"));
    }

    /// The whole file, with the elements of its numbers.
    pub(super) fn finish(self, data: &str) -> String {
        let script = format!("(() => {{\n\"use strict\";\n{}}})();\n", SCRIPT.concat());
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
            source(&script),
            source(STYLE)
        );
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{}</title>\n<link rel=\"icon\" href=\"{ICON}\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
             {}</main>\n{data}<script>{script}</script>\n</body>\n</html>\n",
            self.title, self.body
        )
    }
}

/// How the policy names a text that it allows.
fn source(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}
