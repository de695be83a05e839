// What a panel can draw. A layer knows the extremes of a range of rows and how to draw it; where many
// bars share a pixel column their extremes are what is drawn, so no bar is ever left out.

/** A line through the values of a column. */
class Line {
  constructor(values, ink, width = 1.5, dash = []) {
    Object.assign(this, { values, ink, width, dash, pyramid: new Pyramid(values, values) });
    this.period = dash.reduce((sum, part) => sum + part, 0);
  }

  extremes(from, to) {
    return this.pyramid.range(from, to) ? [this.pyramid.least, this.pyramid.most] : null;
  }

  draw(area) {
    const { pen } = area;
    pen.beginPath();
    if (this.isNear(area)) this.trace(area);
    else this.sweep(area);
    pen.strokeStyle = color(this.ink);
    pen.lineWidth = this.width;
    pen.lineJoin = "round";
    if (this.isNear(area)) pen.setLineDash(this.dash);
    pen.stroke();
    pen.setLineDash([]);
  }

  /** Whether bars are drawn one by one, not the extremes of each pixel column. */
  isNear({ from, to, width }) {
    return to - from <= width * 2;
  }

  trace({ pen, first, last, x, y }) {
    let down = false;
    for (let row = first; row < last; row++) {
      const value = this.values[row];
      if (Number.isNaN(value)) down = false;
      else if (down) pen.lineTo(x(row), y(value));
      else {
        pen.moveTo(x(row), y(value));
        // A value without neighbours is a dot.
        if (row + 1 >= last || Number.isNaN(this.values[row + 1])) pen.arc(x(row), y(value), 1, 0, 7);
        down = true;
      }
    }
  }

  /** Whether a dashed line has ink in a pixel column; where columns are upright strokes, they are the dashes. */
  isInked(at) {
    let place = this.period ? at % this.period : 0;
    const part = this.dash.findIndex((length) => (place -= length) < 0);
    return part < 0 || part % 2 === 0;
  }

  sweep(area) {
    let [least, most] = [NaN, NaN];
    eachPixel(area, (at, start, end) => {
      if (!this.pyramid.range(start, end)) {
        [least, most] = [NaN, NaN];
        return;
      }
      // Where two pixel columns do not overlap they are joined, as the line between them would.
      const bottom = this.pyramid.least > most ? most : this.pyramid.least;
      const top = this.pyramid.most < least ? least : this.pyramid.most;
      if (this.isInked(at)) {
        area.pen.moveTo(at, area.y(bottom) + 0.4);
        area.pen.lineTo(at, area.y(top) - 0.4);
      }
      [least, most] = [this.pyramid.least, this.pyramid.most];
    });
  }
}

/** Calls back with the middle of each pixel column and the rows that fall into it. */
function eachPixel({ from, to, left, width, rows }, visit) {
  const per = (to - from) / width;
  for (let pixel = 0; pixel < width; pixel++) {
    const start = Math.max(0, Math.floor(from + pixel * per));
    const end = Math.min(rows, Math.max(start + 1, Math.floor(from + (pixel + 1) * per)));
    if (end > start) visit(left + pixel + 0.5, start, end);
  }
}

/** The area between two columns, or between a column and a level. */
class Band {
  constructor(low, high, ink, alpha) {
    Object.assign(this, { low, high, ink, alpha, pyramid: new Pyramid(low, high) });
  }

  extremes(from, to) {
    return this.pyramid.range(from, to) ? [this.pyramid.least, this.pyramid.most] : null;
  }

  draw(area) {
    const { pen, y } = area;
    pen.globalAlpha = this.alpha;
    pen.fillStyle = color(this.ink);
    eachPixel(area, (at, start, end) => {
      if (!this.pyramid.range(start, end)) return;
      const [top, bottom] = [y(this.pyramid.most), y(this.pyramid.least)];
      pen.fillRect(at - 0.5, top, 1, Math.max(1, bottom - top));
    });
    pen.globalAlpha = 1;
  }
}

/** Columns from zero, up or down: volume, the histogram of a MACD. */
class Bars extends Line {
  extremes(from, to) {
    return this.pyramid.range(from, to) ? [Math.min(0, this.pyramid.least), Math.max(0, this.pyramid.most)] : null;
  }

