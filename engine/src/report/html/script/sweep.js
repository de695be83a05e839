// The page of a sweep.

function sweepOf() {
  const axes = page.axes.map((axis) => ({ ...axis, places: column(axis.places) }));
  const metrics = page.metrics.map((metric) => ({ ...metric, values: column(metric.values) }));
  const rank = metrics.find(({ key }) => key === page.rank);
  const numbers = column(page.numbers);
  let best = 0;
  const better = (one, other) => (rank.falls ? one < other : one > other);
  rank.values.forEach((value, row) => {
    if (better(value, rank.values[best]) || (Number.isNaN(rank.values[best]) && !Number.isNaN(value))) best = row;
  });
  return { axes, metrics, rank, numbers, best, rows: numbers.length, luck: page.luck, oneOf: page.oneOf };
}

/** The trials as rows of a table: place in the ranking, parameters, figures. */
function trialTable(sweep, act) {
  const order = [...sweep.numbers.keys()].sort((a, b) => {
    const [one, two] = [sweep.rank.values[a], sweep.rank.values[b]];
    if (Number.isNaN(one) || Number.isNaN(two)) return Number.isNaN(one) - Number.isNaN(two);
    return (sweep.rank.falls ? one - two : two - one) || a - b;
  });
  const rows = order.map((row, at) => {
    const trial = { number: at + 1, row };
    sweep.axes.forEach(({ values, places }, axis) => {
      const text = values[places[row]];
      trial[`axis${axis}`] = text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    });
    for (const { key, values } of sweep.metrics) trial[key] = values[row];
    return trial;
  });
  const columns = [
    { key: "number", name: "#", text: (trial) => String(trial.number), rises: true },
    ...sweep.axes.map(({ name, values, places }, axis) => ({
      key: `axis${axis}`, name, text: (trial) => values[places[trial.row]], rises: true,
    })),
    ...sweep.metrics.map((metric) => ({
      key: metric.key, name: metric.name, definition: metric.definition, rises: metric.falls,
      text: (trial) => figureText(metric, trial[metric.key]),
    })),
  ];
  return new RowTable({
    prefix: "trial", rows, columns, order: "number", noun: "trial", act, signed: ["total_return", "cagr", "expectancy"],
    label: (trial) => `Show trial ${trial.number} on the map`,
  });
}

function sweepPage() {
  const sweep = sweepOf();
  const filter = document.getElementById("trial-filter");
  const plates = [];
  let map = null;
  const table = trialTable(sweep, (trial) => {
    if (!map) return;
    map.mark = trial.row;
    map.redraw();
    document.getElementById("map").scrollIntoView({ block: "nearest" });
  });
  const list = (words) => {
    filter.value = words;
    filter.dispatchEvent(new Event("input"));
  };
  const slices = sweep.axes.map((axis) => new Slice(sweep, axis, sweep.rank));
  document.getElementById("slice-list").append(...slices.map(({ figure }) => figure));
  const spread = new Spread(sweep);
  if (sweep.axes.length > 1) {
    map = new ParameterMap(sweep, list);
    plates.push(map);
    // The figure of the map is that of all pictures.
    const rebuild = map.rebuild.bind(map);
    map.rebuild = () => {
      for (const plate of [...slices, spread]) if (plate.metric !== map.metric) plate.show(map.metric);
      rebuild();
    };
  } else {
    document.getElementById("map").hidden = true;
  }
  if (!sweep.axes.length) document.getElementById("slices").hidden = true;
  plates.push(...slices, spread);
  theme(() => plates.forEach((plate) => plate.redraw()));
  // For whoever checks the page from outside.
  window.report = { sweep, map, slices, spread, table, get view() { return { drawn: plates.every((plate) => plate.drawn) }; } };
}
