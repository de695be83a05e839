//! Any lists survive the way into the database and back, and damaged bytes are refused.

use super::*;
use proptest::prelude::*;

fn terms() -> impl Strategy<Value = OrderTerms> {
    let price = || prop::option::of(-1e9..1e9);
    (any::<(u32, u32, i64, u64, u64)>(), price(), price(), price()).prop_map(
        |((kind, time_in_force, expires_at, parent, oca_group), limit, stop, trail)| OrderTerms {
            kind,
            limit_price: limit,
            stop_price: stop,
            trail,
            time_in_force,
            expires_at,
            parent,
            oca_group,
        },
    )
}

fn order() -> impl Strategy<Value = OrderRecord> {
    let reason = prop::option::of(prop::sample::select(REASONS.to_vec()));
    let state = prop::sample::select(STATES.to_vec());
    let numbers = any::<(u64, u32, i64, u32, i64)>();
    (numbers, -1e12..1e12, state, reason, -1e9..1e9, terms()).prop_map(
        |(
            (id, instrument, decided_ts, size_kind, ended_ts),
            size,
            state,
            reason,
            filled,
            terms,
        )| {
            OrderRecord {
                id,
                instrument,
                decided_ts,
                size_kind,
                size,
                state,
                reason,
                filled,
                terms,
                ended_ts,
            }
        },
    )
}

fn fill() -> impl Strategy<Value = FillRecord> {
    (any::<(u64, u32, i64)>(), prop::array::uniform4(-1e12..1e12)).prop_map(
        |((order, instrument, ts), [quantity, price, reference, commission])| FillRecord {
            order,
            instrument,
            ts,
            quantity,
            price,
            reference,
            commission,
        },
    )
}

fn trade() -> impl Strategy<Value = Trade> {
    let closed = prop::option::of(i64::MIN + 1..);
    (any::<(u32, i64, u64, u64)>(), closed, prop::array::uniform7(-1e12..1e12)).prop_map(
        |((instrument, opened_ts, entry_order, exit_order), closed_ts, amounts)| {
            let [quantity, entry_price, exit_price, held, commission, slippage, cash_flow] =
                amounts;
            Trade {
                instrument,
                opened_ts,
                closed_ts,
                quantity,
                entry_price,
                exit_price,
                held,
                commission,
                slippage,
                cash_flow,
                entry_order,
                exit_order,
            }
        },
    )
}

fn curve() -> impl Strategy<Value = SessionEquity> {
    let session = (-700_000..2_900_000, -1e12..1e12);
    (prop::collection::vec(session, 0..40), -1e12..1e12).prop_map(|(sessions, initial)| {
        SessionEquity {
            initial,
            days: sessions.iter().map(|(day, _)| date_of(*day)).collect(),
            equity: sessions.iter().map(|(_, value)| *value).collect(),
        }
    })
}

fn log() -> impl Strategy<Value = LogEntry> {
    (any::<i64>(), ".{0,40}").prop_map(|(ts, text)| LogEntry { ts, text })
}

fn lists() -> impl Strategy<Value = Lists<'static>> {
    (
        prop::collection::vec(order(), 0..20),
        prop::collection::vec(fill(), 0..20),
        prop::collection::vec(trade(), 0..20),
        curve(),
        prop::option::of(curve()),
        prop::collection::vec(log(), 0..10),
    )
        .prop_map(|(orders, fills, trades, equity, benchmark, log)| Lists {
            orders: orders.into(),
            fills: fills.into(),
            trades: trades.into(),
            equity: Cow::Owned(equity),
            benchmark: benchmark.map(Cow::Owned),
            log: log.into(),
        })
}

proptest! {
    #[test]
    fn lists_come_back_as_they_went(lists in lists()) {
        prop_assert_eq!(decode(&encode(&lists)), Ok(lists));
    }

    #[test]
    fn bytes_that_were_cut_or_changed_never_panic(
        lists in lists(), place in any::<prop::sample::Index>(), bit in 0u8..8, keep in 0.0..1.0_f64,
    ) {
        let blobs = encode(&lists);
        for kind in 0..blobs.len() {
            let mut cut = blobs.clone();
            let length = (cut[kind].1.len() as f64 * keep) as usize;
            cut[kind].1.truncate(length);
            prop_assert!(decode(&cut).is_err());
            let mut changed = blobs.clone();
            let bytes = &mut changed[kind].1;
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let _ = decode(&changed);
        }
    }
}

#[test]
fn the_layout_is_what_the_documentation_says() {
    let fill = FillRecord {
        order: 2,
        instrument: 3,
        ts: 5,
        quantity: 7.0,
        price: 11.0,
        reference: 13.0,
        commission: 17.0,
    };
    let mut expected = Vec::new();
    expected.extend([1u32, 7].map(u32::to_le_bytes).concat());
    expected.extend([1u64, 2, 5].map(u64::to_le_bytes).concat());
    expected.extend([7.0f64, 11.0, 13.0, 17.0].map(f64::to_le_bytes).concat());
    expected.extend(3u32.to_le_bytes());
    assert_eq!(encode_fills(&[fill]), expected);
}

#[test]
fn orders_of_the_first_version_were_market_orders() {
    let raw = strategy_api::order::market_order(
        strategy_api::order::OrderId(7),
        1,
        strategy_api::order::Size::Units(3.0),
    );
    let order = OrderRecord { ended_ts: 5, ..OrderRecord::new(&raw, 5) };
    let mut blob = Writer::new(8, 1);
    blob.column([7u64.to_le_bytes()].into_iter());
    blob.column([5i64.to_le_bytes()].into_iter());
    blob.column([3.0f64.to_le_bytes()].into_iter());
    blob.column([0.0f64.to_le_bytes()].into_iter());
    blob.column([1u32.to_le_bytes()].into_iter());
    blob.column([0u32.to_le_bytes()].into_iter());
    blob.column([2u32.to_le_bytes()].into_iter());
    blob.column([0u32.to_le_bytes()].into_iter());
    let bytes = blob.finish();
    let read = Reader::new(&bytes).and_then(decode_orders).unwrap();
    assert_eq!(read.as_ref(), [order]);
}

#[test]
fn codes_and_their_meanings_agree() {
    for (place, reason) in REASONS.into_iter().enumerate() {
        assert_eq!(reason_code(reason) as usize, place + 1);
    }
    for (place, state) in STATES.into_iter().enumerate() {
        assert_eq!(state_code(state) as usize, place);
    }
}

#[test]
fn a_missing_kind_is_named() {
    let error = decode(&[]).unwrap_err();
    assert_eq!(error.to_string(), "the stored orders of the run cannot be read: it is missing");
    assert_eq!(Failure::from(error).code, Code::Database);
}
