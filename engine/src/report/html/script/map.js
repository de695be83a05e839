// The map of a sweep: any figure over any two parameters, the others fixed or summed up. Cells are
// reached by pointer and by arrow keys; a chosen cell filters the table of trials.

/** Most cells of a side; beyond that neighbouring values share one. */
const MOST_CELLS = 120;
const MEASURES = { mean: "mean", best: "best", worst: "worst", count: "number of trials" };

class ParameterMap extends Plate {
  constructor(sweep, choose) {
    super(document.getElementById("map-stage"), 420, "Map of two parameters");
    Object.assign(this, { sweep, choose, at: null, mark: sweep.best, measure: "mean", metric: sweep.rank });
    [this.across, this.up] = [0, 1];
    this.fixed = sweep.axes.map(() => -1);
    this.said = document.getElementById("map-said");
    this.tools = document.getElementById("map-tools");
    this.canvas.tabIndex = 0;
    this.listen();
    this.rebuild();
  }

  /** The tools: which parameters and figure, and one for every other parameter. */
  rebuild() {
    const { axes, metrics } = this.sweep;
    const names = axes.map(({ name }) => name);
    const set = (change) => (value) => {
      change(value);
      this.fixed[this.across] = this.fixed[this.up] = -1;
      this.rebuild();
    };
    const side = (part, other) => set((value) => {
      if (this[other] === value) this[other] = this[part];
      this[part] = value;
    });
    const pickers = [
      picker("Across", names, this.across, side("across", "up")),
      picker("Up", names, this.up, side("up", "across")),
      picker("Figure", metrics.map(({ name }) => name), metrics.indexOf(this.metric), set((at) => (this.metric = metrics[at]))),
      picker("Of the trials of a cell", Object.values(MEASURES), Object.keys(MEASURES).indexOf(this.measure),
        set((at) => (this.measure = Object.keys(MEASURES)[at]))),
    ];
    axes.forEach(({ name, values }, axis) => {
      if (axis === this.across || axis === this.up) return;
      pickers.push(picker(name, ["all values", ...values], this.fixed[axis] + 1, (at) => {
        this.fixed[axis] = at - 1;
        this.refresh();
      }));
    });
    this.tools.replaceChildren(...pickers);
    this.refresh();
  }

  refresh() {
    this.at = null;
    this.count();
    this.say();
    this.redraw();
  }

