// Numbers as people read them, and the values at which an axis has a line.

const formats = new Map();

/** A number with grouped thousands and a fixed number of decimals; `n/a` when it is not one. */
function grouped(value, decimals) {
  if (value === null || !Number.isFinite(value)) return "n/a";
  if (!formats.has(decimals)) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    formats.set(decimals, new Intl.NumberFormat("en-US", digits));
  }
  const text = formats.get(decimals).format(value);
  return /^-[0.,]+$/.test(text) ? text.slice(1) : text;
}

function percent(value, decimals = 2) {
  const text = grouped(value * 100, decimals);
  return text === "n/a" ? text : text + " %";
}

/** 950, 12.5 k, 3.2 M. */
function short(value) {
  for (const [size, letter] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= size) return grouped(value / size, 1).replace(/\.0$/, "") + " " + letter;
  }
  return grouped(value, value === Math.round(value) ? 0 : 2);
}

/** How all the values of some columns are written: with two decimals, more where they have them and are small. */
function alike(...columns) {
  const sizes = columns.map(({ values }) => leastSize(values)).filter((size) => size < Infinity);
  const least = Math.min(...sizes, 1e9);
  const needed = Math.max(...columns.map(({ decimals }) => decimals));
  const decimals = Math.max(2, Math.min(needed, least >= 10 ? 2 : least >= 0.1 ? 4 : 6));
  return (value) => grouped(value, decimals);
}

function leastSize(values) {
  let least = Infinity;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > 0 && size < least) least = size;
  }
  return least;
}

/** `1 trade`, `2,000 trades`. */
function counted(number, noun) {
  return `${grouped(number, 0)} ${noun}${number === 1 ? "" : "s"}`;
}

/** Even steps between two values, at most `most` of them. */
function niceTicks(low, high, most) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 2.5, 5, 10].map((part) => part * power).find((size) => span / size <= most);
  const ticks = [];
  for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at++) ticks.push(at * step);
  // A single line says little.
  return ticks.length < 2 && most < 12 ? niceTicks(low, high, most * 2) : ticks;
}

/** Ticks of a logarithmic axis: even steps when it is short, 1, 2 and 5 of each power when it is long. */
function logTicks(low, high, most) {
  if (high / low < 4) return niceTicks(low, high, most);
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const part of [1, 2, 5]) ticks.push(part * 10 ** power);
  }
  const inside = ticks.filter((value) => value >= low && value <= high);
  const every = Math.ceil(inside.length / Math.max(2, most));
  return inside.filter((_, at) => at % every === 0);
}

/** How tick values are written so that neighbours differ. */
function tickFormat(ticks, kind) {
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : Math.abs(ticks[0]) || 1;
  const decimals = (size) => Math.max(0, Math.min(8, Math.ceil(-Math.log10(size) - 1e-9)));
  const extra = (size) => {
    const places = decimals(size);
    return Math.abs(size * 10 ** places - Math.round(size * 10 ** places)) > 1e-6 ? places + 1 : places;
  };
  if (kind === "percent") return (value) => grouped(value * 100, extra(step * 100)) + " %";
  if (kind === "short" || step >= 1e5) return short;
  return (value) => grouped(value, extra(step));
}
