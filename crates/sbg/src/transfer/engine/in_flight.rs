//! Bounds the unconfirmed bytes of parts in flight to one host.
//!
//! Bytes in flight are lost when the process is killed, because only whole parts count. On a slow connection parts are sent one after the
//! other, so that each is confirmed soon; on a fast one the bound rises with the first measurement. Pure: its inputs are times and bytes.

use std::time::Duration;

/// Bytes that may be in flight before the rate is known, so that small files are sent in parallel from the start. One part may always be sent.
const LEAST: u64 = 1024 * 1024;

/// Time that the bytes in flight may take at the measured rate.
const IN_FLIGHT: Duration = Duration::from_secs(7);

/// Bytes per second of one connection above which only the number of connections is limited.
const FAST: f64 = 4e6;

/// Bytes of a part that the buffers of its connection accept without having been sent.
const BUFFER: u64 = 4 * 1024 * 1024;

/// Before a part is confirmed, the rate is taken from this many bytes or after this time, whichever comes first.
const TELLING: u64 = 512 * 1024;
const TELLING_TIME: Duration = Duration::from_secs(1);

/// Half-life of the measurement.
const HALF_LIFE: Duration = Duration::from_secs(10);

/// Of the first `sent` bytes of a part, those that have certainly left the buffers of its connection.
pub(in crate::transfer) fn past_buffers(sent: u64) -> u64 {
    sent.saturating_sub(BUFFER)
}

/// Bytes in flight to one host, and the rate at which they are confirmed.
#[derive(Debug, Default)]
pub(in crate::transfer) struct InFlight {
    /// Bytes of the parts in flight.
    bytes: u64,
    parts: u64,
    /// Bytes of them that have [left the buffers](past_buffers).
    past_buffers: u64,
    /// Bytes of confirmed parts.
    confirmed: u64,
    /// Bytes that had moved before the measurement started.
    before: u64,
    /// Start of the measurement, as time since the limiter was created; `None` while nothing is in flight.
    began: Option<Duration>,
    /// When the first byte left the buffers, until a part is confirmed: the bytes accepted before took no time and say nothing about the
    /// line.
    flowing: Option<Duration>,
    rate: Option<f64>,
    /// Whether a part has waited since the last measurement.
    crowded: bool,
    /// The last rate that was measured while parts waited, so that it is that of the network.
    line: Option<f64>,
}

impl InFlight {
    /// Whether a part of this length may be sent now.
    pub(in crate::transfer) fn has_room(&self, length: u64) -> bool {
        if self.parts == 0 {
            return true;
        }
        let after = self.bytes.saturating_add(length);
        if after <= LEAST {
            return true;
        }
        let Some(rate) = self.rate else { return false };
        float(after) <= rate * IN_FLIGHT.as_secs_f64() || rate / float(self.parts) >= FAST
    }

    /// A part waits for room.
    pub(in crate::transfer) fn waits(&mut self) {
        self.crowded = true;
    }

    /// Whether a part has waited for room since the last measurement.
    pub(in crate::transfer) fn is_waited_for(&self) -> bool {
        self.crowded
    }

    /// A part begins.
    pub(in crate::transfer) fn begin(&mut self, length: u64, now: Duration) {
        if self.began.is_none() {
            self.began = Some(now);
            self.confirmed = 0;
            self.before = 0;
        }
        self.bytes += length;
        self.parts += 1;
    }

    /// Bytes of a part have [left the buffers](past_buffers).
    pub(in crate::transfer) fn sent(&mut self, bytes: u64, now: Duration) {
        if bytes > 0 && self.past_buffers + self.confirmed == 0 {
            self.flowing = Some(now);
        }
        self.past_buffers += bytes;
    }

    /// Bytes of a part that had left the buffers have to be sent again.
    pub(in crate::transfer) fn lost(&mut self, bytes: u64) {
        self.past_buffers = self.past_buffers.saturating_sub(bytes);
    }

    /// A part has ended, of which `past_buffers` bytes had left the buffers. `confirmed` is whether the storage has confirmed it.
    pub(in crate::transfer) fn end(
        &mut self,
        length: u64,
        past_buffers: u64,
        confirmed: bool,
        now: Duration,
    ) {
        self.bytes = self.bytes.saturating_sub(length);
        self.parts = self.parts.saturating_sub(1);
        self.lost(past_buffers);
        if confirmed {
            self.confirmed += length;
            self.flowing = None;
            self.measure(now);
        }
        if self.parts == 0 {
            self.began = None;
            self.flowing = None;
        }
    }

    /// Updates the rate from the confirmed bytes and those that have certainly left the buffers of the connections.
    pub(in crate::transfer) fn measure(&mut self, now: Duration) {
        let Some(began) = self.flowing.or(self.began) else { return };
        let elapsed = now.saturating_sub(began);
        let moved = (self.confirmed + self.past_buffers).saturating_sub(self.before);
        let telling = self.flowing.is_none() || moved >= TELLING || elapsed >= TELLING_TIME;
        if moved == 0 || elapsed.is_zero() || !telling {
            return;
        }
        self.rate = Some(float(moved) / elapsed.as_secs_f64());
        if std::mem::take(&mut self.crowded) {
            self.line = self.rate;
        }
        if elapsed >= HALF_LIFE {
            self.began = Some(now.saturating_sub(elapsed / 2));
            self.before += moved / 2;
        }
    }

