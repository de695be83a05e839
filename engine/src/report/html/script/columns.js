// Columns of numbers as the page carries them: base64 of variable-length integers, which are differences
// (once or twice) of values times a power of ten. Code 0 stands for a value that is not there.

const page = JSON.parse(document.getElementById("data").textContent);

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** The values of a column as doubles; NaN where there is none. */
function column(facts) {
  if (!facts) return null;
  const element = document.getElementById(facts.id);
  const bytes = bytesOf(element.textContent);
  element.remove();
  const values = new Float64Array(facts.rows);
  const scale = 10 ** facts.decimals;
  let at = 0;
  let value = 0;
  let step = 0;
  for (let row = 0; row < facts.rows; row++) {
    let code = 0;
    let weight = 1;
    let byte;
    do {
      byte = bytes[at++];
      code += (byte & 127) * weight;
      weight *= 128;
    } while (byte > 127);
    if (code === 0) {
      values[row] = NaN;
      continue;
    }
    code -= 1;
    const change = code % 2 === 0 ? code / 2 : -(code + 1) / 2;
    step = facts.order === 2 ? step + change : change;
    value += step;
    values[row] = value / scale;
  }
  return values;
}

/** First place in a rising column whose value is not below `wanted`. */
function lowerBound(values, wanted) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Values of some times laid out over the times of the axis; NaN where an axis time has none. */
function laidOut(values, times, axis) {
  const out = new Float64Array(axis.length).fill(NaN);
  for (let from = 0, to = 0; from < times.length && to < axis.length; ) {
    if (times[from] === axis[to]) out[to++] = values[from++];
    else if (times[from] < axis[to]) from++;
    else to++;
  }
  return out;
}
