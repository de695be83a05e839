// The buttons above the charts: spans of time, nearer and farther, the scale, the symbol.

const YEAR = 365.25 * DAY;
const SPANS = [["1D", DAY], ["1W", 7 * DAY], ["1M", YEAR / 12], ["6M", YEAR / 2], ["1Y", YEAR], ["5Y", 5 * YEAR]];

function controls(view, choose) {
  const bar = document.getElementById("controls");
  const whole = view.times[view.rows - 1] - view.times[0];
  const button = (text, label, act) => {
    const one = make("button", { type: "button", textContent: text });
    one.setAttribute("aria-label", label);
    one.addEventListener("click", act);
    return one;
  };
  if (page.symbols?.length > 1) bar.append(symbolPicker(choose));
  for (const [text, length] of SPANS) {
    // A span is worth a button when it shows some bars, but not all.
    const rows = view.rows - lowerBound(view.times, view.times[view.rows - 1] - length);
    if (rows < 8 || length >= whole) continue;
    bar.append(button(text, `Show ${text}`, () => around(view, length)));
  }
  bar.append(button("All", "Show everything", () => view.show(0, view.rows)));
  bar.append(button("–", "Zoom out", () => view.zoom(1 / 0.6)), button("+", "Zoom in", () => view.zoom(0.6)));
  const scale = button("Log", "Logarithmic scale of price and equity", () => {
    const on = scale.ariaPressed !== "true";
    scale.ariaPressed = String(on);
    view.log = on;
    applyScale(view);
  });
  scale.ariaPressed = "false";
  bar.append(scale);
  const spoken = document.getElementById("spoken");
  view.spoken = (row) => {
    // The topmost legend names the bar.
    const parts = view.panels.flatMap(({ figure }) => [...figure.firstChild.children]);
    spoken.textContent = parts.map(({ textContent }) => textContent).filter(Boolean).join(", ");
  };
}

function applyScale(view) {
  for (const panel of view.panels) if (panel.scales) panel.log = view.log ?? false;
  view.redraw();
}

/** A span of time with the end that is shown now. */
function around(view, length) {
  const end = view.to >= view.rows - 1 ? view.rows : view.to;
  const last = view.times[Math.min(view.rows - 1, Math.ceil(end) - 1)];
  view.show(lowerBound(view.times, last - length), end);
}

function symbolPicker(choose) {
  const picker = make("select", { id: "symbol" });
  picker.setAttribute("aria-label", "Symbol");
  page.symbols.forEach((symbol, at) => picker.append(make("option", { value: String(at), textContent: symbol.name })));
  picker.addEventListener("change", () => choose(Number(picker.value)));
  return picker;
}
