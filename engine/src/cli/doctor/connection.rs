//! Whether the broker's gateway answers.

use super::{
    super::{app::App, gateway_args::GatewayArgs},
    Check,
};
use crate::error::Failure;

/// The checks, in the order in which one needs the other.
pub(super) async fn checks(app: &App, args: &GatewayArgs) -> Result<Vec<Check>, Failure> {
    let gateway = args.open(app)?;
    let check = match gateway.now().await {
        Ok(_) => Check::ok("gateway", "it answers"),
        Err(error) => Check::failed("gateway", error.into()),
    };
    gateway.close().await;
    Ok(vec![check])
}
