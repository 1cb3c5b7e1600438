//! One API key as requests meet it: its plans, how full its buckets are and what it has used of its quotas.
//!
//! All of it is under one lock per key, held for as long as it takes to compare a few numbers: so a request takes its tokens and its
//! share of the quota together or not at all, and the counts are exact.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use postern_api_model::day::Day;
use postern_api_model::ports::{StoredDay, UsageEntry};
use postern_api_model::usage_plan::{Quota, UsageDay};
use smallvec::SmallVec;

use super::bucket::Limit;
use super::plan::{MethodLimit, Plan, PlanSlot};
use super::shared::SharedBuckets;

/// Bytes of an id that are kept in place: ids have ten characters.
const ID_BYTES_MAX: usize = 15;

/// The id of an API key, without an allocation: there may be a million.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyId {
    len: u8,
    bytes: [u8; ID_BYTES_MAX],
}

impl KeyId {
    /// `None` for what is longer than any id.
    pub(super) fn new(id: &str) -> Option<Self> {
        let mut bytes = [0; ID_BYTES_MAX];
        bytes.get_mut(..id.len())?.copy_from_slice(id.as_bytes());
        Some(Self { len: u8::try_from(id.len()).ok()?, bytes })
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl std::fmt::Debug for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An API key.
#[derive(Debug)]
pub(super) struct Client(Mutex<State>);

#[derive(Debug)]
pub(super) struct State {
    pub(super) id: KeyId,
    pub(super) is_enabled: bool,
    /// Something about it changed: it has to be loaded again before it opens anything.
    pub(super) is_stale: bool,
    /// It stands in the queue of those whose counts are to be written.
    pub(super) is_queued: bool,
    /// When it was last used, in seconds since the gateway began.
    pub(super) used_at_s: u32,
    /// One in place, since there may be a million clients: nearly all keys are in one plan.
    pub(super) memberships: SmallVec<[Membership; 1]>,
}

/// A key in a plan.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) plan: Arc<PlanSlot>,
    /// State of the plan's bucket.
    pub(super) bucket: u64,
    /// States of the buckets of methods that are not full, by the method's id. Few plans limit methods.
    #[allow(clippy::box_collection, reason = "one word in each of a million clients, of which few have such limits")]
    pub(super) methods: Option<Box<Vec<(u64, u64)>>>,
    pub(super) usage: Usage,
}

/// What was used of a quota. A count that reaches the end of its number stays there: it is over any limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) day: Day,
    /// First day of the period that `before` is about.
    pub(super) period: Day,
    /// Version of the day's entry.
    version: u32,
    /// On the day.
    used: u32,
    /// In the period before the day.
    before: u32,
    /// Of `used`: not yet handed to the store, and being written.
    unwritten: u32,
    writing: u32,
    /// Granted on top of the limit.
    granted: i64,
}

/// What a request asks a client for.
pub(super) struct Ask<'a> {
    pub(super) api_id: &'a str,
    pub(super) stage: &'a str,
    pub(super) path: &'a str,
    pub(super) verb: &'a str,
    /// The method's verb as it is defined.
    pub(super) defined: &'a str,
    /// What all callers of the method share.
    pub(super) shared: SharedBuckets<'a>,
    pub(super) now_ns: u64,
    pub(super) today: Day,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Admitted,
    /// No plan of the key opens the stage, or the key is not enabled.
    Closed,
    Throttled(Limit),
    QuotaExceeded(Quota),
}

/// The client has to be loaded again first.
#[derive(Debug)]
pub(super) struct Outdated;

