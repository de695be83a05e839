// A canvas of its own that is drawn whole: the map, the slices and the distribution of a sweep.

class Plate {
  constructor(stage, height, name) {
    this.stage = stage;
    this.canvas = make("canvas", { className: "plot" });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", name);
    stage.append(this.canvas);
    this.tall(height);
    new ResizeObserver(() => this.drawNow()).observe(stage);
  }

  tall(height) {
    this.height = height;
    this.stage.style.height = `${height}px`;
  }

  /** Draws before the next frame, however often it is asked. */
  redraw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.drawNow();
    });
  }

  drawNow() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.stage.clientWidth;
    if (!this.width) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = FONT;
    pen.textBaseline = "middle";
    this.draw(pen);
    this.drawn = true;
  }

  /** Lines and numbers of an upright axis at the right of a field; `show` is their kind. */
  scale(pen, { left, top, right, bottom }, [low, high], show) {
    const ticks = niceTicks(low, high, Math.max(2, Math.floor((bottom - top) / 34)));
    const y = (value) => bottom - ((value - low) / (high - low || 1)) * (bottom - top);
    pen.strokeStyle = color("grid");
    pen.fillStyle = color("muted");
    pen.lineWidth = 1;
    pen.textAlign = "left";
    const text = tickFormat(ticks, show);
    for (const tick of ticks) {
      const at = Math.round(y(tick)) + 0.5;
      pen.beginPath();
      pen.moveTo(left, at);
      pen.lineTo(right, at);
      pen.stroke();
      pen.fillText(text(tick), right + 6, at);
    }
    return y;
  }
}

/** Every so many of the texts that all have room, by the places of their middles. */
function spacedTexts(pen, texts, middle, y, limits) {
  const widest = texts.reduce((most, text) => Math.max(most, pen.measureText(text).width), 0);
  const each = texts.length > 1 ? Math.abs(middle(1) - middle(0)) : 1;
  const every = Math.max(1, Math.ceil((widest + 10) / each));
  texts.forEach((text, place) => {
    if (place % every) return;
    const half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(limits[1] - half, Math.max(limits[0] + half, middle(place))), y);
  });
}

/** Text that stays readable on lines and areas. */
function haloed(pen, text, x, y) {
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  pen.strokeStyle = color("paper");
  pen.strokeText(text, x, y);
  pen.fillStyle = color("text");
  pen.fillText(text, x, y);
}

/** Colours of viridis (van der Walt and Smith, 2015) from its low to its high end. */
const VIRIDIS = ["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"].map((hex) =>
  [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)),
);

function shade(share) {
  const at = Math.max(0, Math.min(1, share)) * (VIRIDIS.length - 1);
  const [one, other] = [VIRIDIS[Math.floor(at)], VIRIDIS[Math.ceil(at)]];
  const mixed = one.map((part, place) => Math.round(part + (other[place] - part) * (at % 1)));
  return `rgb(${mixed.join(" ")})`;
}
