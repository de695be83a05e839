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
    const size = end - start > MANY ? 3.5 : 5.5;
    const drawn = new Set();
    for (const [ink, sign] of [["buy", 1], ["sell", -1]]) {
      pen.beginPath();
      for (let at = start; at < end; at++) {
        if (Math.sign(this.quantities[at]) !== sign) continue;
        const [across, tip] = [x(this.rows[at]), y(this.prices[at])];
        const pixel = sign * (Math.round(across * 2) * 16384 + Math.round(tip * 2));
        if (drawn.has(pixel)) continue;
        drawn.add(pixel);
        pen.moveTo(across, tip);
        pen.lineTo(across - size, tip + sign * size * 1.7);
        pen.lineTo(across + size, tip + sign * size * 1.7);
        pen.closePath();
      }
      pen.fillStyle = color(ink);
      pen.strokeStyle = color("paper");
      pen.lineWidth = 1;
      if (end - start <= MANY) pen.stroke();
      pen.fill();
    }
  }
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
