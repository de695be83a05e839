//! What the panels draw with: lines, areas, rectangles and text in pixels with fractions, the same
//! calls for PNG and SVG.
//!
//! Behind it stands a plotters backend. Its coordinates are whole numbers, so a pixel is [`UNIT`] of
//! them.

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontFamily, FontStyle,
    text_anchor::{HPos, Pos, VPos},
};

use super::{PlotError, font};

/// Backend units in one pixel.
pub(super) const UNIT: i32 = 16;

/// Font size times this is the size that plotters speaks of (the height of a line).
pub(super) const LINE_OF_EM: f64 = 1.24;

/// Half the height of a lower-case letter in ems, by which a text is centred on its y.
pub(super) const HALF_X_HEIGHT: f64 = 0.26;

/// A point in pixels from the top left corner.
pub(super) type Point = (f64, f64);

/// A colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    rgb: (u8, u8, u8),
    alpha: f64,
}

impl Ink {
    pub(super) const fn new(rgb: u32) -> Self {
        Self { rgb: ((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8), alpha: 1.0 }
    }

    pub(super) const fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    fn backend(self) -> BackendColor {
        BackendColor { rgb: self.rgb, alpha: self.alpha }
    }
}

/// Where a text stands to its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lettering {
    /// Font size in pixels.
    pub(super) em: f64,
    pub(super) ink: Ink,
    pub(super) align: Align,
    pub(super) bold: bool,
}

impl Lettering {
    pub(super) const fn new(em: f64, ink: Ink) -> Self {
        Self { em, ink, align: Align::Left, bold: false }
    }

    pub(super) const fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rect {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }
}

/// The drawing surface.
pub(super) struct Canvas<B: DrawingBackend> {
    backend: B,
}

impl<B: DrawingBackend> Canvas<B> {
    pub(super) fn new(backend: B) -> Self {
        Self { backend }
    }

    /// A line through the points; a single point is a dot.
    pub(super) fn line(&mut self, points: &[Point], ink: Ink, width: f64) -> Result<(), PlotError> {
        let stroke = Stroke { color: ink.backend(), width: units(width).max(1) as u32 };
        match points {
            [] => Ok(()),
            [dot] => {
                let radius = units(width).max(1) as u32;
                done(self.backend.draw_circle(place(*dot), radius, &ink.backend(), true))
            }
            _ => done(self.backend.draw_path(points.iter().map(|point| place(*point)), &stroke)),
        }
    }

    /// The inside of a polygon.
    pub(super) fn area(&mut self, points: &[Point], ink: Ink) -> Result<(), PlotError> {
        let points = points.iter().map(|point| place(*point));
        done(self.backend.fill_polygon(points, &ink.backend()))
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, rect: Rect, ink: Ink) -> Result<(), PlotError> {
        let (from, to) = (place((rect.left, rect.top)), place((rect.right, rect.bottom)));
        done(self.backend.draw_rect(from, to, &ink.backend(), true))
    }

    /// A text whose lower-case letters are centred on the y of `at`.
    pub(super) fn text(&mut self, text: &str, at: Point, look: Lettering) -> Result<(), PlotError> {
        done(self.backend.draw_text(text, &look, place(at)))
    }

    /// Ends the drawing.
    pub(super) fn finish(mut self) -> Result<B, PlotError> {
        done(self.backend.present())?;
        Ok(self.backend)
    }
}

fn done<E: std::error::Error + Send + Sync>(
    result: Result<(), DrawingErrorKind<E>>,
) -> Result<(), PlotError> {
    result.map_err(|error| PlotError::Draw { reason: error.to_string() })
}

fn units(pixels: f64) -> i32 {
    (pixels * f64::from(UNIT)).round() as i32
}

fn place(point: Point) -> BackendCoord {
    (units(point.0), units(point.1))
}

struct Stroke {
    color: BackendColor,
    width: u32,
}

impl BackendStyle for Stroke {
    fn color(&self) -> BackendColor {
        self.color
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

impl BackendTextStyle for Lettering {
    type FontError = std::convert::Infallible;

    fn color(&self) -> BackendColor {
        self.ink.backend()
    }

    fn size(&self) -> f64 {
        self.em * LINE_OF_EM * f64::from(UNIT)
    }

    fn anchor(&self) -> Pos {
        let across = match self.align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        Pos::new(across, VPos::Center)
    }

    fn style(&self) -> FontStyle {
        if self.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    /// One family for the whole picture; an SVG names it at its root.
    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name("inherit")
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Self::FontError> {
        let (width, height) = (font::width(text, self.em), self.em * LINE_OF_EM);
        Ok(((0, 0), (units(width), units(height))))
    }

    /// Draws in *pixels*; `pos` is in units like everything that a backend is given.
    fn draw<E, F: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        pos: BackendCoord,
        mut pixel: F,
    ) -> Result<Result<(), E>, Self::FontError> {
        let (x, y) = (f64::from(pos.0) / f64::from(UNIT), f64::from(pos.1) / f64::from(UNIT));
        let x = match self.align {
            Align::Left => x,
            Align::Middle => x - font::width(text, self.em) / 2.0,
            Align::Right => x - font::width(text, self.em),
        };
        let setting = font::Setting {
            x: x as f32,
            baseline: (y + HALF_X_HEIGHT * self.em).round() as f32,
            em: self.em as f32,
            bold: self.bold,
        };
        let color = self.ink.backend();
        let mut result = Ok(());
        font::draw(text, setting, |x, y, share| {
            if result.is_ok() && share > 0.0 {
                result = pixel(x, y, color.mix(f64::from(share)));
            }
        });
        Ok(result)
    }
}
