// The lowest and highest value of any range of bars in a handful of steps: each level holds the
// extremes of sixteen entries of the level below, so that a million bars are drawn as fast as a thousand.

const BLOCK = 16;

class Pyramid {
  /** Extremes of `low` and of `high`, which may be the same column. NaN is passed over. */
  constructor(low, high) {
    this.levels = [[low, high]];
    let [lows, highs] = [low, high];
    while (lows.length > BLOCK) {
      const length = Math.ceil(lows.length / BLOCK);
      const nextLows = new Float64Array(length);
      const nextHighs = new Float64Array(length);
      for (let block = 0; block < length; block++) {
        const end = Math.min(lows.length, (block + 1) * BLOCK);
        let least = Infinity;
        let most = -Infinity;
        for (let at = block * BLOCK; at < end; at++) {
          if (lows[at] < least) least = lows[at];
          if (highs[at] > most) most = highs[at];
        }
        nextLows[block] = least;
        nextHighs[block] = most;
      }
      this.levels.push([nextLows, nextHighs]);
      [lows, highs] = [nextLows, nextHighs];
    }
    this.least = 0;
    this.most = 0;
  }

  /** Puts the extremes of the rows from `start` to before `end` into `least` and `most`. */
  range(start, end) {
    this.least = Infinity;
    this.most = -Infinity;
    let from = Math.max(0, start);
    let to = Math.min(this.levels[0][0].length, end);
    for (let level = 0; from < to; level++) {
      const up = Math.ceil(from / BLOCK) * BLOCK;
      const down = Math.floor(to / BLOCK) * BLOCK;
      if (up >= down || level + 1 === this.levels.length) {
        this.scan(level, from, to);
        break;
      }
      this.scan(level, from, up);
      this.scan(level, down, to);
      from = up / BLOCK;
      to = down / BLOCK;
    }
    return this.least <= this.most;
  }

  scan(level, from, to) {
    const [lows, highs] = this.levels[level];
    for (let at = from; at < to; at++) {
      if (lows[at] < this.least) this.least = lows[at];
      if (highs[at] > this.most) this.most = highs[at];
    }
  }
}
