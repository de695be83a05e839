//! Letters: the embedded fonts, the width of a text, and its pixels.
//!
//! Ubuntu Light comes first, Hack helps out with the signs that it lacks. A letter that neither has
//! is drawn as the empty box of the first font; nothing is looked up on the system.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, GlyphId, PxScale, ScaleFont, point};

static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR]
        .map(|bytes| FontRef::try_from_slice(bytes).expect("the embedded fonts are valid"))
});

/// Thin strokes on white look paler than they are; this power darkens the partly covered pixels.
const DARKEN: f32 = 0.75;

/// How far the second pass of a bold letter is moved, in ems.
const BOLD_SHIFT: f32 = 0.035;

/// The first font that has the letter, and its glyph there.
fn glyph(letter: char) -> (&'static FontRef<'static>, GlyphId) {
    FONTS
        .iter()
        .map(|font| (font, font.glyph_id(letter)))
        .find(|(_, id)| id.0 != 0)
        .unwrap_or((&FONTS[0], GlyphId(0)))
}

/// The scale at which one em of the font is `em` pixels.
fn scale(font: &FontRef<'static>, em: f32) -> PxScale {
    let units = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(em * font.height_unscaled() / units)
}

/// Lays the letters out from x = 0 and hands each its font, glyph and x; the width comes back.
fn lay_out(
    text: &str,
    em: f32,
    mut place: impl FnMut(&'static FontRef<'static>, GlyphId, f32),
) -> f32 {
    let mut x = 0.0;
    let mut before: Option<(&'static FontRef<'static>, GlyphId)> = None;
    for letter in text.chars() {
        let (font, id) = glyph(letter);
        let scaled = font.as_scaled(scale(font, em));
        if let Some((font_before, id_before)) = before
            && std::ptr::eq(font, font_before)
        {
            x += scaled.kern(id_before, id);
        }
        place(font, id, x);
        x += scaled.h_advance(id);
        before = Some((font, id));
    }
    x
}

/// Width of `text` in pixels when an em is `em` pixels.
pub(super) fn width(text: &str, em: f64) -> f64 {
    f64::from(lay_out(text, em as f32, |_, _, _| {}))
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    /// Left end of the text, pixels.
    pub(super) x: f32,
    /// Its base line, pixels.
    pub(super) baseline: f32,
    /// Size of an em, pixels.
    pub(super) em: f32,
    /// Whether strokes are thicker.
    pub(super) bold: bool,
}

/// Hands out every pixel that `text` touches with the share that is covered; pixels may repeat.
pub(super) fn draw(text: &str, setting: Setting, mut pixel: impl FnMut(i32, i32, f32)) {
    let shifts: &[f32] = if setting.bold { &[0.0, BOLD_SHIFT] } else { &[0.0] };
    lay_out(text, setting.em, |font, id, x| {
        for shift in shifts {
            let position = point(setting.x + x + shift * setting.em, setting.baseline);
            let glyph = Glyph { id, scale: scale(font, setting.em), position };
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|x, y, share| {
                    let (x, y) = (corner.x as i32 + x as i32, corner.y as i32 + y as i32);
                    pixel(x, y, share.clamp(0.0, 1.0).powf(DARKEN));
                });
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_has_a_width_and_pixels_and_none_panics() {
        let setting = Setting { x: 0.5, baseline: 20.0, em: 12.0, bold: true };
        for text in
            ["SPY", "Zürich Ωμέγα Привет", "東京 🚀\u{fe0f}", "\0\u{1b}[31m", "▲▼", "e\u{301}"]
        {
            let mut touched = 0;
            draw(text, setting, |_, _, share| touched += usize::from(share > 0.0));
            assert!(touched > 10 && width(text, 12.0) > 4.0, "{text}");
        }
        assert!(width("", 12.0) == 0.0);
        let (narrow, wide) = (width("iii", 12.0), width("WWW", 12.0));
        assert!(narrow * 2.0 < wide && wide < 48.0, "{narrow} {wide}");
    }
}
