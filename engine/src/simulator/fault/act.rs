//! What happens before, or instead of, an answer.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{Kind, read::broker};
use crate::simulator::{
    outbox::{Gone, Out},
    request::Refusal,
    session::Session,
};

/// Whether a request is still to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It is.
    Answer,
    /// It was refused, or nothing is to be said.
    Stop,
}

/// A frame of no bytes.
pub(crate) const ZERO_FRAME: [u8; 4] = [0; 4];
/// A frame of two gigabytes, of which some bytes come.
pub(crate) const HUGE_FRAME: [u8; 12] =
    [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 217, 0x08, 0x01, 0x12, 0x34];

/// The beginning of an answer of 17 MiB.
pub(crate) fn too_long(req_id: i32) -> Vec<u8> {
    let mut bytes = vec![0x01, 0x10, 0, 0, 0, 0, 0, 217];
    prost::encoding::int32::encode(1, &req_id, &mut bytes);
    bytes
}

/// A frame of a length that can be, with nonsense in it.
pub(crate) fn garbage() -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 60];
    bytes.extend((0..60_u8).map(|at| at.wrapping_mul(151) ^ 0xa5));
    bytes
}

/// Lets everything happen that comes before the answer of a request.
///
/// # Errors
/// When the connection is gone.
pub(crate) async fn before(
    session: &Arc<Session>,
    req_id: i32,
    kinds: &[Kind],
) -> Result<Flow, Gone> {
    for kind in kinds {
        if one(session, req_id, kind).await? == Flow::Stop {
            return Ok(Flow::Stop);
        }
    }
    Ok(Flow::Answer)
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

async fn one(session: &Arc<Session>, req_id: i32, kind: &Kind) -> Result<Flow, Gone> {
    let bytes = |bytes: &[u8]| Out::Bytes(bytes.to_vec());
    match kind {
        Kind::Error { code, text } => {
            session.error(req_id, &Refusal::new(*code, text.clone())).await?;
            return Ok(Flow::Stop);
        }
        Kind::Notice { code, text } => {
            session.error(-1, &Refusal::new(*code, text.clone())).await?;
        }
        Kind::Delay(wait) => sleep(seconds(*wait)).await,
        Kind::Lost(wait) => lost(session, *wait, 1102).await?,
        Kind::LostData(wait) => {
            session.abort_others(req_id);
            lost(session, *wait, 1101).await?;
            return Ok(Flow::Stop);
        }
        Kind::FarmsBroken(wait) => farms_broken(session, *wait).await?,
        Kind::UnknownMessage => unknown_messages(session).await?,
        Kind::ZeroFrame => session.out.put(bytes(&ZERO_FRAME)).await?,
        Kind::HugeFrame => session.out.put(bytes(&HUGE_FRAME)).await?,
        Kind::Garbage => session.out.put(Out::Bytes(garbage())).await?,
        Kind::PortReset => {
            session.error(-1, &broker(1300)).await?;
            session.out.put(Out::Finish).await?;
            return Ok(Flow::Stop);
        }
        Kind::Down(wait) => {
            session.shared.go_down(seconds(*wait));
            return Ok(Flow::Stop);
        }
        Kind::HalfOpen => {
            session.out.fall_silent();
            return Ok(Flow::Stop);
        }
        Kind::NoAnswer => return Ok(Flow::Stop),
        _ => {}
    }
    let instead = matches!(kind, Kind::ZeroFrame | Kind::HugeFrame | Kind::Garbage);
    Ok(if instead { Flow::Stop } else { Flow::Answer })
}

/// The connection of the gateway to the broker is lost for a while.
async fn lost(session: &Session, wait: f64, restored: i32) -> Result<(), Gone> {
    session.error(-1, &broker(1100)).await?;
    sleep(seconds(wait)).await;
    session.error(-1, &broker(restored)).await
}

/// The farms of data cannot be reached for a while; requests are answered as they can be.
async fn farms_broken(session: &Arc<Session>, wait: f64) -> Result<(), Gone> {
    for code in [2103, 2105] {
        session.error(-1, &broker(code)).await?;
    }
    let session = Arc::clone(session);
    tokio::spawn(async move {
        sleep(seconds(wait)).await;
        for code in [2104, 2106] {
            // A connection that is gone need not know.
            let _ = session.error(-1, &broker(code)).await;
        }
    });
    Ok(())
}

/// A protobuf message and a text message with numbers that no gateway has used.
async fn unknown_messages(session: &Session) -> Result<(), Gone> {
    for number in [397_u32, 190] {
        let mut bytes = 12_u32.to_be_bytes().to_vec();
        bytes.extend(number.to_be_bytes());
        bytes.extend(*b"1\0what\0is");
        bytes.truncate(16);
        session.out.put(Out::Bytes(bytes)).await?;
    }
    Ok(())
}
