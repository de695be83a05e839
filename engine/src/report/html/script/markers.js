// Fills and trades on the price: a triangle whose tip is at the price of the fill, and a line from
// entry to exit. None is left out at any zoom: where triangles would hide the price, a strip below it
// counts the fills.

const MANY = 300;

class Markers {
  /** Columns of fills, by row of the axis. */
  constructor({ rows, prices, quantities }) {
    Object.assign(this, { rows, prices, quantities });
  }

  extremes(from, to) {
    let [least, most] = [Infinity, -Infinity];
    for (let at = lowerBound(this.rows, from); at < this.rows.length && this.rows[at] < to; at++) {
      least = Math.min(least, this.prices[at]);
      most = Math.max(most, this.prices[at]);
    }
    return least <= most ? [least, most] : null;
  }

  draw({ pen, from, to, first, last, width, x, y }) {
    if (this.isCrowded(from, to, width)) return;
    this.trace(pen, lowerBound(this.rows, first), lowerBound(this.rows, last), x, y);
  }

  /** Whether so many fills are in view that triangles would hide the price. */
  isCrowded(from, to, width) {
    return lowerBound(this.rows, to) - lowerBound(this.rows, from) > Math.min(MANY, width / 3);
  }

  /** The strip at the foot of the panel that takes the place of triangles which would hide the price. */
  strip() {
    const isStrip = (from, to, width) => this.isCrowded(from, to, width);
    return {
      isStrip,
      extremes: () => null,
      draw: (area) => {
        if (isStrip(area.from, area.to, area.width)) this.count(area);
      },
    };
  }

  /** Few enough to be drawn one by one, with an edge that sets them off from the price. */
  trace(pen, start, end, x, y) {
    pen.strokeStyle = color("paper");
    pen.lineWidth = 1;
    for (let at = start; at < end; at++) {
      const sign = Math.sign(this.quantities[at]);
      pen.fillStyle = color(sign > 0 ? "buy" : "sell");
      triangle(pen, x(this.rows[at]), y(this.prices[at]), sign, 5.5);
      pen.stroke();
      pen.fill();
    }
  }

  /** Many: how many there are in each pixel column, buys upwards from a line and sells downwards. */
  count(area) {
    const { pen, height, width } = area;
    const columns = Math.ceil(width);
    const [buys, sells] = [new Float64Array(columns), new Float64Array(columns)];
    const per = (area.to - area.from) / width;
    for (let at = lowerBound(this.rows, area.from); at < this.rows.length && this.rows[at] < area.to; at++) {
      (this.quantities[at] > 0 ? buys : sells)[Math.floor((this.rows[at] - area.from) / per)]++;
    }
    const most = Math.max(buys.reduce((a, b) => Math.max(a, b)), sells.reduce((a, b) => Math.max(a, b)), 1);
    const reach = Math.round(height * STRIP);
    const middle = height - reach - 1;
    for (const [counts, ink, sign] of [[buys, "buy", -1], [sells, "sell", 1]]) {
      pen.fillStyle = color(ink);
      counts.forEach((found, pixel) => {
        // One fill is seen beside any number of others.
        const tall = found ? Math.max(1, Math.round((found / most) * reach)) : 0;
        pen.fillRect(pixel, sign < 0 ? middle - tall : middle, 1, tall);
      });
    }
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    haloed(pen, "fills over time: buys up, sells down", 6, middle - reach - 7);
  }
}

/** Share of the panel that either side of the strip takes at most. */
const STRIP = 0.045;

function triangle(pen, across, tip, sign, size) {
  pen.beginPath();
  pen.moveTo(across, tip);
  pen.lineTo(across - size, tip + sign * size * 1.7);
  pen.lineTo(across + size, tip + sign * size * 1.7);
  pen.closePath();
}

/** Lines from the entry of each trade to its exit, and a light ground behind the chosen one. */
class Trades {
  constructor(trades) {
    this.trades = trades;
    this.chosen = null;
  }

  extremes() {
    return null;
  }

  draw(area) {
    const { pen, x, y, top, height } = area;
    const visible = this.trades.filter((trade) => trade.to >= area.first && trade.from < area.last);
    for (const won of visible.length > MANY ? [] : [true, false]) {
      pen.beginPath();
      for (const trade of visible) {
        if (Number.isNaN(trade.exit) || trade.profit > 0 !== won) continue;
        pen.moveTo(x(trade.from), y(trade.entry));
        pen.lineTo(x(trade.to), y(trade.exit));
      }
      pen.strokeStyle = color(won ? "buy" : "sell");
      pen.lineWidth = 1.2;
      pen.setLineDash(won ? [] : [3, 3]);
      pen.globalAlpha = 0.75;
      pen.stroke();
      pen.globalAlpha = 1;
      pen.setLineDash([]);
    }
    if (this.chosen) {
      const [from, to] = [x(this.chosen.from), x(this.chosen.to)];
      pen.fillStyle = color("chosen");
      pen.fillRect(from - 2, top, to - from + 4, height);
    }
  }
}