impl Client {
    pub(super) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes from all limits, or from none: of the plan for the method, of the plan, of the method, and at last of the quota (AWS docs,
    /// "Throttle requests to your REST APIs"). What ends a day that is over goes into `overdue`.
    pub(super) fn admit(&mut self, ask: &Ask<'_>, overdue: &mut Vec<UsageEntry>) -> Result<Verdict, Outdated> {
        if self.is_stale {
            return Err(Outdated);
        }
        if !self.is_enabled {
            return Ok(Verdict::Closed);
        }
        for membership in &mut self.memberships {
            let plan = membership.plan.current();
            let Some(plan) = plan.as_ref().filter(|plan| plan.stage(ask.api_id, ask.stage).is_some()) else { continue };
            let plan = Arc::clone(plan);
            return membership.admit(&plan, self.id, ask, overdue);
        }
        Ok(Verdict::Closed)
    }

    /// Whether nothing is lost when it is forgotten.
    pub(super) fn is_idle(&self, now_ns: u64) -> bool {
        !self.is_queued && self.memberships.iter().all(|membership| membership.is_idle(now_ns))
    }
}

impl Membership {
    fn admit(&mut self, plan: &Plan, key: KeyId, ask: &Ask<'_>, overdue: &mut Vec<UsageEntry>) -> Result<Verdict, Outdated> {
        self.roll(plan, key, ask.today, overdue)?;
        let method = plan.stage(ask.api_id, ask.stage).and_then(|stage| stage.method(ask.path, ask.verb, ask.defined));
        let of_method = match method {
            None => None,
            Some(method) => match method.limit.take(self.method_bucket(method, ask.now_ns), ask.now_ns) {
                Some(state) => Some((method.id, state)),
                None => return Ok(Verdict::Throttled(method.limit)),
            },
        };
        let of_plan = match plan.limit {
            None => self.bucket,
            Some(limit) => {
                self.bucket = limit.own(self.bucket, ask.now_ns);
                match limit.take(self.bucket, ask.now_ns) {
                    Some(state) => state,
                    None => return Ok(Verdict::Throttled(limit)),
                }
            }
        };
        // A client past its quota must take nothing from the others' buckets, but hears of a throttle first.
        if let Some(limit) = ask.shared.lacking(ask.now_ns) {
            return Ok(Verdict::Throttled(limit));
        }
        if let Some(quota) = plan.quota
            && self.usage.left(&quota) <= 0
        {
            return Ok(Verdict::QuotaExceeded(quota));
        }
        if let Err(limit) = ask.shared.take(ask.now_ns) {
            return Ok(Verdict::Throttled(limit));
        }
        self.bucket = of_plan;
        if let Some((id, state)) = of_method {
            self.keep_method_bucket(id, state, ask.now_ns);
        }
        self.usage.used = self.usage.used.saturating_add(1);
        self.usage.unwritten = self.usage.unwritten.saturating_add(1);
        Ok(Verdict::Admitted)
    }

    /// Goes on to another day. Outdated when what was used in the period is not known, because the period is another one.
    fn roll(&mut self, plan: &Plan, key: KeyId, today: Day, overdue: &mut Vec<UsageEntry>) -> Result<(), Outdated> {
        // Two requests may arrive in another order than they were stamped in, around midnight.
        let today = today.max(self.usage.day);
        let period = plan.period_start(today);
        let usage = self.usage;
        if usage.day == today {
            return if usage.period == period { Ok(()) } else { Err(Outdated) };
        }
        let next = if period == usage.period {
            Usage { before: usage.before.saturating_add(usage.used), granted: usage.granted, ..Usage::default() }
        } else if period > usage.day {
            Usage::default()
        } else {
            return Err(Outdated);
        };
        overdue.extend(self.overdue(key));
        self.usage = Usage { day: today, period, ..next };
        Ok(())
    }

    /// The entry of what is not written yet of a day that is left.
    pub(super) fn overdue(&self, key: KeyId) -> Option<UsageEntry> {
        (self.usage.unwritten > 0).then(|| self.entry(key, self.usage.unwritten))
    }

    fn entry(&self, key: KeyId, unwritten: u32) -> UsageEntry {
        let total = UsageDay { used: u64::from(self.usage.used), granted: self.usage.granted };
        UsageEntry {
            scope: Arc::clone(&self.plan.scope),
            plan_id: Arc::clone(&self.plan.id),
            key_id: key.as_str().to_owned(),
            day: self.usage.day,
            known: StoredDay { version: u64::from(self.usage.version), total },
            unwritten: u64::from(unwritten),
        }
    }