    /// Bytes per second of the network, once known.
    pub(in crate::transfer) fn line(&self) -> Option<f64> {
        self.line
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    /// Simulates sending parts over a shared line of `line` bytes per second, with at most `connections`, each of which buffers `buffer`
    /// bytes at once. Returns the parts in flight when each was confirmed, and the time of the first confirmation.
    fn simulate(line: u64, part: u64, buffer: u64, connections: u64, count: usize) -> (Vec<u64>, Duration) {
        let step = Duration::from_millis(10);
        let (mut window, mut now) = (InFlight::default(), Duration::ZERO);
        // Bytes of each part that were handed over, and that have arrived.
        let mut parts: VecDeque<(u64, u64)> = VecDeque::new();
        let (mut bytes, mut first) = (Vec::new(), Duration::ZERO);
        while bytes.len() < count {
            while (parts.len() as u64) < connections && window.has_room(part) {
                window.begin(part, now);
                parts.push_back((0, 0));
            }
            now += step;
            let each = line / 100 / parts.len() as u64;
            for (handed, arrived) in &mut parts {
                *arrived = (*arrived + each).min(part);
                let takes = (*arrived + buffer).min(part).saturating_sub(*handed);
                window.sent(past_buffers(*handed + takes) - past_buffers(*handed), now);
                *handed += takes;
            }
            if now.as_millis() % 100 == 0 {
                window.measure(now);
            }
            while let Some(done) = parts.iter().position(|(_, arrived)| *arrived == part) {
                bytes.push(parts.len() as u64);
                if bytes.len() == 1 {
                    first = now;
                }
                parts.remove(done);
                window.end(part, past_buffers(part), true, now);
            }
        }
        (bytes, first)
    }

    #[test]
    fn slow_link_confirms_first_part_within_10_s() {
        for buffer in [0, MIB, BUFFER] {
            for line in [MIB, 2 * MIB, 3 * MIB] {
                let (bytes, first) = simulate(line, 8 * MIB, buffer, 8, 20);
                assert!(first <= Duration::from_secs(10), "{line} {buffer}: {first:?}");
                let most = bytes.iter().max().unwrap() * 8 * MIB;
                assert!(most <= (9 * line).max(8 * MIB), "{line} {buffer}: {most} bytes");
            }
        }
    }

    #[test]
    fn fast_link_uses_every_connection_once_measured() {
        for (line, part) in [(100 * MIB, 8 * MIB), (1000 * MIB, 8 * MIB), (1000 * MIB, 256 * MIB)] {
            let (bytes, _) = simulate(line, part, BUFFER, 8, 30);
            assert!(bytes[..10].contains(&8), "{line} {part}: {bytes:?}");
        }
    }

    #[test]
    fn fast_connections_open_the_window_early() {
        // 25 MB/s per connection: the total grows with the number of parts.
        let step = Duration::from_millis(10);
        let (mut window, mut now, mut handed) = (InFlight::default(), Duration::ZERO, 0);
        window.begin(8 * MIB, now);
        while !window.has_room(8 * MIB) {
            now += step;
            window.sent(past_buffers(handed + 250_000) - past_buffers(handed), now);
            handed += 250_000;
            if now.as_millis() % 100 == 0 {
                window.measure(now);
            }
        }
        assert!(now <= Duration::from_millis(300), "{now:?}");
    }

    #[test]
    fn small_parts_start_in_parallel() {
        let mut window = InFlight::default();
        for _ in 0..64 {
            assert!(window.has_room(10_000));
            window.begin(10_000, Duration::ZERO);
        }
        assert!(!window.has_room(MIB));
    }

    #[test]
    fn one_part_is_always_allowed() {
        let mut window = InFlight::default();
        window.begin(100, Duration::ZERO);
        window.end(100, 0, true, Duration::from_secs(100));
        assert_eq!(window.rate, Some(1.0));
        assert!(window.has_room(1 << 30));
        window.begin(1 << 30, Duration::from_secs(100));
        assert!(!window.has_room(1 << 30));
    }

    #[test]
    fn rate_is_known_only_once_parts_have_waited() {
        let mut window = InFlight::default();
        for crowded in [false, true] {
            window.begin(MIB, Duration::ZERO);
            if crowded {
                window.waits();
            }
            window.end(MIB, 0, true, Duration::from_secs(1));
            assert_eq!(window.line().is_some(), crowded);
        }
    }

    #[test]
    fn failed_attempts_do_not_raise_the_rate() {
        let mut window = InFlight::default();
        for second in 0..10 {
            window.begin(8 * MIB, Duration::from_secs(second));
            window.sent(4 * MIB, Duration::from_secs(second));
            window.end(8 * MIB, 4 * MIB, false, Duration::from_secs(second));
            window.measure(Duration::from_secs(second + 1));
        }
        assert_eq!(window.rate, None);
    }

    #[test]
    fn link_slowdown_is_detected() {
        let mut window = InFlight::default();
        window.begin(MIB, Duration::ZERO);
        window.begin(100 * MIB, Duration::ZERO);
        window.end(100 * MIB, 0, true, Duration::from_secs(1));
        assert!(window.has_room(100 * MIB));
        for second in 2..120 {
            window.measure(Duration::from_secs(second));
        }
        assert!(window.rate.unwrap() < 1e6, "{:?}", window.rate);
        assert!(!window.has_room(8 * MIB));
    }
}
