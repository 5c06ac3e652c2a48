//! Injected faults: which requests they hit, what they do, and how often they fired.
//!
//! Rules decide here; `http::dispatch` and `faults::response` apply faults to whole responses, `objects::http` to ranges.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::action::Action;
use super::decision::{Decision, Delay};
use crate::http::origin::Origin;

/// The prefix of paths under which the object store has everything a second time, for redirects.
pub(crate) const MOVED: &str = "/moved";

/// Which of the matching requests are hit.
///
/// ```
/// use sbg_emulator::{Action, FaultRule, When};
///
/// let rule = FaultRule::any(Action::Reset).when(When::Probability { chance: 0.01, seed: 42 });
/// assert_eq!("any:p=0.01/42:reset".parse(), Ok(rule));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum When {
    /// Each one.
    Always,
    /// Every nth request.
    Every(u64),
    /// Only the nth, counted from 1.
    Nth(u64),
    /// The first n.
    First(u64),
    /// Each with this probability; the same seed hits the same requests.
    Probability {
        /// From 0 to 1.
        chance: f64,
        /// The seed of the random numbers.
        seed: u64,
    },
}

/// A fault and the requests that it applies to.
///
/// ```
/// use sbg_emulator::{Action, FaultRule};
///
/// // Every fifth read from the object store loses its connection after 1000 bytes.
/// let rule = FaultRule::storage(Action::CutBody(1000)).method("GET").every(5);
/// // The same, as the command line writes it.
/// assert_eq!(rule, "storage:get:every=5:cut=1000".parse().unwrap());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    pub(crate) origin: Option<Origin>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) when: When,
    pub(crate) action: Action,
}

impl FaultRule {
    /// A rule for every request to either origin.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::any(Action::Reset).every(50);
    /// ```
    pub fn any(action: Action) -> Self {
        Self { origin: None, method: None, path: None, when: When::Always, action }
    }

    /// A rule for every request to the API.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::api(Action::RateLimited { reset_header: true }).first(1);
    /// ```
    pub fn api(action: Action) -> Self {
        Self { origin: Some(Origin::Api), ..Self::any(action) }
    }

    /// A rule for every request to the object store.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::storage(Action::ChangedETag).nth(2);
    /// ```
    pub fn storage(action: Action) -> Self {
        Self { origin: Some(Origin::Storage), ..Self::any(action) }
    }

    /// Only requests with this method.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::storage(Action::NoETag).method("PUT");
    /// assert_eq!("storage:put:no-etag".parse(), Ok(rule));
    /// ```
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_ascii_uppercase());
        self
    }

    /// Only requests whose path contains this text.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::api(Action::HtmlError).path("/upload/multipart");
    /// ```
    pub fn path(mut self, contains: impl Into<String>) -> Self {
        self.path = Some(contains.into());
        self
    }

    /// Which of the matching requests are hit. Default: all.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule, When};
    ///
    /// let rule = FaultRule::api(Action::Maintenance);
    /// assert_eq!(rule.clone().when(When::First(2)), rule.first(2));
    /// ```
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Hits every nth matching request.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::storage(Action::Stall(1000)).every(20);
    /// ```
    pub fn every(self, n: u64) -> Self {
        self.when(When::Every(n))
    }

    /// Hits only the nth matching request, counted from 1.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let the_second_page = FaultRule::api(Action::EmptyBody(200)).method("GET").path("/projects").nth(2);
    /// ```
    pub fn nth(self, n: u64) -> Self {
        self.when(When::Nth(n))
    }

    /// Hits the first n matching requests.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::api(Action::Maintenance).first(3);
    /// ```
    pub fn first(self, n: u64) -> Self {
        self.when(When::First(n))
    }

    /// Hits each matching request with this probability, the same ones for the same seed.
    ///
    /// ```
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let rule = FaultRule::any(Action::LostResponse).probability(0.01, 42);
    /// ```
    pub fn probability(self, chance: f64, seed: u64) -> Self {
        self.when(When::Probability { chance, seed })
    }

    fn fits(&self, origin: Origin, method: &str, path: &str) -> bool {
        self.origin.is_none_or(|wanted| wanted == origin)
            && self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.path.as_deref().is_none_or(|wanted| path.contains(wanted))
            && !(self.action.redirects() && path.starts_with(MOVED))
    }
}

