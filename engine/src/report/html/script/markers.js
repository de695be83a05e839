// Fills and trades on the price: a triangle whose tip is at the price of the fill, and a line from
// entry to exit. None is left out at any zoom; triangles that would cover the same pixel are drawn once.

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

  draw({ pen, first, last, x, y }) {
    const start = lowerBound(this.rows, first);
    const end = lowerBound(this.rows, last);
    if (end - start <= MANY) this.trace(pen, start, end, x, y);
  }

  /** The layer below the price, on which many triangles are set so that the price stays visible. */
  below() {
    return {
      extremes: () => null,
      draw: ({ pen, first, last, x, y }) => {
        const start = lowerBound(this.rows, first);
        const end = lowerBound(this.rows, last);
        if (end - start > MANY) this.stamp(pen, start, end, x, y);
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

  /** Many: a small picture of a triangle, set once at each pixel that has a tip. */
  stamp(pen, start, end, x, y) {
    const [buy, sell] = [stampOf("buy", 1), stampOf("sell", -1)];
    const set = new Set();
    for (let at = start; at < end; at++) {
      const bought = this.quantities[at] > 0;
      const [across, tip] = [Math.round(x(this.rows[at])), Math.round(y(this.prices[at]))];
      const pixel = (across * 8192 + tip) * 2 + (bought ? 1 : 0);
      if (set.has(pixel)) continue;
      set.add(pixel);
      pen.drawImage(bought ? buy : sell, across - STAMP, tip - (bought ? 0 : STAMP * 2), STAMP * 2, STAMP * 2);
    }
  }
}

const STAMP = 4;

function triangle(pen, across, tip, sign, size) {
  pen.beginPath();
  pen.moveTo(across, tip);
  pen.lineTo(across - size, tip + sign * size * 1.7);
  pen.lineTo(across + size, tip + sign * size * 1.7);
  pen.closePath();
}

/** A triangle as a small canvas, in the resolution of the screen. */
function stampOf(ink, sign) {
  const ratio = window.devicePixelRatio || 1;
  const canvas = make("canvas", { width: STAMP * 2 * ratio, height: STAMP * 2 * ratio });
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  triangle(pen, STAMP, sign > 0 ? 0 : STAMP * 2, sign, STAMP - 0.5);
  pen.fillStyle = color(ink);
  pen.fill();
  return canvas;
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
