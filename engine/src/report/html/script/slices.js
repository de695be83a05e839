// One parameter at a time, and how the figure is distributed over all trials.

class Slice extends Plate {
  constructor(sweep, axis, metric) {
    const stage = make("div", { className: "stage" });
    super(stage, 190, `The figure over ${axis.name}`);
    Object.assign(this, { sweep, axis, at: null });
    this.caption = make("figcaption");
    this.figure = make("figure", {}, this.caption, stage);
    this.show(metric);
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.point(null));
  }

  show(metric) {
    this.metric = metric;
    const { rows, axes, best } = this.sweep;
    const groups = this.axis.values.map(() => []);
    this.dots = [];
    const others = axes.filter((axis) => axis !== this.axis);
    for (let row = 0; row < rows; row++) {
      const [place, value] = [this.axis.places[row], metric.values[row]];
      if (Number.isNaN(value)) continue;
      groups[place].push(value);
      if (others.every(({ places }) => places[row] === places[best])) this.dots.push([place, value]);
    }
    const quantile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];
    this.points = groups.flatMap((group, place) => {
      if (!group.length) return [];
      const sorted = Float64Array.from(group).sort();
      const mean = sorted.reduce((a, b) => a + b) / sorted.length;
      return [{ place, mean, low: quantile(sorted, 0.1), high: quantile(sorted, 0.9) }];
    });
    this.say();
    this.redraw();
  }

  draw(pen) {
    const { points, dots, axis } = this;
    if (!points.length) return;
    const field = { left: 8, top: 8, right: this.width - gutter(), bottom: this.height - 24 };
    const values = [...points.flatMap(({ low, high }) => [low, high]), ...dots.map(([, value]) => value), ...points.map(({ mean }) => mean)];
    let [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    if (low === high) [low, high] = [low - 1, high + 1];
    const margin = (high - low) * 0.06;
    const y = this.scale(pen, field, [low - margin, high + margin], tickKind(this.metric));
    const x = (place) => field.left + ((place + 0.5) / axis.values.length) * (field.right - field.left);
    this.x = x;
    const path = (get, list) => list.forEach((point, at) => pen[at ? "lineTo" : "moveTo"](x(point.place), y(get(point))));
    pen.globalAlpha = 0.22;
    pen.fillStyle = color("equity");
    pen.beginPath();
    points.forEach((point, at) => pen[at ? "lineTo" : "moveTo"](x(point.place), y(point.high)));
    [...points].reverse().forEach((point) => pen.lineTo(x(point.place), y(point.low)));
    pen.fill();
    pen.globalAlpha = 1;
    pen.strokeStyle = color("equity");
    pen.lineWidth = 1.8;
    pen.beginPath();
    path(({ mean }) => mean, points);
    pen.stroke();
    this.marks(pen, x, y, field);
  }

  marks(pen, x, y, field) {
    const { dots, axis, sweep } = this;
    const size = dots.length > 60 ? 1.6 : 3;
    for (const [place, value] of dots) {
      pen.fillStyle = color(place === axis.places[sweep.best] ? "sell" : "ink1");
      pen.beginPath();
      pen.arc(x(place), y(value), place === axis.places[sweep.best] ? 5 : size, 0, 7);
      pen.fill();
    }
    if (this.at !== null) {
      pen.strokeStyle = color("crosshair");
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(Math.round(x(this.at)) + 0.5, field.top);
      pen.lineTo(Math.round(x(this.at)) + 0.5, field.bottom);
      pen.stroke();
    }
    pen.fillStyle = color("muted");
    pen.textAlign = "center";
    spacedTexts(pen, axis.values, x, this.height - 10, [0, this.width]);
  }

  point(event) {
    let at = null;
    if (event && this.x) {
      const box = this.canvas.getBoundingClientRect();
      const share = (event.clientX - box.left - this.x(-0.5)) / (this.x(0.5) - this.x(-0.5));
      at = Math.max(0, Math.min(this.axis.values.length - 1, Math.floor(share)));
    }
    if (at === this.at) return;
    this.at = at;
    this.say();
    this.redraw();
  }

  /** The caption: the value that is pointed at, else that of the best trial. */
  say() {
    const place = this.at ?? this.axis.places[this.sweep.best];
    const found = this.points.find((point) => point.place === place);
    const dot = this.dots.find(([at]) => at === place);
    const text = (value) => figureText(this.metric, value);
    const parts = [make("strong", { textContent: this.axis.name }), ` ${this.axis.values[place]}`];
    if (found) parts.push(make("span", { textContent: `mean ${text(found.mean)}, ${text(found.low)} to ${text(found.high)}` }));
    if (dot) parts.push(make("span", { textContent: `beside the best ${text(dot[1])}` }));
    this.caption.replaceChildren(...parts);
  }
}

