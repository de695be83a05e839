//! What tests share.

pub(crate) mod broker;
pub(crate) mod browser;
pub(crate) mod child;
pub(crate) mod desk;
pub(crate) mod door;
pub(crate) mod ingest;
pub(crate) mod markdown;
pub(crate) mod over_tcp;
pub(crate) mod plugins;
pub(crate) mod postgres;
pub(crate) mod script;
pub(crate) mod simulated;
pub(crate) mod store;
pub(crate) mod trial;

use std::future::Future;

/// Runs a future to its end on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Polls two futures until both have ended.
pub(crate) async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut left, mut right) = (None, None);
    std::future::poll_fn(|cx| {
        use std::task::Poll;
        if left.is_none()
            && let Poll::Ready(out) = a.as_mut().poll(cx)
        {
            left = Some(out);
        }
        if right.is_none()
            && let Poll::Ready(out) = b.as_mut().poll(cx)
        {
            right = Some(out);
        }
        if left.is_some() && right.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (left.unwrap(), right.unwrap())
}
