//! Prices of tasks and storage, in millionths of a dollar.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Millionths of a dollar for a gigabyte in 30 days.
pub(super) const STORAGE_MICROS: u128 = 21_000;
pub(super) const GIGABYTE: u128 = 1_000_000_000;

/// The price of a task, in millionths of a dollar.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Price {
    pub(crate) computation: u64,
    pub(crate) storage: u64,
}

impl Price {
    /// The price of running this long with this many bytes of results. Seconds are rounded up.
    pub(crate) fn of(running: SignedDuration, bytes: u64, interruptible: bool) -> Self {
        let millis = u64::try_from(running.as_millis()).unwrap_or_default();
        // Dollars an hour: 0.40 on demand, 0.16 on interruptible instances.
        let hourly: u64 = if interruptible { 160_000 } else { 400_000 };
        let storage = u128::from(bytes) * STORAGE_MICROS / GIGABYTE;
        Self {
            computation: millis.div_ceil(1000).max(1).saturating_mul(hourly).div_ceil(3600),
            storage: u64::try_from(storage).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn total(self) -> u64 {
        self.computation.saturating_add(self.storage)
    }
}
