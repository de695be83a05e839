// The page of a walk-forward optimisation or a cross-validation.

/** Where each window out of sample begins, with its number. */
class Folds {
  constructor(rows, names) {
    Object.assign(this, { rows, names });
  }

  extremes() {
    return null;
  }

  draw({ pen, x, height, from, to }) {
    let end = -Infinity;
    this.rows.forEach((row, at) => {
      if (row < from - 1 || row > to) return;
      const across = Math.round(x(row - 0.5)) + 0.5;
      pen.strokeStyle = color("level");
      pen.lineWidth = 1;
      pen.setLineDash([4, 4]);
      pen.beginPath();
      pen.moveTo(across, 0);
      pen.lineTo(across, height);
      pen.stroke();
      pen.setLineDash([]);
      if (!this.names) return;
      const name = `fold ${this.names[at]}`;
      // Where windows are narrow, every so many are named.
      if (across < end) return;
      end = across + pen.measureText(name).width + 14;
      pen.textAlign = "left";
      haloed(pen, name, across + 5, 9);
    });
  }
}

/** A figure of every fold: in sample grey, out of sample blue. */
class Duel extends Plate {
  constructor(metric) {
    super(document.getElementById("duel-stage"), 240, "In sample against out of sample");
    this.metric = metric;
    const names = page.metrics.map(({ name }) => name);
    const tools = document.getElementById("duel-tools");
    const legend = [["benchmark", "in sample"], ["equity", "out of sample"]].map(([ink, text]) =>
      make("span", { className: "entry" }, make("i", { className: `key ink-${ink}`, ariaHidden: "true" }), text));
    tools.append(picker("Figure", names, page.metrics.indexOf(metric), (at) => {
      this.metric = page.metrics[at];
      this.redraw();
    }), ...legend);
  }

  draw(pen) {
    const { inside, outside } = this.metric;
    const known = [...inside, ...outside].filter((value) => value !== null);
    const [low, high] = known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 0]);
    const field = { left: 4, top: 10, right: this.width - gutter(), bottom: this.height - 26 };
    const margin = (high - low || 1) * 0.06;
    const ends = [low < 0 ? low - margin : 0, high > 0 ? high + margin : 0];
    const y = this.scale(pen, field, ends[0] === ends[1] ? [0, 1] : ends, tickKind(this.metric));
    const each = (field.right - field.left) / page.folds.length;
    const wide = Math.min(46, each * 0.34);
    const middle = (at) => field.left + (at + 0.5) * each;
    [[inside, "benchmark", -wide - 1], [outside, "equity", 1]].forEach(([values, ink, shift]) => {
      pen.fillStyle = color(ink);
      values.forEach((value, at) => {
        if (value === null) return;
        const [zero, end] = [y(0), y(value)];
        pen.fillRect(middle(at) + shift, Math.min(zero, end), wide, Math.max(1, Math.abs(end - zero)));
      });
    });
    pen.fillStyle = color("muted");
    pen.textAlign = "center";
    spacedTexts(pen, page.folds.map((fold) => `fold ${fold}`), middle, this.height - 10, [0, this.width]);
  }
}

function validationPage() {
  const days = column(page.ts);
  const values = column(page.values);
  const starts = Array.from(column(page.starts), (ts) => lowerBound(days, ts));
  const depth = depths(values, page.initial);
  const equity = new Panel({
    name: "Equity out of sample", height: 320, scales: true,
    legend: [{ name: page.name, ink: "equity", text: (row) => grouped(values[row], 2) }],
    layers: [new Level(page.initial), new Line(values, "equity", 1.8), new Folds(starts, page.folds)],
  });
  const water = new Panel({
    name: "Under water", height: 140, kind: "percent", ceiling: true, axis: true,
    legend: [{ name: "", ink: "water", text: (row) => percent(depth[row]) }],
    layers: [new Depth(depth, "water", 1.2), new Folds(starts)],
  });
  const stack = document.getElementById("stack");
  stack.replaceChildren(equity.figure, water.figure);
  const view = new View(days, [equity, water], stack);
  const duel = new Duel(page.metrics.find(({ key }) => key === page.rank));
  controls(view);
  new Overview(view, values);
  view.resize();
  theme(() => {
    view.redraw();
    duel.redraw();
  });
  // For whoever checks the page from outside.
  window.report = { view, duel, values };
}
