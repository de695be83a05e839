// The page of one run: which panels there are, and what hangs together with what.

const OVERLAYS = ["ink1", "ink2", "ink3", "ink4", "ink5", "ink6"];

/** The bars of a symbol over the times of the axis. */
function barsOf(symbol, axis) {
  const times = column(symbol.ts);
  const over = (facts) => {
    const values = column(facts);
    return times ? laidOut(values, times, axis) : values;
  };
  const { open, high, low, close, volume } = symbol;
  return {
    open: over(open), high: over(high), low: over(low), close: over(close), volume: over(volume),
    overlays: symbol.overlays.map((one) => ({ ...one, values: over(one.values) })),
  };
}

function pricePanel(facts, bars, markers, trades) {
  const over = bars.overlays.filter((one) => one.panel === null);
  const parts = ["open", "high", "low", "close"];
  const price = alike({ values: bars.low, decimals: Math.max(...parts.map((part) => facts[part].decimals)) });
  const at = (values, show) => (row) => (Number.isNaN(values[row]) ? "–" : show(values[row]));
  const legend = parts.map((part) => ({
    name: part, ink: part === "close" ? "price" : "none", text: at(bars[part], price),
  }));
  over.forEach((one, place) => legend.push({ name: one.name, ink: OVERLAYS[place % 6], text: at(one.values, price) }));
  legend.push({ name: `buys ${grouped(markers.buys, 0)}`, ink: "buy", mark: "up" });
  legend.push({ name: `sells ${grouped(markers.sells, 0)}`, ink: "sell", mark: "down" });
  return new Panel({
    name: facts.name, height: window.innerWidth < 560 ? 280 : 380, legend, scales: true,
    described: `Price of ${facts.name} with ${counted(markers.rows.length, "fill")} of ${counted(trades.trades.length, "trade")}`,
    layers: [
      markers.strip(), trades, new Candles(bars.open, bars.high, bars.low, bars.close),
      ...over.map((one, place) => new Line(one.values, OVERLAYS[place % 6], 1.6)), markers,
    ],
  });
}

/** Levels by which an indicator is read: where it is held to be overbought and oversold, or zero. */
function levelsOf(caption, lines) {
  if (caption.startsWith("RSI(")) return [30, 70];
  return lines.some(({ values }) => values.some((value) => value < 0)) ? [0] : [];
}

function ownPanels(bars) {
  const captions = [...new Set(bars.overlays.map((one) => one.panel).filter((panel) => panel !== null))];
  return captions.map((caption) => {
    const lines = bars.overlays.filter((one) => one.panel === caption);
    const size = lines.reduce((most, { values }) => values.reduce((a, b) => (Math.abs(b) > a ? Math.abs(b) : a), most), 0);
    const decimals = size >= 10 ? 2 : size >= 0.1 ? 4 : 6;
    const layer = (one, place) => {
      const ink = OVERLAYS[place % 6];
      return one.name.endsWith(" histogram") ? new Bars(one.values, ink) : new Line(one.values, ink, 1.4);
    };
    return new Panel({
      name: caption, height: 96,
      legend: lines.map((one, place) => ({
        name: one.name === caption ? "" : one.name.replace(caption, "").trim(), ink: OVERLAYS[place % 6],
        text: (row) => (Number.isNaN(one.values[row]) ? "–" : grouped(one.values[row], decimals)),
      })),
      // Columns stand behind the lines.
      layers: [
        ...levelsOf(caption, lines).map((value) => new Level(value)),
        ...lines.map(layer).sort((one, other) => (other instanceof Bars) - (one instanceof Bars)),
      ],
    });
  });
}

function depths(values, initial) {
  let peak = initial;
  return values.map((value) => {
    if (value > peak) peak = value;
    return peak > 0 ? value / peak - 1 : NaN;
  });
}

function equityPanels(times) {
  const { equity, sharpe } = page;
  const [own, other] = [column(equity.values), column(equity.benchmark?.values)];
  const [depth, otherDepth] = [depths(own, page.initial), other && depths(other, page.initial)];
  const money = (values) => (row) => (Number.isNaN(values[row]) ? "–" : grouped(values[row], 2));
  const share = (values) => (row) => percent(values[row]);
  const entry = (name, ink, text) => ({ name, ink, text });
  const beside = (make) => (other ? [make(equity.benchmark.name)] : []);
  const rolling = { rows: column(sharpe.rows), values: column(sharpe.values) };
  const sharpes = spread(rolling, times.length);
  const panels = [
    new Panel({
      name: "Equity", height: 230, scales: true,
      legend: [entry(equity.name, "equity", money(own)), ...beside((name) => entry(name, "benchmark", money(other)))],
      layers: [new Level(page.initial), ...(other ? [new Line(other, "benchmark", 1.3)] : []), new Line(own, "equity", 1.8)],
    }),
    new Panel({
      name: "Under water", height: 120, kind: "percent", ceiling: true,
      legend: [entry(equity.name, "water", share(depth)), ...beside((name) => entry(name, "benchmark", share(otherDepth)))],
      layers: [...(other ? [new Line(otherDepth, "benchmark", 1)] : []), new Depth(depth, "water", 1.2)],
    }),
    new Panel({
      name: `Rolling Sharpe, ${sharpe.window} sessions`, height: 110, axis: true,
      legend: [entry("", "equity", (row) => (Number.isNaN(sharpes[row]) ? "–" : grouped(sharpes[row], 2)))],
      layers: [new Level(0), new Line(sharpes, "equity", 1.4)],
    }),
  ];
  return { panels, own };
}

