// The strip that shows everything and which part of it the panels show; the part can be dragged, and
// so can its edges.

class Overview {
  constructor(view, values, { ink = "equity", dash = [] } = {}) {
    Object.assign(this, { view, line: new Line(values, ink, 1, dash) });
    // The curve is drawn once, and copied under every view.
    this.sheet = make("canvas");
    this.canvas = make("canvas", { className: "overview" });
    this.canvas.setAttribute("aria-hidden", "true");
    view.stack.after(this.canvas);
    view.listeners.push(() => this.draw());
    let held = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      held = this.grab(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (held) this.move(held, event);
      else this.canvas.style.cursor = { from: "ew-resize", to: "ew-resize", both: "grab" }[this.grab(event).part];
    });
    this.canvas.addEventListener("pointerup", () => (held = null));
    this.canvas.addEventListener("pointercancel", () => (held = null));
  }

  row(event) {
    const box = this.canvas.getBoundingClientRect();
    return ((event.clientX - box.left) / this.width) * this.view.rows;
  }

  grab(event) {
    const { from, to, rows } = this.view;
    const row = this.row(event);
    const near = (10 / this.width) * rows;
    if (Math.abs(row - from) < near) return { part: "from", row, from, to };
    if (Math.abs(row - to) < near) return { part: "to", row, from, to };
    const half = (to - from) / 2;
    return row < from || row > to
      ? { part: "both", row, from: row - half, to: row + half }
      : { part: "both", row, from, to };
  }

  move({ part, row, from, to }, event) {
    const moved = this.row(event) - row;
    if (part === "from") this.view.show(Math.min(from + moved, to - 8), to);
    else if (part === "to") this.view.show(from, Math.max(to + moved, from + 8));
    else this.view.show(from + moved, to + moved);
  }

  /** Draws the curve when its place or its colour has changed. */
  curve(ratio, clientWidth, height) {
    const state = [ratio, clientWidth, height, color(this.line.ink)].join();
    if (state === this.state) return;
    this.state = state;
    for (const canvas of [this.canvas, this.sheet]) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.width = Math.max(10, clientWidth - gutter());
    const { width, view: { rows } } = this;
    const pen = this.sheet.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [low, high] = this.line.extremes(0, rows) ?? [0, 1];
    const y = (value) => height - 3 - ((value - low) / (high - low || 1)) * (height - 6);
    const x = (row) => ((row + 0.5) / rows) * width;
    this.line.draw({ pen, from: 0, to: rows, first: 0, last: rows, x, y, left: 0, width, height, rows });
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight: height } = this.canvas;
    if (!clientWidth) return;
    this.curve(ratio, clientWidth, height);
    const { width, view } = this;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.sheet, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [from, to] = [(view.from / view.rows) * width, (view.to / view.rows) * width];
    pen.fillStyle = color("veil");
    pen.fillRect(0, 0, from, height);
    pen.fillRect(to, 0, width - to, height);
    pen.strokeStyle = color("muted");
    pen.strokeRect(from + 0.5, 0.5, Math.max(2, to - from - 1), height - 1);
    pen.fillStyle = color("muted");
    pen.fillRect(from - 1, height / 2 - 8, 3, 16);
    pen.fillRect(to - 2, height / 2 - 8, 3, 16);
  }
}
