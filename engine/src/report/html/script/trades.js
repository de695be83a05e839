// The table of trades. A click on one shows its bars.

function tradeTable(trades, jump) {
  const kinds = {
    all: () => true, won: (trade) => trade.profit > 0, lost: (trade) => trade.profit <= 0,
    open: (trade) => Number.isNaN(trade.closed),
  };
  const written = (key) => alike({ values: trades.map((trade) => trade[key]), decimals: page.trades[key].decimals });
  const [entry, exit] = [written("entry"), written("exit")];
  const column = (key, name, text, rises = false) => ({ key, name, text, rises });
  const columns = [
    column("number", "#", (trade) => String(trade.number), true),
    column("symbol", "Symbol", (trade) => trade.symbol, true),
    column("side", "Side", (trade) => trade.side, true),
    column("opened", "Opened", (trade) => stamp(trade.opened)),
    column("closed", "Closed", (trade) => (Number.isNaN(trade.closed) ? "open" : stamp(trade.closed))),
    column("bars", "Bars", (trade) => grouped(trade.bars, 0)),
    column("quantity", "Quantity", (trade) => grouped(trade.quantity, Number.isInteger(trade.quantity) ? 0 : 4)),
    column("entry", "Entry", (trade) => entry(trade.entry)),
    column("exit", "Exit", (trade) => exit(trade.exit)),
    column("profit", "Profit", (trade) => grouped(trade.profit, 2)),
    column("return", "Return", (trade) => percent(trade.return)),
    column("costs", "Costs", (trade) => grouped(trade.costs, 2)),
  ];
  const hidden = new Set();
  if (page.symbols.length < 2) hidden.add("symbol");
  if (!trades.some(({ side }) => side === "short")) hidden.add("side");
  const kind = document.getElementById("trade-kind");
  const table = new RowTable({
    prefix: "trade", rows: trades, order: "number", noun: "trade", act: jump, signed: ["profit", "return"],
    columns: columns.filter(({ key }) => !hidden.has(key)),
    label: (trade) => `Show trade ${trade.number} in the chart`,
    wanted: (trade) => kinds[kind.value](trade),
  });
  kind.addEventListener("change", () => table.restart());
  return table;
}