  draw(area) {
    const { pen, x, y, from, to, width } = area;
    pen.fillStyle = color(this.ink);
    const each = width / (to - from);
    if (each < 1.5) {
      eachPixel(area, (at, start, end) => {
        if (!this.pyramid.range(start, end)) return;
        const [top, bottom] = [y(Math.max(0, this.pyramid.most)), y(Math.min(0, this.pyramid.least))];
        pen.fillRect(at - 0.5, top, 1, bottom - top);
      });
      return;
    }
    const wide = Math.max(1, Math.min(24, each * 0.7));
    for (let row = area.first; row < area.last; row++) {
      if (Number.isNaN(this.values[row])) continue;
      const [zero, end] = [y(0), y(this.values[row])];
      pen.fillRect(x(row) - wide / 2, Math.min(zero, end), wide, Math.abs(end - zero));
    }
  }
}

/** Open, high, low and close: candles where there is room for them, else the close within its range. */
class Candles {
  constructor(open, high, low, close) {
    Object.assign(this, { open, high, low, close });
    this.band = new Band(low, high, "range", 0.42);
    this.line = new Line(close, "price", 1.2);
  }

  extremes(from, to) {
    return this.band.extremes(from, to);
  }

  draw(area) {
    const each = area.width / (area.to - area.from);
    if (each < 3) {
      this.band.draw(area);
      this.line.draw(area);
      return;
    }
    const { pen, x, y } = area;
    const wide = Math.max(2, Math.min(16, Math.round(each * 0.66)));
    for (let row = area.first; row < area.last; row++) {
      if (Number.isNaN(this.close[row])) continue;
      const up = this.close[row] >= this.open[row];
      const middle = Math.round(x(row) - 0.5) + 0.5;
      const [top, bottom] = [y(Math.max(this.open[row], this.close[row])), y(Math.min(this.open[row], this.close[row]))];
      const body = Math.max(1, bottom - top);
      pen.strokeStyle = pen.fillStyle = color(up ? "up" : "down");
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(middle, y(this.high[row]));
      pen.lineTo(middle, top);
      pen.moveTo(middle, bottom);
      pen.lineTo(middle, y(this.low[row]));
      pen.stroke();
      // Hollow when it closed at or above its open, so that colour is not the only sign.
      if (up && wide >= 5 && body > 2) pen.strokeRect(middle - wide / 2, top + 0.5, wide, body - 1);
      else pen.fillRect(middle - wide / 2, top, wide, body);
    }
  }
}

/** A dashed level across the panel. */
class Level {
  constructor(value, ink = "level") {
    Object.assign(this, { value, ink });
  }

  extremes() {
    return null;
  }

  draw({ pen, left, width, y, low, high }) {
    if (this.value < low || this.value > high) return;
    pen.setLineDash([4, 4]);
    pen.strokeStyle = color(this.ink);
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(left, Math.round(y(this.value)) + 0.5);
    pen.lineTo(left + width, Math.round(y(this.value)) + 0.5);
    pen.stroke();
    pen.setLineDash([]);
  }
}

/** A line with the area up to zero filled: the depth under water. */
class Depth extends Line {
  extremes(from, to) {
    return this.pyramid.range(from, to) ? [this.pyramid.least, 0] : null;
  }

  draw(area) {
    const { pen, y } = area;
    pen.globalAlpha = 0.22;
    pen.fillStyle = color(this.ink);
    if (this.isNear(area)) this.fill(area);
    else {
      eachPixel(area, (at, start, end) => {
        if (this.pyramid.range(start, end)) pen.fillRect(at - 0.5, y(0), 1, y(this.pyramid.least) - y(0));
      });
    }
    pen.globalAlpha = 1;
    super.draw(area);
  }

  /** The area with the edge that the line has. */
  fill({ pen, first, last, x, y }) {
    pen.beginPath();
    for (let row = first; row + 1 < last; row++) {
      const [one, other] = [this.values[row], this.values[row + 1]];
      if (Number.isNaN(one) || Number.isNaN(other) || (one === 0 && other === 0)) continue;
      pen.moveTo(x(row), y(0));
      pen.lineTo(x(row), y(one));
      pen.lineTo(x(row + 1), y(other));
      pen.lineTo(x(row + 1), y(0));
    }
    pen.fill();
  }
}
