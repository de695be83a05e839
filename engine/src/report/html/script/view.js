// Which rows are shown, and every way to change that: dragging, wheel, touch, keys and buttons.

class View {
  constructor(times, panels, stack) {
    Object.assign(this, { times, panels, stack, rows: times.length, cursor: null, span: null, waiting: false });
    [this.from, this.to] = [0, this.rows];
    this.ticks = [];
    this.listeners = [];
    this.drawn = 0;
    this.listen();
    new ResizeObserver(() => this.resize()).observe(stack);
  }

  /** The first and the last row whose middle is in view. */
  firstRow() {
    return Math.max(0, Math.ceil(this.from - 0.5));
  }

  lastRow() {
    return Math.max(0, Math.min(this.rows - 1, Math.floor(this.to - 0.5)));
  }

  resize() {
    for (const panel of this.panels) panel.resize();
    // Before the next paint, so that no frame shows the emptied canvases.
    this.drawNow();
  }

  /** Shows the rows from `from` to `to`, kept within what there is. */
  show(from, to) {
    const least = Math.min(this.rows, 8);
    const span = Math.max(least, Math.min(this.rows, to - from));
    const middle = (from + to) / 2;
    this.from = Math.max(0, Math.min(this.rows - span, middle - span / 2));
    this.to = this.from + span;
    this.redraw();
  }

  /** Zooms by a factor (below 1 is nearer) around a row: the cursor's, unless another is meant. */
  zoom(factor, around = this.cursor === null ? (this.from + this.to) / 2 : this.cursor + 0.5) {
    const span = Math.max(Math.min(this.rows, 8), Math.min(this.rows, (this.to - this.from) * factor));
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - span * share, around + span * (1 - share));
  }

  pan(rows) {
    this.show(this.from + rows, this.to + rows);
  }

  /** Draws once before the next frame, however often it is asked. */
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.waiting = false;
    const width = this.panels[0]?.width ?? 0;
    if (!width || !this.rows) return;
    // A cursor that the view has left would point at a bar that is not there.
    if (this.cursor !== null && (this.cursor < this.firstRow() || this.cursor > this.lastRow())) this.cursor = null;
    this.ticks = timeTicks(this.times, this.from, this.to, Math.max(2, Math.floor(width / 76)));
    for (const panel of this.panels) {
      panel.draw(this);
      panel.point(this, this.cursor);
    }
    for (const listener of this.listeners) listener(this);
    this.drawn++;
  }

  point(row) {
    this.cursor = row === null ? null : Math.max(this.firstRow(), Math.min(this.lastRow(), row));
    for (const panel of this.panels) panel.point(this, this.cursor);
  }

  /** Moves the cursor by keys; what leaves the view pulls it along. */
  step(rows) {
    const row = Math.max(0, Math.min(this.rows - 1, (this.cursor ?? this.lastRow()) + rows));
    if (row < this.from) this.show(row, row + this.to - this.from);
    if (row + 1 > this.to) this.show(row + 1 - (this.to - this.from), row + 1);
    this.point(row);
    this.spoken?.(row);
  }

  rowAt(event) {
    const box = this.stack.getBoundingClientRect();
    const share = (event.clientX - box.left) / (this.panels[0]?.width || 1);
    return this.from + Math.max(0, Math.min(1, share)) * (this.to - this.from);
  }

  listen() {
    const { stack } = this;
    const pointers = new Map();
    let drag = null;
    const isTouch = (event) => event.pointerType === "touch";
    stack.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button !== 0) return;
      stack.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event.clientX);
      drag = { x: event.clientX, from: this.from, to: this.to, gap: gapOf(pointers), select: event.shiftKey, row: this.rowAt(event) };
      drag.tap = isTouch(event) && pointers.size === 1;
    });
    stack.addEventListener("pointermove", (event) => {
      if (pointers.has(event.pointerId)) pointers.set(event.pointerId, event.clientX);
      if (drag && pointers.size) this.drag(drag, event, pointers);
      if (!isTouch(event)) this.point(Math.floor(this.rowAt(event)));
    });
    const end = (event) => {
      if (drag && pointers.has(event.pointerId) && event.type === "pointerup") this.drop(drag, event);
      if (this.span) this.redraw();
      this.span = null;
      pointers.delete(event.pointerId);
      drag = null;
    };
    stack.addEventListener("pointerup", end);
    stack.addEventListener("pointercancel", end);
    // A finger leaves whenever it lifts; the bar that it tapped stays pointed at.
    stack.addEventListener("pointerleave", (event) => isTouch(event) || this.point(null));
    stack.addEventListener("dblclick", () => this.show(0, this.rows));
    stack.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stack.addEventListener("keydown", (event) => this.key(event));
  }

  drag(drag, event, pointers) {
    // A finger never rests; what moves less than this is a tap.
    if (drag.tap && Math.abs(event.clientX - drag.x) < 8) return;
    drag.tap = false;
    if (drag.select) {
      this.span = [drag.row, this.rowAt(event)].sort((one, other) => one - other);
      return;
    }
    const span = drag.to - drag.from;
    const width = this.panels[0].width;
    if (pointers.size === 2) {
      const factor = drag.gap / Math.max(10, gapOf(pointers));
      const around = drag.row;
      this.show(around - (around - drag.from) * factor, around + (drag.to - around) * factor);
      return;
    }
    const moved = ((drag.x - event.clientX) / width) * span;
    this.show(drag.from + moved, drag.to + moved);
  }

  /** The end of a drag: a tap points at a bar, a span that was chosen is shown. */
  drop(drag, event) {
    if (drag.tap) this.point(Math.floor(drag.row));
    if (drag.select && Math.abs(event.clientX - drag.x) > 4) this.show(...[drag.row, this.rowAt(event)].sort((one, other) => one - other));
  }

  /** The wheel scrolls the page; with Ctrl (or a pinch on a touch pad) it zooms, sideways it moves. */
  wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 150), this.rowAt(event));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      event.preventDefault();
      const moved = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
      this.pan((moved / this.panels[0].width) * (this.to - this.from));
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const span = this.to - this.from;
    const moves = {
      ArrowLeft: () => (event.shiftKey ? this.pan(-span / 5) : this.step(-1)),
      ArrowRight: () => (event.shiftKey ? this.pan(span / 5) : this.step(1)),
      PageUp: () => this.pan(-span), PageDown: () => this.pan(span),
      Home: () => this.show(0, span), End: () => this.show(this.rows - span, this.rows),
      "+": () => this.zoom(0.6), "=": () => this.zoom(0.6), "-": () => this.zoom(1 / 0.6),
      0: () => this.show(0, this.rows), Escape: () => this.point(null),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }
}

function gapOf(pointers) {
  const [one, two] = [...pointers.values()];
  return two === undefined ? 0 : Math.abs(one - two);
}