/// Identifies a rule, to read its counters or to remove it.
///
/// ```
/// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
/// use sbg_emulator::{Action, FaultRule};
///
/// let id = emulator.faults().add(FaultRule::any(Action::Reset));
/// assert_eq!(emulator.faults().counters()[0].id, id);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaultId(pub(crate) u64);

/// How often a rule matched and fired.
///
/// ```
/// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
/// use sbg_emulator::{Action, FaultRule};
///
/// emulator.faults().add(FaultRule::storage(Action::ShortRange).every(5));
/// for count in emulator.faults().counters() {
///     println!("{:?} hit {} of {}", count.rule, count.fired, count.matched);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultCount {
    /// The rule.
    pub id: FaultId,
    /// The rule itself.
    pub rule: FaultRule,
    /// The number of requests that matched.
    pub matched: u64,
    /// The number of requests that it hit.
    pub fired: u64,
}

struct Armed {
    id: FaultId,
    rule: FaultRule,
    random: fastrand::Rng,
    matched: u64,
    fired: u64,
    /// Tells the requests that the rule delays when it is released.
    released: watch::Sender<bool>,
}

impl Armed {
    fn fires(&mut self) -> bool {
        self.matched += 1;
        let fires = match self.rule.when {
            When::Always => true,
            When::Every(n) => n != 0 && self.matched.is_multiple_of(n),
            When::Nth(n) => self.matched == n,
            When::First(n) => self.matched <= n,
            When::Probability { chance, .. } => self.random.f64() < chance,
        };
        self.fired += u64::from(fires);
        fires
    }
}

#[derive(Default)]
struct Rules {
    armed: Vec<Armed>,
    next: u64,
}

impl Rules {
    fn arm(&mut self, rule: FaultRule) -> FaultId {
        self.next += 1;
        let id = FaultId(self.next);
        let seed = if let When::Probability { seed, .. } = rule.when { seed } else { 0 };
        let (random, released) = (fastrand::Rng::with_seed(seed), watch::Sender::new(false));
        self.armed.push(Armed { id, rule, random, matched: 0, fired: 0, released });
        id
    }
}

/// The rules of a running emulator. Clones share them.
///
/// ```
/// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
/// use sbg_emulator::{Action, FaultRule};
///
/// let faults = emulator.faults().clone();
/// let id = faults.add(FaultRule::api(Action::Maintenance));
/// assert_eq!(emulator.faults().fired(id), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Rules>>,
}

impl Faults {
    /// Adds a rule. If several rules hit one request, the first one that was added decides.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let id = emulator.faults().add(FaultRule::api(Action::Maintenance).first(1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn add(&self, rule: FaultRule) -> FaultId {
        self.rules.lock().arm(rule)
    }

    /// Removes a rule and returns its counters. `None` if it does not exist.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let id = emulator.faults().add(FaultRule::api(Action::Maintenance));
    /// assert_eq!(emulator.faults().remove(id).map(|count| count.fired), Some(0));
    /// assert_eq!(emulator.faults().remove(id), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn remove(&self, id: FaultId) -> Option<FaultCount> {
        let mut rules = self.rules.lock();
        let at = rules.armed.iter().position(|armed| armed.id == id)?;
        Some(count(&rules.armed.remove(at)))
    }

    /// Removes a rule, ends the delays of the requests that it holds, and returns its counters. `None` if it does not exist.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use std::time::Duration;
    ///
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let id = emulator.faults().add(FaultRule::api(Action::Delay(Duration::from_secs(600))));
    /// // Requests wait until the test says so.
    /// emulator.faults().release(id);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn release(&self, id: FaultId) -> Option<FaultCount> {
        let mut rules = self.rules.lock();
        let at = rules.armed.iter().position(|armed| armed.id == id)?;
        let armed = rules.armed.remove(at);
        armed.released.send_replace(true);
        Some(count(&armed))
    }

    /// Adds several rules at once, after all others or instead of them.
    pub(crate) fn add_all(&self, rules: Vec<FaultRule>, replace: bool) -> Vec<FaultId> {
        let mut armed = self.rules.lock();
        if replace {
            armed.armed.clear();
        }
        rules.into_iter().map(|rule| armed.arm(rule)).collect()
    }

    /// Removes all rules and their counters.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// emulator.faults().add(FaultRule::api(Action::Maintenance));
    /// emulator.faults().clear();
    /// assert!(emulator.faults().counters().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clear(&self) {
        self.rules.lock().armed.clear();
    }

    /// How often a rule fired; 0 for a rule that does not exist.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// let id = emulator.faults().add(FaultRule::storage(Action::CutBody(1000)).first(1));
    /// assert_eq!(emulator.faults().fired(id), 0, "nothing was read yet");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn fired(&self, id: FaultId) -> u64 {
        self.rules.lock().armed.iter().find(|armed| armed.id == id).map_or(0, |armed| armed.fired)
    }

    /// The counters of all rules, in the order in which they were added.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// emulator.faults().add(FaultRule::storage(Action::CutBody(1000)).first(1));
    /// assert_eq!(emulator.faults().counters()[0].matched, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn counters(&self) -> Vec<FaultCount> {
        self.rules.lock().armed.iter().map(count).collect()
    }

    pub(crate) fn decide(&self, origin: Origin, method: &str, path: &str) -> Decision {
        let mut decision = Decision::default();
        for armed in &mut self.rules.lock().armed {
            // A rule that cannot decide any more does not count the request either: its counters say what
            // the client has seen.
            if decision.action.is_some() && armed.rule.action.decides() {
                continue;
            }
            if armed.rule.fits(origin, method, path) && armed.fires() {
                match &armed.rule.action {
                    Action::Delay(time) => {
                        decision.delays.push(Delay::new(*time, armed.released.subscribe()));
                    }
                    Action::ClockJump(by) => decision.jump = decision.jump.saturating_add(*by),
                    Action::Bandwidth(bytes) => decision.bandwidth = Some(*bytes),
                    action => decision.action = Some(action.clone()),
                }
            }
        }
        decision
    }
}

