//! The protocol on the wire: frames, message numbers and messages.
//!
//! A client opens with `API\0` and the versions it can speak; the server names the version of the
//! session. From then on each side sends frames: a length of four bytes, a message number of four
//! bytes, a body, integers big endian. From version 213 on every body is a protobuf message, and its
//! number on the wire is 200 above the number of old. Only the fields that the simulator reads or
//! writes are declared here; protobuf skips the others.

mod frame;
mod messages;

pub(super) use frame::{
    AnswerFrame, FrameError, PROTOBUF_OFFSET, frame, read_frame, read_versions, version_answer,
};
pub(super) use messages::*;

/// The version that the simulator speaks at most.
pub(super) const SERVER_VERSION: i32 = 225;
/// The lowest version in which everything is protobuf.
pub(super) const LOWEST_VERSION: i32 = 213;

/// Numbers of the messages that a client sends.
pub(super) mod incoming {
    pub(crate) const REQ_IDS: u32 = 8;
    pub(crate) const REQ_CONTRACT_DATA: u32 = 9;
    pub(crate) const REQ_MANAGED_ACCOUNTS: u32 = 17;
    pub(crate) const REQ_HISTORICAL_DATA: u32 = 20;
    pub(crate) const CANCEL_HISTORICAL_DATA: u32 = 25;
    pub(crate) const REQ_CURRENT_TIME: u32 = 49;
    pub(crate) const REQ_POSITIONS: u32 = 61;
    pub(crate) const REQ_ACCOUNT_SUMMARY: u32 = 62;
    pub(crate) const CANCEL_ACCOUNT_SUMMARY: u32 = 63;
    pub(crate) const CANCEL_POSITIONS: u32 = 64;
    pub(crate) const START_API: u32 = 71;
    pub(crate) const REQ_MATCHING_SYMBOLS: u32 = 81;
    pub(crate) const REQ_HEAD_TIMESTAMP: u32 = 87;
    pub(crate) const CANCEL_HEAD_TIMESTAMP: u32 = 90;
    pub(crate) const REQ_CURRENT_TIME_IN_MILLIS: u32 = 105;
    pub(crate) const CANCEL_CONTRACT_DATA: u32 = 106;
}

/// Numbers of the messages that the server sends.
pub(super) mod outgoing {
    pub(crate) const ERROR: u32 = 4;
    pub(crate) const NEXT_VALID_ID: u32 = 9;
    pub(crate) const CONTRACT_DATA: u32 = 10;
    pub(crate) const MANAGED_ACCOUNTS: u32 = 15;
    pub(crate) const HISTORICAL_DATA: u32 = 17;
    pub(crate) const CURRENT_TIME: u32 = 49;
    pub(crate) const CONTRACT_DATA_END: u32 = 52;
    pub(crate) const POSITION_END: u32 = 62;
    pub(crate) const ACCOUNT_SUMMARY: u32 = 63;
    pub(crate) const ACCOUNT_SUMMARY_END: u32 = 64;
    pub(crate) const SYMBOL_SAMPLES: u32 = 79;
    pub(crate) const HEAD_TIMESTAMP: u32 = 88;
    pub(crate) const HISTORICAL_SCHEDULE: u32 = 106;
    pub(crate) const HISTORICAL_DATA_END: u32 = 108;
    pub(crate) const CURRENT_TIME_IN_MILLIS: u32 = 109;
}
