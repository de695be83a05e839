//! What a strategy sees and does while it runs. It can see only the past: the current bar has closed.

use crate::{
    Bar, Columns, Resolution,
    abi::{
        layout::{ACTION_CANCEL, ACTION_CANCEL_ALL, ACTION_MODIFY, RawOrder},
        raw::Frame,
    },
    event::{Event, EventKind},
    order::{OrderId, Size, market_order},
    setup::Col,
    ticket::Ticket,
    trigger::Trigger,
};

/// The engine as the strategy sees it at one step.
///
/// Functions without `_of` speak of the current instrument: the one whose bar or fill it is, and the
/// first of the run in `on_slice` and `on_finish`.
///
/// History, columns and coarser bars are in the units of the current bar: where splits are booked over
/// raw bars, prices before a split that has taken effect are divided by its ratio and volumes multiplied.
/// A price that a strategy keeps from an earlier call is in the units of that call.
pub struct Context<'a> {
    pub(crate) frame: Frame<'a>,
    at: usize,
    instrument: usize,
    /// Closed bars of the current instrument.
    seen: usize,
}

impl<'a> Context<'a> {
    #[inline(always)]
    pub(crate) fn new(frame: Frame<'a>, at: usize, instrument: usize, seen: usize) -> Self {
        Self { frame, at, instrument, seen }
    }

    /// Number of instruments of the run.
    #[must_use]
    pub fn instruments(&self) -> usize {
        self.frame.n_series()
    }

    /// Index of the current instrument.
    #[must_use]
    pub fn instrument(&self) -> usize {
        self.instrument
    }

