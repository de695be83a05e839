// The page of several runs: growth from the same start and depth under water, over all their sessions.

/** The values of a run over all days; between its own days it keeps the last one. */
function keptOver(days, times, values) {
  const out = new Float64Array(days.length).fill(NaN);
  let at = 0;
  for (let row = 0; row < days.length; row++) {
    while (at < times.length && times[at] <= days[row]) at++;
    if (at > 0 && days[row] <= times[times.length - 1]) out[row] = values[at - 1];
  }
  return out;
}

/** Inks of runs; the next so many have the same with a dash. */
const INKS = 6;

/** The dash of each round through the inks, none like another: whole, long, dots, then a long one with more and more dots. */
function dashOf(round) {
  if (round < 3) return [[], [9, 4], [2, 4]][round];
  return [9, 3, ...Array.from({ length: round - 2 }, () => [2, 3]).flat()];
}

function comparePage() {
  const days = column(page.ts);
  const runs = page.runs.map((run, at) => {
    const growth = keptOver(days, column(run.ts), column(run.values));
    return { name: run.name, ink: `ink${(at % INKS) + 1}`, dash: dashOf(Math.floor(at / INKS)), growth, depth: depths(growth, 1) };
  });
  const panel = (name, part, text, options) => new Panel({
    name, ...options,
    legend: runs.map((run) => ({
      name: run.name, ink: run.ink, dash: run.dash,
      text: (row) => (Number.isNaN(run[part][row]) ? "–" : text(run[part][row])),
    })),
  });
  const lines = (part) => runs.map((run) => new Line(run[part], run.ink, 1.6, run.dash));
  const growth = panel("Growth of 1", "growth", (value) => grouped(value, 3), {
    height: 340, scales: true, layers: [new Level(1), ...lines("growth")],
  });
  const depth = panel("Under water", "depth", (value) => percent(value), {
    height: 170, kind: "percent", ceiling: true, axis: true, layers: lines("depth"),
  });
  const stack = document.getElementById("stack");
  stack.replaceChildren(growth.figure, depth.figure);
  const view = new View(days, [growth, depth], stack);
  controls(view);
  new Overview(view, runs[0].growth, runs[0]);
  view.resize();
  theme(() => view.redraw());
  // For whoever checks the page from outside.
  window.report = { view, runs };
}
