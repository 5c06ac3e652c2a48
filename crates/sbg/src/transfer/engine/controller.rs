//! Decides how many connections to one host pay. Pure: it sees bytes per second and overloads, and nothing else.

/// Maximum number of connections. Memory grows with it.
pub(super) const MOST: usize = 64;

/// Minimum number of connections, so that one slow response does not block everything.
const LEAST: usize = 2;

/// Decides on the number of connections. Pure: its inputs are bytes per second and overload signals.
#[derive(Debug)]
pub(super) struct Controller {
    limit: usize,
    phase: Phase,
    /// Best goodput so far, in bytes per second.
    best: f64,
    /// Consecutive ticks with less than half of the best goodput.
    poor: u32,
    /// Bytes per second that the CPUs of this machine can move. Beyond it more connections only cost memory.
    enough: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Doubles at each tick, as long as the goodput rises by at least a quarter over `before`.
    Doubling { before: f64 },
    /// Keeps the number; after some ticks one more connection is tried.
    Holding { ticks: u32 },
    /// Tries one more connection, which stays if the goodput rises over `before`.
    Probing { before: f64 },
}

/// Ticks between one failed probe and the next.
const HOLD: u32 = 8;

/// Bytes per second that one CPU moves between TLS and a file, at least.
const EACH_PROCESSOR: f64 = 256.0 * 1024.0 * 1024.0;

/// Bytes per second that the CPUs of this machine move.
pub(super) fn enough() -> f64 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    #[expect(clippy::cast_precision_loss, reason = "no machine has so many processors")]
    let processors = processors as f64;
    processors * EACH_PROCESSOR
}

impl Controller {
    pub(super) fn new(first: usize, enough: f64) -> Self {
        Self { limit: first, phase: Phase::Doubling { before: 0.0 }, best: 0.0, poor: 0, enough }
    }

    /// The number of connections after a tick with this goodput, during which all connections were in use.
    pub(super) fn tick(&mut self, goodput: f64) -> usize {
        self.best = self.best.max(goodput);
        self.poor = if goodput < self.best / 2.0 { self.poor + 1 } else { 0 };
        if self.poor >= 2 {
            // The network has become slower: forget what was learned.
            self.set(self.limit / 2, Phase::Holding { ticks: 0 });
            self.best = goodput;
            self.poor = 0;
            return self.limit;
        }
        match self.phase {
            Phase::Doubling { .. } | Phase::Probing { .. } if goodput >= self.enough => {
                self.phase = Phase::Holding { ticks: 0 };
            }
            Phase::Holding { .. } if goodput >= self.enough => {}
            Phase::Doubling { before } if goodput >= before * 1.25 => {
                self.set(self.limit * 2, Phase::Doubling { before: goodput });
            }
            Phase::Doubling { .. } => self.set(self.limit / 2, Phase::Holding { ticks: 0 }),
            Phase::Holding { ticks } if ticks < HOLD => self.phase = Phase::Holding { ticks: ticks + 1 },
            Phase::Holding { .. } => self.set(self.limit + 1, Phase::Probing { before: goodput }),
            Phase::Probing { before } => {
                // Half of the most that one more connection can bring.
                #[expect(clippy::cast_precision_loss, reason = "there are at most 64")]
                let wanted = before * (1.0 + 0.5 / self.limit as f64);
                if goodput >= wanted {
                    self.set(self.limit + 1, Phase::Probing { before: goodput });
                } else {
                    self.set(self.limit - 1, Phase::Holding { ticks: 0 });
                }
            }
        }
        self.limit
    }

    /// The number of connections after an overload: a refusal because of load, or a timeout.
    pub(super) fn overloaded(&mut self) -> usize {
        self.set(self.limit * 7 / 10, Phase::Holding { ticks: HOLD / 2 });
        self.limit
    }

    /// The current number of connections.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Whether the number still doubles.
    pub(super) fn is_doubling(&self) -> bool {
        matches!(self.phase, Phase::Doubling { .. })
    }

    fn set(&mut self, limit: usize, phase: Phase) {
        self.limit = limit.clamp(LEAST, MOST);
        self.phase = phase;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: usize = 8;

    /// Runs a path on which every connection brings `each` up to `most` in all, and gives the limits it went through.
    fn run(each: f64, most: f64, ticks: usize) -> Vec<usize> {
        let mut controller = Controller::new(FIRST, f64::INFINITY);
        #[expect(clippy::cast_precision_loss, reason = "there are at most 64")]
        let mut step = |_| {
            let goodput = (controller.limit as f64 * each).min(most);
            controller.tick(goodput)
        };
        (0..ticks).map(&mut step).collect()
    }

    #[test]
    fn limit_doubles_while_throughput_grows() {
        assert_eq!(run(25.0, 1e9, 4), [16, 32, 64, 64]);
    }

    #[test]
    fn useless_connections_are_released() {
        // Eight fill the path: sixteen are tried once and then given up.
        assert_eq!(run(25.0, 200.0, 3), [16, 8, 8]);
        let long = run(25.0, 200.0, 100);
        assert!(long[3..].iter().all(|limit| (8..=9).contains(limit)), "{long:?}");
    }

    #[test]
    fn extra_connection_is_kept_if_useful() {
        let limits = run(25.0, 300.0, 200);
        assert_eq!(limits[..2], [16, 32]);
        assert!(limits[20..].iter().all(|limit| (12..=17).contains(limit)), "{limits:?}");
    }

    #[test]
    fn limit_stays_when_the_cpu_is_busy() {
        let mut controller = Controller::new(FIRST, 500.0);
        let limits: Vec<_> = [100.0, 500.0, 900.0, 900.0].map(|goodput| controller.tick(goodput)).into();
        assert_eq!(limits, [16, 16, 16, 16]);
        assert_eq!(controller.tick(490.0), 16, "probed again only after a while");
    }

    #[test]
    fn overload_cuts_the_limit_but_not_below_two() {
        let mut controller = Controller::new(FIRST, f64::INFINITY);
        let limits: Vec<_> = (0..6).map(|_| controller.overloaded()).collect();
        assert_eq!(limits, [5, 3, 2, 2, 2, 2]);
    }

    #[test]
    fn slow_path_is_detected_after_two_ticks() {
        let mut controller = Controller::new(FIRST, f64::INFINITY);
        for _ in 0..4 {
            controller.tick(1000.0);
        }
        let before = controller.limit;
        controller.tick(100.0);
        assert_eq!(controller.tick(100.0), (before / 2).max(LEAST));
    }
}
