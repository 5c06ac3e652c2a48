//! How many bytes of parts may be in flight to one host before they are confirmed.
//!
//! What is in flight is lost when the process is killed, because a part counts only as a whole. On a slow line a few parts are sent one
//! after the other, so that each is confirmed soon; on a fast one the window opens with the first measurement. Pure: it sees times and
//! bytes, and nothing else.

use std::time::Duration;

/// What may be in flight before anything is known, so that small files go in parallel from the start. One part may always go.
const LEAST: u64 = 1024 * 1024;

/// Time that the bytes in flight may take at the measured rate.
const IN_FLIGHT: Duration = Duration::from_secs(7);

/// Bytes per second of one connection from which on a line is not slow: the number of connections is then left to what they bring.
const FAST: f64 = 4e6;

/// Bytes of a part that the buffers of its connection take at once, without the line having moved them.
const BUFFER: u64 = 4 * 1024 * 1024;

/// Before a part is confirmed, a rate is known from so many bytes or after so much time, whichever comes first.
const TELLING: u64 = 512 * 1024;
const TELLING_TIME: Duration = Duration::from_secs(1);

/// Time after which what was measured counts half.
const HALF_LIFE: Duration = Duration::from_secs(10);

/// Of the first `sent` bytes of a part, those that have surely left the buffers of its connection.
pub(in crate::transfer) fn past_buffers(sent: u64) -> u64 {
    sent.saturating_sub(BUFFER)
}

/// Bytes in flight to one host, and how fast they are confirmed.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Window {
    /// Bytes of the parts that are being sent.
    in_flight: u64,
    parts: u64,
    /// Bytes of them that have [left the buffers](past_buffers).
    past_buffers: u64,
    /// Bytes of confirmed parts.
    confirmed: u64,
    /// Bytes that had moved before the measurement began.
    before: u64,
    /// When the measurement began, as time since the start of the transfer engine; `None` while nothing is in flight.
    began: Option<Duration>,
    /// When the first byte left the buffers, until a part is confirmed: what went into them before took no time, and says nothing
    /// about the line.
    flowing: Option<Duration>,
    rate: Option<f64>,
    /// Whether a part has waited since the last measurement.
    crowded: bool,
    /// The last rate that was measured while parts waited: that of the line, and not of those who had little to send.
    line: Option<f64>,
}

impl Window {
    /// Whether a part of so many bytes may be sent now.
    pub(in crate::transfer) fn has_room(&self, length: u64) -> bool {
        if self.parts == 0 {
            return true;
        }
        let after = self.in_flight.saturating_add(length);
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
        self.in_flight += length;
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

    /// A part has ended, of which so many bytes had left the buffers; whether the storage has confirmed it.
    pub(in crate::transfer) fn end(
        &mut self,
        length: u64,
        past_buffers: u64,
        confirmed: bool,
        now: Duration,
    ) {
        self.in_flight = self.in_flight.saturating_sub(length);
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

    /// Measures anew: all that is confirmed, and what has surely left the buffers of the connections.
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

    /// Bytes per second of the line, once they are known.
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

    /// Sends parts over a line of so many bytes per second that all share, whose connections take in `buffer` bytes at once, with no more
    /// than `connections`. Gives the parts in flight when each was confirmed, and when the first one was.
    fn simulate(line: u64, part: u64, buffer: u64, connections: u64, count: usize) -> (Vec<u64>, Duration) {
        let step = Duration::from_millis(10);
        let (mut window, mut now) = (Window::default(), Duration::ZERO);
        // Bytes of each part that were handed over, and that have arrived.
        let mut parts: VecDeque<(u64, u64)> = VecDeque::new();
        let (mut in_flight, mut first) = (Vec::new(), Duration::ZERO);
        while in_flight.len() < count {
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
                in_flight.push(parts.len() as u64);
                if in_flight.len() == 1 {
                    first = now;
                }
                parts.remove(done);
                window.end(part, past_buffers(part), true, now);
            }
        }
        (in_flight, first)
    }

    #[test]
    fn slow_line_confirms_first_part_within_10_s() {
        for buffer in [0, MIB, BUFFER] {
            for line in [MIB, 2 * MIB, 3 * MIB] {
                let (in_flight, first) = simulate(line, 8 * MIB, buffer, 8, 20);
                assert!(first <= Duration::from_secs(10), "{line} {buffer}: {first:?}");
                let most = in_flight.iter().max().unwrap() * 8 * MIB;
                assert!(most <= (9 * line).max(8 * MIB), "{line} {buffer}: {most} bytes");
            }
        }
    }

    #[test]
    fn fast_line_uses_every_connection_after_the_first_measurement() {
        for (line, part) in [(100 * MIB, 8 * MIB), (1000 * MIB, 8 * MIB), (1000 * MIB, 256 * MIB)] {
            let (in_flight, _) = simulate(line, part, BUFFER, 8, 30);
            assert!(in_flight[..10].contains(&8), "{line} {part}: {in_flight:?}");
        }
    }

    #[test]
    fn line_that_is_fast_for_each_connection_opens_within_half_a_second() {
        // 25 MB/s on every connection: as many times that as there are parts.
        let step = Duration::from_millis(10);
        let (mut window, mut now, mut handed) = (Window::default(), Duration::ZERO, 0);
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
    fn small_parts_go_in_parallel_from_the_start() {
        let mut window = Window::default();
        for _ in 0..64 {
            assert!(window.has_room(10_000));
            window.begin(10_000, Duration::ZERO);
        }
        assert!(!window.has_room(MIB));
    }

    #[test]
    fn one_part_may_go_whatever_its_size_and_the_rate() {
        let mut window = Window::default();
        window.begin(100, Duration::ZERO);
        window.end(100, 0, true, Duration::from_secs(100));
        assert_eq!(window.rate, Some(1.0));
        assert!(window.has_room(1 << 30));
        window.begin(1 << 30, Duration::from_secs(100));
        assert!(!window.has_room(1 << 30));
    }

    #[test]
    fn line_is_known_only_once_parts_have_waited() {
        let mut window = Window::default();
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
    fn bytes_of_failed_attempts_do_not_count() {
        let mut window = Window::default();
        for second in 0..10 {
            window.begin(8 * MIB, Duration::from_secs(second));
            window.sent(4 * MIB, Duration::from_secs(second));
            window.end(8 * MIB, 4 * MIB, false, Duration::from_secs(second));
            window.measure(Duration::from_secs(second + 1));
        }
        assert_eq!(window.rate, None);
    }

    #[test]
    fn line_that_becomes_slow_is_noticed() {
        let mut window = Window::default();
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