    /// Hands over what is not written yet.
    pub(super) fn hand_over(&mut self, key: KeyId) -> Option<UsageEntry> {
        let unwritten = std::mem::take(&mut self.usage.unwritten);
        self.usage.writing = self.usage.writing.saturating_add(unwritten);
        (unwritten > 0).then(|| self.entry(key, unwritten))
    }

    /// What was handed over is stored. The store's word counts: somebody may have granted something meanwhile.
    pub(super) fn written(&mut self, day: Day, stored: StoredDay) {
        if self.usage.day == day {
            self.usage.writing = 0;
            self.usage.version = u32::try_from(stored.version).unwrap_or(u32::MAX);
            self.usage.used = saturated(stored.total.used).saturating_add(self.usage.unwritten);
            self.usage.granted = stored.total.granted;
        }
    }

    /// What was handed over could not be stored. False when its day is over.
    pub(super) fn take_back(&mut self, day: Day) -> bool {
        let is_today = self.usage.day == day;
        if is_today {
            self.usage.unwritten = self.usage.unwritten.saturating_add(std::mem::take(&mut self.usage.writing));
        }
        is_today
    }

    /// Takes what is stored for what was used, with what is not written yet on top. Nothing may be under way to the store.
    pub(super) fn read(&mut self, plan: &Plan, key: KeyId, days: &Days, today: Day, overdue: &mut Vec<UsageEntry>) {
        let today = today.max(self.usage.day);
        let before = self.usage;
        let unwritten = if before.day == today { before.unwritten } else { 0 };
        if before.day < today {
            overdue.extend(self.overdue(key));
        }
        let period = plan.period_start(today);
        let in_period = || days.range(period..=today);
        let stored = days.get(&today).copied().unwrap_or_default();
        let used_before = in_period().filter(|(day, _)| **day < today).map(|(_, stored)| stored.total.used).sum();
        self.usage = Usage {
            day: today,
            period,
            version: u32::try_from(stored.version).unwrap_or(u32::MAX),
            used: saturated(stored.total.used).saturating_add(unwritten),
            before: saturated(used_before),
            unwritten,
            writing: 0,
            granted: in_period().next_back().map_or(0, |(_, stored)| stored.total.granted),
        };
    }

    /// What another limit of the method's has left is corrected in place: nothing else would, while all requests are refused.
    fn method_bucket(&mut self, method: &MethodLimit, now_ns: u64) -> u64 {
        let known = self.methods.iter_mut().flat_map(|methods| methods.iter_mut()).find(|(known, _)| *known == method.id);
        known.map_or(0, |(_, state)| {
            *state = method.limit.own(*state, now_ns);
            *state
        })
    }

    fn keep_method_bucket(&mut self, id: u64, state: u64, now_ns: u64) {
        let methods = self.methods.get_or_insert_default();
        match methods.iter_mut().find(|(known, _)| *known == id) {
            Some(known) => known.1 = state,
            None => {
                methods.retain(|(_, state)| *state > now_ns);
                methods.push((id, state));
            }
        }
    }

    fn is_idle(&self, now_ns: u64) -> bool {
        let is_full = |state: u64| state <= now_ns;
        self.usage.unwritten == 0
            && self.usage.writing == 0
            && is_full(self.bucket)
            && self.methods.iter().flat_map(|methods| methods.iter()).all(|(_, state)| is_full(*state))
    }
}

/// Days with what is stored of them.
pub(super) type Days = std::collections::BTreeMap<Day, StoredDay>;

impl Usage {
    /// Whether `before` is about the period that begins on this day.
    pub(super) fn is_of(&self, period: Day) -> bool {
        self.period == period
    }

    /// What is left of a quota.
    fn left(&self, quota: &Quota) -> i64 {
        quota.left(u64::from(self.before) + u64::from(self.used), self.granted)
    }
}

fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