/** Values that hold from their row to the next one's. */
function spread({ rows, values }, length) {
  const out = new Float64Array(length).fill(NaN);
  rows.forEach((row, at) => out.fill(values[at], row, at + 1 < rows.length ? rows[at + 1] : length));
  return out;
}

function tradesOf(times) {
  const columns = Object.fromEntries(Object.entries(page.trades).map(([key, facts]) => [key, column(facts)]));
  return Array.from(columns.opened, (opened, at) => {
    const closed = columns.closed[at];
    const from = lowerBound(times, opened);
    const to = Number.isNaN(closed) ? times.length - 1 : lowerBound(times, closed);
    return {
      number: at + 1, instrument: columns.instrument[at], symbol: page.symbols[columns.instrument[at]].name,
      opened, closed, from, to, bars: to - from, side: columns.quantity[at] < 0 ? "short" : "long",
      quantity: columns.quantity[at], entry: columns.entry[at],
      exit: columns.exit[at], profit: columns.profit[at], return: columns.returned[at], costs: columns.costs[at],
    };
  });
}

function markersOf(times) {
  const [ts, instrument] = [column(page.fills.ts), column(page.fills.instrument)];
  const [quantity, prices] = [column(page.fills.quantity), column(page.fills.price)];
  return page.symbols.map((_, wanted) => {
    const mine = [...ts.keys()].filter((at) => instrument[at] === wanted);
    const found = new Markers({
      rows: Float64Array.from(mine, (at) => lowerBound(times, ts[at])),
      prices: Float64Array.from(mine, (at) => prices[at]),
      quantities: Float64Array.from(mine, (at) => quantity[at]),
    });
    found.buys = found.quantities.filter((units) => units > 0).length;
    found.sells = found.quantities.length - found.buys;
    return found;
  });
}

function runPage() {
  const times = column(page.ts);
  const stack = document.getElementById("stack");
  const { panels: below, own } = equityPanels(times);
  const trades = tradesOf(times);
  const markers = markersOf(times);
  const shown = page.symbols.map(() => null);
  const layersOf = page.symbols.map((_, at) => new Trades(trades.filter((trade) => trade.instrument === at)));
  const view = new View(times, [], stack);
  const choose = (at) => {
    shown[at] ??= symbolPanels(at, times, markers[at], layersOf[at]);
    view.panels = [...shown[at], ...below];
    for (const panel of view.panels) panel.log = panel.scales && view.log;
    stack.replaceChildren(...view.panels.map((panel) => panel.figure));
    view.resize();
  };
  controls(view, choose);
  const jump = (trade) => {
    const picker = document.getElementById("symbol");
    if (picker && Number(picker.value) !== trade.instrument) {
      picker.value = String(trade.instrument);
      choose(trade.instrument);
    }
    layersOf.forEach((layer) => (layer.chosen = layer.trades.includes(trade) ? trade : null));
    const margin = Math.max(12, (trade.to - trade.from) * 0.6);
    view.show(trade.from - margin, trade.to + 1 + margin);
    document.getElementById("charts").scrollIntoView({ block: "start" });
  };
  tradeTable(trades, jump);
  new Overview(view, own);
  choose(0);
  theme(() => view.redraw());
  // For whoever checks the page from outside.
  window.report = { view, trades, markers, table: document.getElementById("trade-table") };
}

function symbolPanels(at, times, markers, trades) {
  const bars = barsOf(page.symbols[at], times);
  const volume = (row) => (Number.isNaN(bars.volume[row]) ? "–" : short(bars.volume[row]));
  const panels = [pricePanel(page.symbols[at], bars, markers, trades)];
  if (bars.volume.some((units) => units > 0)) {
    panels.push(new Panel({
      name: "Volume", height: 64, kind: "short", floor: true,
      legend: [{ name: "", ink: "volume", text: volume }], layers: [new Bars(bars.volume, "volume")],
    }));
  }
  panels.push(...ownPanels(bars));
  panels.at(-1).axis = true;
  panels.at(-1).stage.classList.add("timed");
  panels.at(-1).stage.style.height = `${panels.at(-1).height + AXIS}px`;
  return panels;
}
