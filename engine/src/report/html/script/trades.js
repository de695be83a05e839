// The table of trades: sorted by any column, filtered by text and outcome, one page at a time. A click
// (or Enter on its number) shows the bars of a trade.

const PAGE = 25;

class TradeTable {
  constructor(trades, jump) {
    Object.assign(this, { trades, jump, order: "number", falling: false, at: 0, text: "", kind: "all" });
    this.table = document.getElementById("trade-table");
    this.status = document.getElementById("trade-status");
    this.body = make("tbody");
    this.columns = this.available();
    this.table.append(this.head(), this.body);
    this.bind("trade-filter", "input", (value) => (this.text = value.trim().toLowerCase()));
    this.bind("trade-kind", "change", (value) => (this.kind = value));
    this.button("trade-before", -1);
    this.button("trade-after", 1);
    this.show();
  }

  available() {
    const columns = [
      ["number", "#", (trade) => String(trade.number)],
      ["symbol", "Symbol", (trade) => trade.symbol],
      ["opened", "Opened", (trade) => stamp(trade.opened)],
      ["closed", "Closed", (trade) => (Number.isNaN(trade.closed) ? "open" : stamp(trade.closed))],
      ["bars", "Bars", (trade) => grouped(trade.bars, 0)],
      ["quantity", "Quantity", (trade) => grouped(trade.quantity, Number.isInteger(trade.quantity) ? 0 : 4)],
      ["entry", "Entry", (trade) => price(trade.entry)],
      ["exit", "Exit", (trade) => price(trade.exit)],
      ["profit", "Profit", (trade) => grouped(trade.profit, 2)],
      ["return", "Return", (trade) => percent(trade.return)],
      ["costs", "Costs", (trade) => grouped(trade.costs, 2)],
    ];
    return page.symbols.length > 1 ? columns : columns.filter(([key]) => key !== "symbol");
  }

  bind(id, event, set) {
    document.getElementById(id).addEventListener(event, ({ target }) => {
      set(target.value);
      this.at = 0;
      this.show();
    });
  }

  button(id, step) {
    document.getElementById(id).addEventListener("click", () => {
      this.at += step;
      this.show();
    });
  }

  head() {
    const cells = this.columns.map(([key, name]) => {
      const button = make("button", { type: "button", textContent: name });
      button.addEventListener("click", () => {
        this.falling = this.order === key ? !this.falling : key !== "number" && key !== "symbol";
        this.order = key;
        this.at = 0;
        this.show();
      });
      const cell = make("th", { scope: "col" }, button);
      cell.dataset.key = key;
      return cell;
    });
    return make("thead", {}, make("tr", {}, ...cells));
  }

  chosen() {
    const { text, kind, order } = this;
    const wanted = { all: () => true, won: (t) => t.profit > 0, lost: (t) => t.profit <= 0, open: (t) => Number.isNaN(t.closed) }[kind];
    const found = this.trades.filter(
      (trade) => wanted(trade) && (!text || this.columns.some(([, , show]) => show(trade).toLowerCase().includes(text))),
    );
    const sign = this.falling ? -1 : 1;
    // What has no value stands last, whichever way the table is sorted.
    return found.sort((a, b) => {
      const [one, two] = [a[order], b[order]];
      if (typeof one === "string") return sign * one.localeCompare(two);
      if (Number.isNaN(one) || Number.isNaN(two)) return Number.isNaN(one) - Number.isNaN(two);
      return sign * (one - two) || a.number - b.number;
    });
  }

  show() {
    const found = this.chosen();
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    this.at = Math.max(0, Math.min(pages - 1, this.at));
    const rows = found.slice(this.at * PAGE, (this.at + 1) * PAGE);
    this.body.replaceChildren(...rows.map((trade) => this.row(trade)));
    for (const cell of this.table.querySelectorAll("th")) {
      const sorted = cell.dataset.key === this.order;
      if (sorted) cell.ariaSort = this.falling ? "descending" : "ascending";
      else cell.removeAttribute("aria-sort");
    }
    document.getElementById("trade-before").disabled = this.at === 0;
    document.getElementById("trade-after").disabled = this.at === pages - 1;
    const span = rows.length ? `${this.at * PAGE + 1} to ${this.at * PAGE + rows.length} of ` : "";
    this.status.textContent = `${span}${grouped(found.length, 0)} trades`;
  }

  row(trade) {
    const cells = this.columns.map(([key, , show]) => {
      if (key === "number") {
        const button = make("button", { type: "button", className: "jump", textContent: show(trade) });
        button.setAttribute("aria-label", `Show trade ${trade.number} in the chart`);
        return make("td", {}, button);
      }
      const sign = (key === "profit" || key === "return") && trade[key] !== 0 ? (trade[key] > 0 ? "gain" : "loss") : "";
      return make("td", { className: `${key} ${sign}`, textContent: show(trade) });
    });
    const row = make("tr", {}, ...cells);
    row.addEventListener("click", () => {
      for (const other of this.body.children) other.classList.toggle("here", other === row);
      this.jump(trade);
    });
    return row;
  }
}
