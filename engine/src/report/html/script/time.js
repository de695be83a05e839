// Times of bars as text and as places on the axis. Bars inside a session are dated in the zone of the
// exchange, daily and longer bars by their session.

const DAY = 86_400_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const offsets = new Map();
let zoneParts = null;

/** Milliseconds by which the zone of the exchange is ahead of UTC. */
function zoneOffset(ms) {
  if (!page.intraday || page.zone === "UTC") return 0;
  const hour = Math.floor(ms / 3_600_000);
  if (!offsets.has(hour)) {
    zoneParts ??= new Intl.DateTimeFormat("en-US", {
      timeZone: page.zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    });
    const at = hour * 3_600_000;
    const parts = {};
    for (const { type, value } of zoneParts.formatToParts(at)) parts[type] = Number(value);
    const { year, month, day, minute, second } = parts;
    offsets.set(hour, Date.UTC(year, month - 1, day, parts.hour, minute, second) - at);
  }
  return offsets.get(hour);
}

const local = (ms) => new Date(ms + zoneOffset(ms));

/** `2024-03-05`, with `14:30` for bars inside a session. */
function stamp(ms) {
  if (!Number.isFinite(ms)) return "";
  const text = local(ms).toISOString();
  return page.intraday ? text.slice(0, 10) + " " + text.slice(11, page.seconds ? 19 : 16) : text.slice(0, 10);
}

const monthStart = (months) => Date.UTC(Math.floor(months / 12), months % 12, 1);
const monthsOf = (date) => date.getUTCFullYear() * 12 + date.getUTCMonth();

/** Units of the axis from fine to coarse: their length, and the starts within a span of local time. */
const UNITS = [
  ...[1, 5, 15, 30].map((minutes) => even(minutes * 60_000, 0)),
  ...[1, 3, 6].map((hours) => even(hours * 3_600_000, 0)),
  ...[1, 2].map((days) => even(days * DAY, 0)),
  even(7 * DAY, 4 * DAY), even(14 * DAY, 4 * DAY),
  ...[1, 3, 6, 12, 24, 60, 120, 240].map((months) => ({
    length: months * 30.44 * DAY,
    starts(from, to) {
      const starts = [];
      let at = Math.floor(monthsOf(new Date(from)) / months) * months;
      for (; monthStart(at) <= to; at += months) if (monthStart(at) >= from) starts.push(monthStart(at));
      return starts;
    },
  })),
];

function even(length, phase) {
  return {
    length,
    starts(from, to) {
      const starts = [];
      for (let at = Math.ceil((from - phase) / length) * length + phase; at <= to; at += length) starts.push(at);
      return starts;
    },
  };
}

/** Rows at which the axis is labelled, and what with; at most about `most`. */
function timeTicks(times, from, to, most) {
  const first = Math.max(0, Math.floor(from));
  const last = Math.min(times.length - 1, Math.ceil(to));
  if (last < first) return [];
  const [start, end] = [times[first] + zoneOffset(times[first]), times[last] + zoneOffset(times[last])];
  for (const unit of UNITS) {
    if (!page.intraday && unit.length < DAY) continue;
    if ((end - start) / unit.length > most * 8) continue;
    const rows = new Set();
    for (const at of unit.starts(start, end)) {
      const row = lowerBound(times, at - zoneOffset(at - zoneOffset(at)));
      if (row >= first && row <= last) rows.add(row);
    }
    if (rows.size > most) continue;
    // No view is without a date, however few bars it has.
    return labelled(times, rows.size ? [...rows] : [Math.min(last, Math.ceil(from))], unit.length);
  }
  return [];
}

/** What each tick says; where none says a year of itself, the first one adds it. */
function labelled(times, rows, length) {
  const yearOf = (row) => local(times[row]).getUTCFullYear();
  const isOneYear = length < 300 * DAY && yearOf(rows[0]) === yearOf(rows.at(-1));
  let before = null;
  return rows.map((row, at) => {
    const date = local(times[row]);
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
    const newDay = !before || before.getUTCDate() !== day || before.getUTCMonth() !== month;
    const newYear = before && before.getUTCFullYear() !== year;
    before = date;
    if (length >= 300 * DAY) return { row, text: String(year), strong: false };
    if (newYear) return { row, text: String(year), strong: true };
    const more = at === 0 && isOneYear ? ` ${year}` : "";
    if (length >= 28 * DAY) return { row, text: MONTHS[month] + more, strong: false };
    if (length >= DAY || newDay) return { row, text: day + " " + MONTHS[month] + more, strong: length < DAY };
    return { row, text: date.toISOString().slice(11, 16), strong: false };
  });
}