fn count(armed: &Armed) -> FaultCount {
    FaultCount { id: armed.id, rule: armed.rule.clone(), matched: armed.matched, fired: armed.fired }
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.counters()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn hits(rule: FaultRule) -> Vec<u32> {
        let faults = Faults::default();
        faults.add(rule);
        (1..=6).filter(|_| faults.decide(Origin::Api, "GET", "/v2/files").action.is_some()).collect()
    }

    #[test]
    fn rule_fires_by_count_and_probability() {
        assert_eq!(hits(FaultRule::any(Action::Maintenance)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(hits(FaultRule::any(Action::Maintenance).every(2)), [2, 4, 6]);
        assert_eq!(hits(FaultRule::any(Action::Maintenance).nth(3)), [3]);
        assert_eq!(hits(FaultRule::any(Action::Maintenance).first(2)), [1, 2]);
        let chance = || FaultRule::any(Action::Maintenance).probability(0.5, 7);
        assert_eq!(hits(chance()), hits(chance()));
    }

    #[test]
    fn rule_ignores_other_requests() {
        let faults = Faults::default();
        let id = faults.add(FaultRule::storage(Action::Reset).method("put").path("/incoming/"));
        assert_eq!(faults.decide(Origin::Api, "PUT", "/incoming/1"), Decision::default());
        assert_eq!(faults.decide(Origin::Storage, "GET", "/incoming/1"), Decision::default());
        assert_eq!(faults.decide(Origin::Storage, "PUT", "/main/1"), Decision::default());
        assert_eq!(faults.decide(Origin::Storage, "PUT", "/incoming/1").action, Some(Action::Reset));
        assert_eq!(faults.fired(id), 1);
        assert_eq!(faults.remove(id).map(|count| count.matched), Some(1));
    }

    #[test]
    fn delays_add_up_and_next_rule_decides() {
        let faults = Faults::default();
        faults.add(FaultRule::any(Action::Delay(Duration::from_millis(2))));
        faults.add(FaultRule::any(Action::HtmlError));
        faults.add(FaultRule::any(Action::Maintenance));
        faults.add(FaultRule::any(Action::Delay(Duration::from_millis(3))));
        let decision = faults.decide(Origin::Api, "GET", "/");
        assert_eq!(decision.delays.iter().map(Delay::time).sum::<Duration>(), Duration::from_millis(5));
        assert_eq!((decision.action, decision.jump), (Some(Action::HtmlError), Duration::ZERO));
        assert_eq!(faults.counters()[2].matched, 0);
    }
}
