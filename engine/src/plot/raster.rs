//! The picture in memory: a plotters backend that draws smooth lines, areas and letters into RGB.

use std::convert::Infallible;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::{canvas::UNIT, coverage::Coverage};

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Red, green and blue of every pixel, row by row from the top.
pub(super) struct Raster {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
    shape: Coverage,
}

impl Raster {
    /// A white picture.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        let shape = Coverage::new(width, height);
        Self { width, height, rgb: vec![255; width * height * 3], shape }
    }

    pub(super) fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// Fills a rectangle of whole pixels.
    fn fill_pixels(&mut self, from: BackendCoord, to: BackendCoord, color: BackendColor) {
        let place = |units: i32, most: usize| ((units / UNIT).max(0) as usize).min(most);
        let (left, right) = (place(from.0, self.width), place(to.0, self.width));
        for y in place(from.1, self.height)..place(to.1, self.height) {
            let row = &mut self.rgb[y * self.width * 3..][left * 3..right.max(left) * 3];
            for pixel in row.as_chunks_mut::<3>().0 {
                *pixel = [color.rgb.0, color.rgb.1, color.rgb.2];
            }
        }
    }

    fn paint(&mut self, color: BackendColor) {
        let Self { width, rgb, shape, .. } = self;
        shape.drain(|x, y, share| {
            blend(&mut rgb[(y * *width + x) * 3..][..3], color, color.alpha * f64::from(share));
        });
    }
}

/// `new = old + (color - old) * alpha`, rounded.
fn blend(pixel: &mut [u8], color: BackendColor, alpha: f64) {
    let alpha = alpha as f32;
    let channels = [color.rgb.0, color.rgb.1, color.rgb.2];
    for (old, new) in pixel.iter_mut().zip(channels) {
        let (from, to) = (f32::from(*old), f32::from(new));
        *old = (from + (to - from) * alpha + 0.5) as u8;
    }
}

fn pixels(units: BackendCoord) -> (f32, f32) {
    (units.0 as f32 / UNIT as f32, units.1 as f32 / UNIT as f32)
}

impl DrawingBackend for Raster {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width as u32 * UNIT as u32, self.height as u32 * UNIT as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// Colours the whole pixel that holds the point.
    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        let (x, y) = (point.0.div_euclid(UNIT), point.1.div_euclid(UNIT));
        let inside = |at: i32, size: usize| usize::try_from(at).ok().filter(|at| *at < size);
        if let (Some(x), Some(y)) = (inside(x, self.width), inside(y, self.height)) {
            blend(&mut self.rgb[(y * self.width + x) * 3..][..3], color, color.alpha);
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        let whole = [left, top, right, bottom].iter().all(|edge| edge % UNIT == 0);
        if fill && whole && style.color().alpha >= 1.0 {
            self.fill_pixels((left, top), (right, bottom), style.color());
            return Ok(());
        }
        if fill { self.fill_polygon(corners, style) } else { self.draw_path(corners, style) }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<_> = path.into_iter().map(pixels).collect();
        self.shape.stroke(&points, style.stroke_width() as f32 / UNIT as f32 / 2.0);
        self.paint(style.color());
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.shape.stroke(&[pixels(center)], radius as f32 / UNIT as f32);
        self.paint(style.color());
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<_> = corners.into_iter().map(pixels).collect();
        self.shape.fill(&points);
        self.paint(style.color());
        Ok(())
    }

    /// The style draws in pixels, so a pixel here is a whole one.
    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        style
            .draw(text, at, |x, y, color| self.draw_pixel((x * UNIT, y * UNIT), color))
            .map_err(|error| DrawingErrorKind::FontError(Box::new(error)))?
    }
}
