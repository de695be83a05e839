//! Lends connections, and takes back only those that ended well.
//!
//! A connection on which something failed, or whose work was given up half-way, is dropped. That ends
//! its transaction on both databases, so no ROLLBACK is ever sent that could fail and hide why.

use std::sync::{Mutex, PoisonError};

/// Connections that nobody uses at the moment.
pub(super) struct Idle<C>(Mutex<Vec<C>>);

impl<C> Idle<C> {
    /// With one connection to begin with.
    pub(super) fn with(connection: C) -> Self {
        Self(Mutex::new(vec![connection]))
    }

    /// A connection, when there is one.
    pub(super) fn take(&self) -> Option<C> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// A connection on loan.
    pub(super) fn lend(&self, connection: C) -> Lease<'_, C> {
        Lease { home: self, connection }
    }
}

/// A connection on loan.
pub(super) struct Lease<'s, C> {
    home: &'s Idle<C>,
    connection: C,
}

impl<C> Lease<'_, C> {
    /// The connection.
    pub(super) fn db(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Gives the connection back when the work on it ended well; passes the result on.
    pub(super) fn end<T, E>(self, result: Result<T, E>) -> Result<T, E> {
        if result.is_ok() {
            self.home.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.connection);
        }
        result
    }
}
