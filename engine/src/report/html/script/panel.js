// One panel: a canvas with its layers, its axis of values on the right and, where it is the last of a
// group, the axis of time; above it a legend whose figures follow the cursor.

const inks = new Map();

/** A colour of the theme by its name. */
function color(name) {
  if (!inks.has(name)) {
    inks.set(name, getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim());
  }
  return inks.get(name);
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class Panel {
  /**
   * `layers` from back to front; `legend` rows of name, ink and the text for a row of the axis;
   * `kind` of its numbers; `floor` and `ceiling` when the axis ends exactly at its data there.
   */
  constructor(options) {
    Object.assign(this, { kind: "", legend: [], axis: false, log: false, height: 120 }, options);
    this.canvas = make("canvas", { className: "plot" });
    this.cursor = make("canvas", { className: "cursor" });
    this.values = this.legend.map(() => make("b"));
    const entries = this.legend.map(({ name, ink, mark, dash }, at) => {
      const key = dash?.length ? dashedKey(ink, dash) : make("i", { className: `key ink-${ink} ${mark ?? ""}`, ariaHidden: "true" });
      return make("span", { className: "entry" }, key, name, " ", this.values[at]);
    });
    // When the figures of the legends are of; the topmost panel says it for all.
    this.when = make("b", { className: "when" });
    const caption = make("figcaption", {}, make("strong", { textContent: this.name }), this.when, ...entries);
    const stage = make("div", { className: `stage ${this.axis ? "timed" : ""}` }, this.canvas, this.cursor);
    stage.style.height = `${this.height + (this.axis ? AXIS : 0)}px`;
    this.stage = stage;
    this.figure = make("figure", {}, caption, stage);
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", this.described ?? this.name);
  }

  /** Fits the canvases to the place that they have. */
  resize() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.stage;
    for (const canvas of [this.canvas, this.cursor]) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(clientHeight * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.width = Math.max(10, clientWidth - gutter());
  }

  draw(view) {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.width + gutter(), this.height + AXIS);
    pen.font = FONT;
    const area = this.area(pen, view);
    this.grid(area, view);
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, this.width, this.height);
    pen.clip();
    for (const layer of this.layers) layer.draw(area);
    pen.restore();
  }

  area(pen, view) {
    const { from, to } = view;
    const first = Math.max(0, Math.floor(from) - 1);
    const last = Math.min(view.rows, Math.ceil(to) + 1);
    const [low, high] = this.bounds(Math.max(0, Math.floor(from)), Math.min(view.rows, Math.ceil(to)));
    const warp = this.log && low > 0 ? Math.log : (value) => value;
    const [bottom, top] = [warp(low), warp(high)];
    const x = (row) => ((row + 0.5 - from) / (to - from)) * this.width;
    const y = (value) => this.height - ((warp(value) - bottom) / (top - bottom)) * this.height;
    return { pen, from, to, first, last, low, high, x, y, left: 0, top: 0, width: this.width, height: this.height, rows: view.rows };
  }

  bounds(from, to) {
    let [low, high] = [Infinity, -Infinity];
    for (const layer of this.layers) {
      const found = layer.extremes(from, to);
      if (found) [low, high] = [Math.min(low, found[0]), Math.max(high, found[1])];
    }
    if (!(low <= high)) return [0, 1];
    if (low === 0 && high === 0) return this.ceiling ? [-0.01, 0] : this.floor ? [0, 1] : [-1, 1];
    if (low === high) [low, high] = [low - Math.abs(low) * 0.01, high + Math.abs(high) * 0.01];
    // A strip of fills stands below the price.
    const foot = this.layers.some((layer) => layer.isStrip?.(from, to, this.width)) ? 2.6 : 1;
    if (this.log && low > 0) {
      const margin = (high / low) ** 0.06;
      return [low / margin ** foot, high * margin];
    }
    const margin = (high - low) * 0.07;
    return [this.floor ? low : low - margin * foot, this.ceiling ? high : high + margin];
  }

  grid(area, view) {
    const { pen, x, y, low, high, width, height } = area;
    const most = Math.max(2, Math.floor(height / 34));
    const ticks = this.log && low > 0 ? logTicks(low, high, most) : niceTicks(low, high, most);
    const format = tickFormat(ticks, this.kind);
    pen.lineWidth = 1;
    pen.strokeStyle = color("grid");
    pen.fillStyle = color("muted");
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    pen.beginPath();
    for (const tick of ticks) {
      const at = Math.round(y(tick)) + 0.5;
      if (at < -1 || at > height + 1) continue;
      pen.moveTo(0, at);
      pen.lineTo(width, at);
      pen.fillText(format(tick), width + 6, Math.min(height - 6, Math.max(6, at)));
    }
    for (const { row } of view.ticks) {
      const at = Math.round(x(row)) + 0.5;
      pen.moveTo(at, 0);
      pen.lineTo(at, height);
    }
    pen.moveTo(0, height + 0.5);
    pen.lineTo(width, height + 0.5);
    pen.stroke();
    if (this.axis) this.times(area, view);
  }

  times({ pen, x, width, height }, view) {
    pen.textAlign = "center";
    let end = -Infinity;
    for (const { row, text, strong } of view.ticks) {
      const half = pen.measureText(text).width / 2;
      const at = Math.min(width - half, Math.max(half, x(row)));
      if (at - half < end + 8) continue;
      pen.fillStyle = color(strong ? "text" : "muted");
      pen.fillText(text, at, height + AXIS / 2 + 1);
      end = at + half;
    }
  }

  /** The upright line of the cursor, and the figures of its row in the legend. */
  point(view, row) {
    const pen = this.cursor.getContext("2d");
    pen.clearRect(0, 0, this.width + gutter(), this.height + AXIS);
    const shown = row ?? view.lastRow();
    this.legend.forEach(({ text }, at) => {
      this.values[at].textContent = text ? text(shown) : "";
    });
    this.when.textContent = this === view.panels[0] ? stamp(view.times[shown]) : "";
    if (view.span) this.veil(pen, view);
    if (row === null) return;
    const at = Math.round(((row + 0.5 - view.from) / (view.to - view.from)) * this.width) + 0.5;
    pen.strokeStyle = color("crosshair");
    pen.beginPath();
    pen.moveTo(at, 0);
    pen.lineTo(at, this.height);
    pen.stroke();
    if (this.axis) this.flag(pen, at, stamp(view.times[row]));
  }

  /** The span of rows that a drag with Shift has chosen so far. */
  veil(pen, view) {
    const [left, right] = view.span.map((row) => ((row - view.from) / (view.to - view.from)) * this.width);
    pen.fillStyle = color("chosen");
    pen.fillRect(left, 0, right - left, this.height);
    pen.strokeStyle = color("focus");
    pen.strokeRect(Math.round(left) + 0.5, 0.5, Math.round(right - left), this.height - 1);
  }

  flag(pen, at, text) {
    pen.font = FONT;
    const half = pen.measureText(text).width / 2 + 6;
    const middle = Math.min(this.width - half, Math.max(half, at));
    pen.fillStyle = color("text");
    pen.fillRect(middle - half, this.height + 2, half * 2, AXIS - 3);
    pen.fillStyle = color("paper");
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, middle, this.height + AXIS / 2 + 1);
  }
}

/** The key of a dashed line: the dash itself, so that colour is not the only sign. */
function dashedKey(ink, dash) {
  const part = (name, facts) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(facts)) element.setAttribute(key, value);
    return element;
  };
  const key = part("svg", { class: "key dashed", viewBox: "0 0 26 3", "aria-hidden": "true" });
  const line = part("path", { d: "M0 1.5H26", "stroke-width": 3, "stroke-dasharray": dash.join(" ") });
  line.style.stroke = `var(--${ink})`;
  key.append(line);
  return key;
}

const AXIS = 22;
const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** Room for the numbers at the right of every panel. */
function gutter() {
  return window.innerWidth < 560 ? 58 : 66;
}