/** How many trials reached which value. */
class Spread extends Plate {
  constructor(sweep) {
    super(document.getElementById("spread-stage"), 210, "Distribution of the trials");
    this.sweep = sweep;
    this.show(sweep.rank);
  }

  show(metric) {
    this.metric = metric;
    this.sorted = metric.values.filter((value) => !Number.isNaN(value)).sort();
    this.redraw();
  }

  draw(pen) {
    const { sorted, sweep, metric } = this;
    if (!sorted.length) return;
    const luck = metric === sweep.rank ? sweep.luck : null;
    let [low, high] = [sorted[0], sorted[sorted.length - 1]];
    if (luck !== null) high = Math.max(high, luck);
    if (low === high) [low, high] = [low - 1, high + 1];
    const bins = Math.max(8, Math.min(60, Math.round(Math.sqrt(sorted.length)), Math.floor(this.width / 14)));
    const counts = new Float64Array(bins);
    for (const value of sorted) counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
    const field = { left: 8, top: 40, right: this.width - 8, bottom: this.height - 24 };
    const x = (value) => field.left + ((value - low) / (high - low)) * (field.right - field.left);
    const most = counts.reduce((a, b) => Math.max(a, b));
    pen.fillStyle = color("equity");
    pen.globalAlpha = 0.75;
    counts.forEach((found, bin) => {
      const wide = (field.right - field.left) / bins;
      const tall = (found / most) * (field.bottom - field.top);
      pen.fillRect(field.left + bin * wide + 0.5, field.bottom - tall, wide - 1, tall);
    });
    pen.globalAlpha = 1;
    pen.fillStyle = color("muted");
    pen.textAlign = "center";
    const ticks = niceTicks(low, high, Math.max(3, Math.floor(this.width / 110)));
    spacedTexts(pen, ticks.map(tickFormat(ticks, tickKind(metric))), (at) => x(ticks[at]), this.height - 10, [0, this.width]);
    const marks = [["median", sorted[Math.floor(sorted.length / 2)]], ["best", metric.values[sweep.best]]];
    if (luck !== null) marks.push(["best by luck alone", luck]);
    this.marks(pen, marks.filter(([, value]) => !Number.isNaN(value)), x, field);
  }

  marks(pen, marks, x, field) {
    const across = (value) => Math.round(x(value)) + 0.5;
    const y = (at) => 8 + 14 * (at % 3);
    pen.strokeStyle = color("text");
    pen.setLineDash([3, 3]);
    pen.lineWidth = 1;
    pen.beginPath();
    marks.forEach(([, value], at) => {
      pen.moveTo(across(value), y(at));
      pen.lineTo(across(value), field.bottom);
    });
    pen.stroke();
    pen.setLineDash([]);
    marks.forEach(([name, value], at) => {
      const left = across(value) > this.width * 0.6;
      pen.textAlign = left ? "right" : "left";
      haloed(pen, `${name} ${figureText(this.metric, value)}`, across(value) + (left ? -5 : 5), y(at));
    });
  }
}