    /// Symbol of the current instrument.
    #[must_use]
    pub fn symbol(&self) -> &'a str {
        self.frame.symbol(self.instrument)
    }

    /// Symbol of an instrument.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn symbol_of(&self, instrument: usize) -> &'a str {
        self.frame.symbol(instrument)
    }

    /// Length of the run's bars.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        Resolution::from_code(self.frame.resolution())
            .expect("a host passes a resolution of its own or an older minor version")
    }

    /// Number of the step, counted from the first bar that the run can see.
    #[must_use]
    #[inline(always)]
    pub fn step(&self) -> usize {
        self.at
    }

    /// Start of the current step, nanoseconds UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.frame.time(self.at)
    }

    /// Whether an instrument has a bar at this step.
    #[must_use]
    pub fn has_bar(&self, instrument: usize) -> bool {
        self.frame.has_bar(instrument, self.at)
    }

    /// All closed bars of the current instrument, oldest first; the last row is the current bar. After a
    /// split that is booked, those before it are in its new units.
    #[must_use]
    #[inline(always)]
    pub fn history(&self) -> Columns<'a> {
        self.frame.history(self.instrument, self.seen)
    }

    /// All closed bars of an instrument, oldest first, as [`history`](Context::history).
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn history_of(&self, instrument: usize) -> Columns<'a> {
        self.frame.history(instrument, self.frame.seen(instrument, self.at))
    }

    /// The bar `ago` bars before the current one (0 is the current one); `None` before the first.
    #[must_use]
    pub fn bar(&self, ago: usize) -> Option<Bar> {
        let history = self.history();
        let row = history.len().checked_sub(ago + 1)?;
        Some(history.bar(row))
    }

    /// The last `count` closes, oldest first; fewer near the beginning.
    #[must_use]
    #[inline(always)]
    pub fn closes(&self, count: usize) -> &'a [f64] {
        let close = self.history().close;
        &close[close.len().saturating_sub(count)..]
    }

    /// Value of a declared column at the current bar; NaN while it warms up.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, column: Col) -> f64 {
        self.frame.value(column.0, self.instrument, self.seen, 0)
    }

    /// Value of a declared column `ago` bars before the current one; NaN before its first value.
    #[must_use]
    #[inline(always)]
    pub fn ago(&self, column: Col, ago: usize) -> f64 {
        self.frame.value(column.0, self.instrument, self.seen, ago)
    }

    /// Value of a declared column for an instrument.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn get_of(&self, column: Col, instrument: usize) -> f64 {
        self.frame.value(column.0, instrument, self.frame.seen(instrument, self.at), 0)
    }

    /// Whether `a` went above `b` at this bar: above now, not above at the bar before, both defined.
    #[must_use]
    #[inline(always)]
    pub fn crossed_above(&self, a: Col, b: Col) -> bool {
        let ((a0, a1), (b0, b1)) = (self.last_two(a), self.last_two(b));
        // A comparison with NaN is false, so both bars must be defined.
        a1 > b1 && a0 <= b0
    }

    /// Whether `a` went below `b` at this bar: below now, not below at the bar before, both defined.
    #[must_use]
    #[inline(always)]
    pub fn crossed_below(&self, a: Col, b: Col) -> bool {
        let ((a0, a1), (b0, b1)) = (self.last_two(a), self.last_two(b));
        a1 < b1 && a0 >= b0
    }

    /// Whether a trigger holds at this bar.
    #[must_use]
    #[inline(always)]
    pub fn holds(&self, trigger: Trigger) -> bool {
        self.frame.holds(&trigger, self.instrument, self.seen)
    }

    #[inline(always)]
    fn last_two(&self, column: Col) -> (f64, f64) {
        self.frame.last_two(column.0, self.instrument, self.seen)
    }

    /// Position in the current instrument, units.
    #[must_use]
    #[inline(always)]
    pub fn position(&self) -> f64 {
        self.frame.position(self.instrument)
    }

    /// Position in an instrument, units.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn position_of(&self, instrument: usize) -> f64 {
        self.frame.position(instrument)
    }

    /// Average entry price of the current instrument's position; `None` when flat.
    #[must_use]
    pub fn entry_price(&self) -> Option<f64> {
        (self.position() != 0.0).then(|| self.frame.entry_price(self.instrument))
    }

    /// Cash of the account.
    #[must_use]
    pub fn cash(&self) -> f64 {
        self.frame.cash()
    }

    /// Equity of the account: cash plus every position at its last close.
    #[must_use]
    pub fn equity(&self) -> f64 {
        (0..self.instruments()).fold(self.frame.cash(), |sum, instrument| {
            let position = self.frame.position(instrument);
            match self.history_of(instrument).close.last() {
                Some(close) if position != 0.0 => sum + position * close,
                _ => sum,
            }
        })
    }

    /// Orders `units` of the current instrument at the market; negative sells.
    #[inline(always)]
    pub fn order(&mut self, units: f64) -> Ticket<'_> {
        self.order_of(self.instrument, Size::Units(units))
    }

    /// Buys `units` of the current instrument at the market.
    #[inline(always)]
    pub fn buy(&mut self, units: f64) -> Ticket<'_> {
        self.order(units)
    }

    /// Sells `units` of the current instrument at the market.
    #[inline(always)]
    pub fn sell(&mut self, units: f64) -> Ticket<'_> {
        self.order(-units)
    }

    /// Orders a fraction of equity in the current instrument at the market; negative sells.
    #[inline(always)]
    pub fn order_fraction(&mut self, fraction: f64) -> Ticket<'_> {
        self.order_of(self.instrument, Size::EquityFraction(fraction))
    }

    /// Orders whatever makes the current instrument's position this fraction of equity.
    #[inline(always)]
    pub fn target(&mut self, fraction: f64) -> Ticket<'_> {
        self.order_of(self.instrument, Size::TargetFraction(fraction))
    }

    /// Orders whatever makes an instrument's position this fraction of equity.
    #[inline(always)]
    pub fn target_of(&mut self, instrument: usize, fraction: f64) -> Ticket<'_> {
        self.order_of(instrument, Size::TargetFraction(fraction))
    }

    /// The fraction of equity for one instrument when all of the run get the same: 1 for a run of one.
    #[must_use]
    #[inline(always)]
    pub fn equal_share(&self) -> f64 {
        1.0 / self.instruments() as f64
    }

    /// Closes the position in the current instrument.
    #[inline(always)]
    pub fn close(&mut self) -> Ticket<'_> {
        self.order_of(self.instrument, Size::TargetUnits(0.0))
    }

    /// Closes the position in an instrument.
    #[inline(always)]
    pub fn close_of(&mut self, instrument: usize) -> Ticket<'_> {
        self.order_of(instrument, Size::TargetUnits(0.0))
    }

    /// Orders any size of any instrument at the market.
    #[inline(always)]
    pub fn order_of(&mut self, instrument: usize, size: Size) -> Ticket<'_> {
        let id = self.frame.place(instrument, size);
        Ticket::new(self.frame.slot(), id)
    }

    /// Orders an amount of currency of the current instrument at the market; negative sells.
    #[inline(always)]
    pub fn order_cash(&mut self, amount: f64) -> Ticket<'_> {
        self.order_of(self.instrument, Size::Cash(amount))
    }

    /// Cancels an order of an earlier step, and with it what is attached to it. The engine counts
    /// instructions for orders that have ended already and passes over them.
    pub fn cancel(&mut self, order: OrderId) {
        self.instruct(RawOrder { action: ACTION_CANCEL, ..self.nothing(order) });
    }

    /// Cancels every order of the current instrument.
    pub fn cancel_all(&mut self) {
        self.instruct(RawOrder { action: ACTION_CANCEL_ALL, ..self.nothing(OrderId(0)) });
    }

    /// Changes prices and size of an order of an earlier step: write the new ones on the ticket. Kind
    /// and time in force stay as they are.
    pub fn modify(&mut self, order: OrderId) -> Ticket<'_> {
        self.instruct(RawOrder { action: ACTION_MODIFY, ..self.nothing(order) });
        Ticket::new(self.frame.slot(), order)
    }

    fn nothing(&self, order: OrderId) -> RawOrder {
        market_order(order, self.instrument, Size::Units(f64::NAN))
    }

    fn instruct(&mut self, order: RawOrder) {
        self.frame.push_order(&order);
    }

    /// The events that are known by now (corporate actions and signals), the latest first.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        self.frame.events(self.at).rev()
    }

    /// The latest known value of a signal of the current instrument or of the whole market.
    #[must_use]
    pub fn signal(&self, name: &str) -> Option<f64> {
        let here = Some(self.instrument);
        self.events()
            .find(|event| {
                event.kind == EventKind::Signal(name)
                    && (event.instrument.is_none() || event.instrument == here)
            })
            .map(|event| event.value)
    }

    /// Writes a line into the log of the run.
    pub fn log(&mut self, line: &str) {
        self.frame.push_log(self.at, line);
    }
}
