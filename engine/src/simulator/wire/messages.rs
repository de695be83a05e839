//! The messages, with the field numbers of the broker's protobuf definitions.
//!
//! Every field is optional on the wire; quantities travel as decimal text.

use prost::Message;

/// What is traded.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Contract {
    #[prost(int32, optional, tag = "1")]
    pub(crate) con_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) symbol: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) sec_type: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) exchange: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub(crate) primary_exchange: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub(crate) currency: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub(crate) local_symbol: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub(crate) trading_class: Option<String>,
    #[prost(string, optional, tag = "15")]
    pub(crate) description: Option<String>,
}

/// Begins a session.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StartApi {
    #[prost(int32, optional, tag = "1")]
    pub(crate) client_id: Option<i32>,
}

/// A message that carries nothing but the number of its request.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestId {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
}

/// A message without a field.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Empty {}

/// Asks for bars.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HistoricalDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub(crate) end_date_time: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) bar_size: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) duration: Option<String>,
    #[prost(bool, optional, tag = "6")]
    pub(crate) use_rth: Option<bool>,
    #[prost(string, optional, tag = "7")]
    pub(crate) what_to_show: Option<String>,
    #[prost(int32, optional, tag = "8")]
    pub(crate) format_date: Option<i32>,
    #[prost(bool, optional, tag = "9")]
    pub(crate) keep_up_to_date: Option<bool>,
}

/// One bar; it stands repeated in field 2 of the answer.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HistoricalBar {
    #[prost(string, optional, tag = "1")]
    pub(crate) date: Option<String>,
    #[prost(double, optional, tag = "2")]
    pub(crate) open: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub(crate) high: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) low: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(crate) close: Option<f64>,
    #[prost(string, optional, tag = "6")]
    pub(crate) volume: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(crate) wap: Option<String>,
    #[prost(int32, optional, tag = "8")]
    pub(crate) count: Option<i32>,
}

/// Ends an answer of bars and names its window.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HistoricalDataEnd {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) start: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) end: Option<String>,
}

/// One session of a schedule.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ScheduleSession {
    #[prost(string, optional, tag = "1")]
    pub(crate) start: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) end: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) reference_date: Option<String>,
}

/// The sessions of a window.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HistoricalSchedule {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) start: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) end: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) time_zone: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) sessions: Vec<ScheduleSession>,
}

/// Asks for the first bar there is.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HeadTimestampRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(bool, optional, tag = "3")]
    pub(crate) use_rth: Option<bool>,
    #[prost(string, optional, tag = "4")]
    pub(crate) what_to_show: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) format_date: Option<i32>,
}

/// A request with a text: the first bar there is as its answer, a pattern of symbols as a question.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestText {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) text: Option<String>,
}

/// Asks what stands behind a contract.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContractDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
}

/// Facts about a contract beyond its name.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContractDetails {
    #[prost(string, optional, tag = "1")]
    pub(crate) market_name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) min_tick: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) order_types: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) valid_exchanges: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) price_magnifier: Option<i32>,
    #[prost(string, optional, tag = "7")]
    pub(crate) long_name: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub(crate) time_zone: Option<String>,
    #[prost(string, optional, tag = "13")]
    pub(crate) trading_hours: Option<String>,
    #[prost(string, optional, tag = "14")]
    pub(crate) liquid_hours: Option<String>,
    #[prost(string, optional, tag = "23")]
    pub(crate) stock_type: Option<String>,
    #[prost(string, optional, tag = "24")]
    pub(crate) min_size: Option<String>,
    #[prost(string, optional, tag = "25")]
    pub(crate) size_increment: Option<String>,
}

/// A contract with its facts.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContractData {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub(crate) details: Option<ContractDetails>,
}

/// One contract whose symbol begins with a pattern.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContractDescription {
    #[prost(message, optional, tag = "1")]
    pub(crate) contract: Option<Contract>,
}

/// Contracts whose symbols begin with a pattern.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SymbolSamples {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) descriptions: Vec<ContractDescription>,
}

/// An error or a notice; -1 stands for no request.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ErrorMessage {
    #[prost(int32, optional, tag = "1")]
    pub(crate) id: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    pub(crate) time_ms: Option<i64>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) code: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub(crate) text: Option<String>,
}

/// A number: the next order id, or the clock in seconds or milliseconds.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Number {
    #[prost(int64, optional, tag = "1")]
    pub(crate) value: Option<i64>,
}

/// Accounts, separated by commas.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ManagedAccounts {
    #[prost(string, optional, tag = "1")]
    pub(crate) accounts: Option<String>,
}

/// Asks for figures of the accounts.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AccountSummaryRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub(crate) tags: Option<String>,
}

/// One figure of an account.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AccountSummary {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) tag: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) value: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) currency: Option<String>,
}
