// A table of many rows: sorted by any column, filtered by text, one page at a time. A click (or Enter on
// the button of a row) acts on it.

const PAGE = 25;

class RowTable {
  /**
   * `prefix` of the ids of its elements; `columns` of key, heading, text and, where there is one, a
   * definition; the cell of the first column is the button of its row. `act` gets the chosen row;
   * `wanted` says which rows a filter leaves, `signed` which keys have the colour of their sign.
   */
  constructor({ prefix, rows, columns, order, falling = false, act, label, noun, wanted, signed = [] }) {
    Object.assign(this, { prefix, rows, columns, order, falling, act, label, noun, signed, at: 0, text: "" });
    this.wanted = wanted ?? (() => true);
    const part = (name) => document.getElementById(`${prefix}-${name}`);
    this.table = part("table");
    this.status = part("status");
    this.turns = [[part("before"), -1], [part("after"), 1]];
    this.body = make("tbody");
    this.table.append(this.head(), this.body);
    part("filter").addEventListener("input", ({ target }) => {
      this.text = target.value.trim().toLowerCase();
      this.restart();
    });
    for (const [button, step] of this.turns) {
      button.addEventListener("click", () => {
        this.at += step;
        this.show();
      });
    }
    this.show();
  }

  restart() {
    this.at = 0;
    this.show();
  }

  head() {
    const cells = this.columns.map(({ key, name, definition, rises }) => {
      const button = make("button", { type: "button", textContent: name, title: definition ?? "" });
      button.addEventListener("click", () => {
        this.falling = this.order === key ? !this.falling : !rises;
        this.order = key;
        this.restart();
      });
      const cell = make("th", { scope: "col" }, button);
      cell.dataset.key = key;
      return cell;
    });
    return make("thead", {}, make("tr", {}, ...cells));
  }

  /** Rows that every word of the filter finds: in a cell, or as `heading=text` for all of a cell. */
  chosen() {
    const { order } = this;
    const words = this.text.split(/\s+/).filter(Boolean);
    const finds = (row) => (word) => this.columns.some(({ name, text }) => {
      const shown = text(row).toLowerCase();
      return shown.includes(word) || `${name.toLowerCase()}=${shown}` === word;
    });
    const found = this.rows.filter((row) => this.wanted(row) && words.every(finds(row)));
    const sign = this.falling ? -1 : 1;
    // What has no value stands last, whichever way the table is sorted.
    return found.sort((a, b) => {
      const [one, two] = [a[order], b[order]];
      if (typeof one === "string") return sign * one.localeCompare(two, "en", { numeric: true });
      if (Number.isNaN(one) || Number.isNaN(two)) return Number.isNaN(one) - Number.isNaN(two);
      return sign * (one - two) || a.number - b.number;
    });
  }

  show() {
    const found = this.chosen();
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    this.at = Math.max(0, Math.min(pages - 1, this.at));
    const rows = found.slice(this.at * PAGE, (this.at + 1) * PAGE);
    this.body.replaceChildren(...rows.map((row) => this.row(row)));
    for (const cell of this.table.querySelectorAll("th")) {
      const sorted = cell.dataset.key === this.order;
      if (sorted) cell.ariaSort = this.falling ? "descending" : "ascending";
      else cell.removeAttribute("aria-sort");
    }
    for (const [button, step] of this.turns) {
      button.disabled = this.at + step < 0 || this.at + step >= pages;
    }
    const span = rows.length ? `${grouped(this.at * PAGE + 1, 0)} to ${grouped(this.at * PAGE + rows.length, 0)} of ` : "";
    this.status.textContent = span + counted(found.length, this.noun);
  }

  row(row) {
    const cells = this.columns.map(({ key, text }, place) => {
      if (place === 0) {
        const button = make("button", { type: "button", className: "jump", textContent: text(row) });
        button.setAttribute("aria-label", this.label(row));
        return make("td", {}, button);
      }
      const sign = this.signed.includes(key) && row[key] !== 0 ? (row[key] > 0 ? "gain" : "loss") : "";
      return make("td", { className: `cell-${key} ${sign}`, textContent: text(row) });
    });
    const line = make("tr", {}, ...cells);
    line.addEventListener("click", () => {
      for (const other of this.body.children) other.classList.toggle("here", other === line);
      this.act(row);
    });
    return line;
  }
}