  /** Sums up the trials of each cell. */
  count() {
    const { axes, oneOf, rows } = this.sweep;
    const most = oneOf > 1 ? Math.max(8, Math.min(MOST_CELLS, Math.floor(Math.sqrt(rows / 4)))) : MOST_CELLS;
    const side = (axis) => {
      const each = Math.ceil(axes[axis].values.length / most);
      return { axis, each, cells: Math.ceil(axes[axis].values.length / each) };
    };
    [this.x, this.y] = [side(this.across), side(this.up)];
    const size = this.x.cells * this.y.cells;
    const [sums, counts] = [new Float64Array(size), new Float64Array(size)];
    const [least, most_] = [new Float64Array(size).fill(Infinity), new Float64Array(size).fill(-Infinity)];
    const fixed = this.fixed.map((place, axis) => [place, axes[axis].places]).filter(([place]) => place >= 0);
    for (let row = 0; row < rows; row++) {
      const value = this.metric.values[row];
      if (Number.isNaN(value) || fixed.some(([place, places]) => places[row] !== place)) continue;
      const cell = this.cellOf(row);
      sums[cell] += value;
      counts[cell] += 1;
      least[cell] = Math.min(least[cell], value);
      most_[cell] = Math.max(most_[cell], value);
    }
    const [worst, best] = this.metric.falls ? [most_, least] : [least, most_];
    const value = {
      mean: (cell) => sums[cell] / counts[cell], best: (cell) => best[cell], worst: (cell) => worst[cell],
      count: (cell) => counts[cell],
    }[this.measure];
    this.counts = counts;
    this.cells = Float64Array.from(counts, (found, cell) => (found ? value(cell) : NaN));
    const known = this.cells.filter((found) => !Number.isNaN(found));
    this.range = known.length ? [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))] : [0, 0];
  }

  cellOf(row) {
    const { axes } = this.sweep;
    const place = ({ axis, each }) => Math.floor(axes[axis].places[row] / each);
    return place(this.y) * this.x.cells + place(this.x);
  }

  texts({ axis, each, cells }) {
    const { values } = this.sweep.axes[axis];
    return Array.from({ length: cells }, (_, cell) => {
      const [first, last] = [values[cell * each], values[Math.min(values.length, (cell + 1) * each) - 1]];
      return first === last ? first : `${first}–${last}`;
    });
  }

  draw(pen) {
    const [columns, rows] = [this.texts(this.x), this.texts(this.y)];
    const left = Math.min(110, Math.max(...rows.map((text) => pen.measureText(text).width))) + 30;
    const field = { left, top: 8, right: this.width - gutter() - 22, bottom: this.height - 44 };
    this.field = field;
    const [wide, high] = [(field.right - left) / columns.length, (field.bottom - field.top) / rows.length];
    const box = (cell) => {
      const [column, row] = [cell % columns.length, Math.floor(cell / columns.length)];
      const [x, y] = [Math.round(left + column * wide), Math.round(field.bottom - (row + 1) * high)];
      return [x, y, Math.round(left + (column + 1) * wide) - x, Math.round(field.bottom - row * high) - y];
    };
    const [low, top] = this.range;
    const gap = Math.min(wide, high) > 9 ? 1 : 0;
    this.cells.forEach((value, cell) => {
      const [x, y, width, height] = box(cell);
      pen.fillStyle = Number.isNaN(value) ? color("grid") : shade(this.share(value));
      pen.fillRect(x, y, width - gap, height - gap);
    });
    this.numbers(pen, box, wide, high);
    if (this.mark !== null && this.fits(this.mark)) ring(pen, box(this.cellOf(this.mark)), "paper", "text");
    if (this.at !== null) ring(pen, box(this.at), "focus", "paper");
    this.sides(pen, columns, rows, field, wide, high);
    this.bar(pen, field, [low, top]);
  }

  /** Where a value lies between the worst and the best colour. */
  share(value) {
    const [low, high] = this.range;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return this.metric.falls && this.measure !== "count" ? 1 - share : share;
  }

  fits(row) {
    return this.fixed.every((place, axis) => place < 0 || this.sweep.axes[axis].places[row] === place);
  }

  /** The figures in the cells, where they have room. */
  numbers(pen, box, wide, high) {
    const show = (value) => (this.measure === "count" ? grouped(value, 0) : figureText(this.metric, value).replace(" %", ""));
    if (high < 17 || this.cells.some((value) => !Number.isNaN(value) && pen.measureText(show(value)).width > wide - 6)) return;
    pen.textAlign = "center";
    this.cells.forEach((value, cell) => {
      if (Number.isNaN(value)) return;
      const [x, y, width, height] = box(cell);
      pen.fillStyle = this.share(value) > 0.55 ? "#10151d" : "#ffffff";
      pen.fillText(show(value), x + width / 2, y + height / 2 + 0.5);
    });
  }

  sides(pen, columns, rows, field, wide, high) {
    pen.fillStyle = color("muted");
    pen.textAlign = "center";
    spacedTexts(pen, columns, (place) => field.left + (place + 0.5) * wide, field.bottom + 12, [field.left - 20, field.right + 20]);
    pen.textAlign = "right";
    const every = Math.max(1, Math.ceil(15 / high));
    rows.forEach((text, place) => {
      if (place % every === 0) pen.fillText(text, field.left - 7, field.bottom - (place + 0.5) * high);
    });
    pen.fillStyle = color("text");
    pen.textAlign = "center";
    pen.fillText(this.sweep.axes[this.across].name, (field.left + field.right) / 2, this.height - 10);
    pen.save();
    pen.translate(9, (field.top + field.bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(this.sweep.axes[this.up].name, 0, 0);
    pen.restore();
  }

  bar(pen, { top, bottom, right }, [low, high]) {
    const steps = 64;
    const x = right + 14;
    for (let step = 0; step < steps; step++) {
      const y = bottom - ((step + 1) / steps) * (bottom - top);
      pen.fillStyle = shade(this.share(low + ((step + 0.5) / steps) * (high - low)));
      pen.fillRect(x, y, 12, (bottom - top) / steps + 1);
    }
    pen.fillStyle = color("muted");
    pen.textAlign = "left";
    const ticks = low < high ? niceTicks(low, high, Math.max(2, Math.floor((bottom - top) / 40))) : [low];
    const show = tickFormat(ticks, this.measure === "count" ? "" : tickKind(this.metric));
    for (const tick of ticks) {
      const share = high > low ? (tick - low) / (high - low) : 0.5;
      pen.fillText(show(tick), x + 17, Math.max(top + 6, Math.min(bottom - 6, bottom - share * (bottom - top))));
    }
  }

  /** The cell under the pointer or the keys in words; else where the best trial is. */
  say() {
    if (this.at === null) {
      const { best, axes } = this.sweep;
      const where = axes.map(({ name, values, places }) => `${name} ${values[places[best]]}`).join(", ");
      this.said.textContent = `The ring is the best trial: ${where}. Point at a cell or use the arrow keys; a click lists its trials.`;
      return;
    }
    const [column, row] = [this.at % this.x.cells, Math.floor(this.at / this.x.cells)];
    const value = this.cells[this.at];
    const number = this.counts[this.at];
    const shown = Number.isNaN(value) ? "no trial"
      : this.measure === "count" ? `${grouped(number, 0)} trials`
      : `${this.metric.name} ${figureText(this.metric, value)}${number > 1 ? ` (${this.measure} of ${grouped(number, 0)} trials)` : ""}`;
    this.said.textContent = `${this.sweep.axes[this.across].name} ${this.texts(this.x)[column]}, `
      + `${this.sweep.axes[this.up].name} ${this.texts(this.y)[row]}: ${shown}`;
  }

  point(cell) {
    if (cell === this.at) return;
    this.at = cell;
    this.say();
    this.redraw();
  }

  cellAt(event) {
    if (!this.field) return null;
    const box = this.canvas.getBoundingClientRect();
    const { left, top, right, bottom } = this.field;
    const x = Math.floor(((event.clientX - box.left - left) / (right - left)) * this.x.cells);
    const y = Math.floor(((bottom - (event.clientY - box.top)) / (bottom - top)) * this.y.cells);
    return x >= 0 && y >= 0 && x < this.x.cells && y < this.y.cells ? y * this.x.cells + x : null;
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.point(this.cellAt(event)));
    canvas.addEventListener("pointerleave", () => this.point(null));
    canvas.addEventListener("click", (event) => {
      this.point(this.cellAt(event));
      this.filter();
    });
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      if (event.key === "Enter") this.filter();
      if (event.key === "Escape") this.point(null);
      if (!moves[event.key]) return;
      event.preventDefault();
      const from = this.at ?? this.cellOf(this.sweep.best);
      const [x, y] = [(from % this.x.cells) + moves[event.key][0], Math.floor(from / this.x.cells) + moves[event.key][1]];
      if (x >= 0 && y >= 0 && x < this.x.cells && y < this.y.cells) this.point(y * this.x.cells + x);
    });
  }

  /** The trials of the cell in the table; cells of several values are filtered by none. */
  filter() {
    if (this.at === null) return;
    const words = [[this.x, this.at % this.x.cells], [this.y, Math.floor(this.at / this.x.cells)]]
      .filter(([side]) => side.each === 1)
      .map(([side, cell]) => `${this.sweep.axes[side.axis].name}=${this.sweep.axes[side.axis].values[cell]}`);
    this.choose(words.join(" "));
  }
}

function ring(pen, [x, y, width, height], outer, inner) {
  for (const [ink, grow, line] of [[outer, 1.5, 4], [inner, 1.5, 1.6]]) {
    pen.strokeStyle = color(ink);
    pen.lineWidth = line;
    pen.strokeRect(x - grow, y - grow, width + 2 * grow - 1, height + 2 * grow - 1);
  }
}

function picker(name, texts, chosen, act) {
  const select = make("select");
  texts.forEach((text, at) => select.append(make("option", { value: String(at), textContent: text, selected: at === chosen })));
  select.addEventListener("change", () => act(Number(select.value)));
  return make("label", {}, `${name} `, select);
}

function figureText({ kind }, value) {
  if (kind === "percent") return percent(value);
  return grouped(value, kind === "count" ? 0 : 2);
}

/** How the numbers beside an axis of a figure are written. */
function tickKind({ kind }) {
  return kind === "percent" ? "percent" : "";
}
