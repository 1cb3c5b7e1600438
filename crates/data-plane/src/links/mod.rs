//! VPC links: to which addresses a private integration's requests go.
//!
//! On AWS a link leads to a load balancer in a private network. Here the load balancer's ARN is mapped to addresses by configuration,
//! and the gateway does what the load balancer would: it shares requests out over the addresses and leaves out those that do not
//! answer. The integration's URI still names the backend: its scheme says whether it is TLS, its host is the `Host` field and the name
//! in the backend's certificate, and its port is used where an address has none.
//!
//! What a link leads to is decided when a stage is published; a request only chooses an address. A link that leads nowhere is an
//! error of each request, as on AWS.

mod balancer;
mod checks;
mod send;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use postern_api_model::ports::{ApiSource, LinkEnd};
use postern_api_model::rest_api::{Stage, vpc_link_id};
use postern_api_model::scope::Scope;

pub(crate) use balancer::{ADDRESSES_MAX, Balancer, Probe, Way};
pub(crate) use checks::check_for_ever;
pub(crate) use send::send;

use crate::backends::LinkTarget;
use crate::transport::{Origin, Scheme};

/// The service whose ARNs name load balancers.
const SERVICE: &str = "elasticloadbalancing";

/// What an integration says of the link that it goes through.
#[derive(Debug)]
pub(crate) struct LinkUse {
    /// `connectionId`.
    pub(crate) connection_id: Box<str>,
    /// `integrationTarget`.
    pub(crate) integration_target: Option<Box<str>>,
}

/// What configuration maps load balancers to, and how the addresses are doing. Shared by all workers.
#[derive(Default)]
pub(crate) struct LinkTargets {
    configured: BTreeMap<String, LinkTarget>,
    /// Those that a published stage uses. Asked when a stage is published, not by requests.
    balancers: Mutex<HashMap<Key, Weak<Balancer>>>,
}

/// What shares one balancer: the same addresses, spoken to in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    arn: String,
    scheme: Scheme,
    /// That of the URI, where an address has none; otherwise 0.
    port: u16,
}

/// The load balancer that a method's requests go to.
pub(crate) struct Linked<'a> {
    targets: &'a LinkTargets,
    arn: &'a str,
    target: &'a LinkTarget,
}

impl LinkTargets {
    pub(crate) fn new(configured: BTreeMap<String, LinkTarget>) -> Self {
        Self { configured, balancers: Mutex::default() }
    }

    /// Where a link leads to under a stage; otherwise why nowhere, for the log.
    pub(crate) fn find(&self, link: &LinkUse, stage: &Stage, source: &ApiSource) -> Result<Linked<'_>, String> {
        let id = vpc_link_id(&link.connection_id, &stage.variables);
        let named = match source.references.vpc_links.get(id) {
            Some(LinkEnd::LoadBalancer(arn)) => arn.as_str(),
            Some(LinkEnd::Network) => link.integration_target.as_deref().ok_or_else(|| {
                format!("the integration has no integrationTarget, which says to which load balancer VPC link {id} leads it")
            })?,
            None if id.is_empty() => {
                return Err(format!("the stage has no VPC link's id for connectionId {}", link.connection_id));
            }
            None => return Err(format!("there is no VPC link {id} in {}", owner(&source.scope))),
        };
        if !belongs_to(named, &source.scope) {
            // AWS docs, "Private integrations for REST APIs": one account owns all three. Here it also keeps tenants apart.
            let owner = owner(&source.scope);
            return Err(format!("VPC link {id} leads to {named}, which is none of {owner}, to which the API belongs"));
        }
        let unmapped =
            || format!("VPC link {id} leads to {named}, and nothing says what answers for it here: {}", key_for(named));
        let (arn, target) = self.configured_for(named).ok_or_else(unmapped)?;
        match target.addresses.len() {
            0 => Err(format!("{arn} has no addresses: {}", key_for(arn))),
            1..=ADDRESSES_MAX => Ok(Linked { targets: self, arn, target }),
            count => Err(format!("{arn} has {count} addresses, and can have {ADDRESSES_MAX}: {}", key_for(arn))),
        }
    }

    /// A listener that is not mapped itself has its load balancer's addresses.
    fn configured_for(&self, arn: &str) -> Option<(&str, &LinkTarget)> {
        let found = self.configured.get_key_value(arn);
        let found = found.or_else(|| self.configured.get_key_value(&load_balancer_of(arn)?));
        found.map(|(arn, target)| (arn.as_str(), target))
    }

    /// The balancers that stages use now.
    fn balancers(&self) -> Vec<Arc<Balancer>> {
        let mut table = self.table();
        table.retain(|_, balancer| balancer.strong_count() > 0);
        table.values().filter_map(Weak::upgrade).collect()
    }

    fn is_empty(&self) -> bool {
        self.configured.is_empty()
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Key, Weak<Balancer>>> {
        // Every change is one call on the map: there is no half-made state to be poisoned by.
        self.balancers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Linked<'_> {
    /// The way of requests to `origin`.
    pub(crate) fn way(&self, origin: &Origin) -> Way {
        let port = if self.has_all_ports() { 0 } else { origin.port() };
        let probe = || Probe::new(origin, self.target);
        Way::new(self.balancer(origin.scheme(), port, probe), origin)
    }

    /// For requests that name their host themselves. `None`: an address has no port, and who knows which one they will name.
    pub(crate) fn balancer_of_any_host(&self, scheme: Scheme) -> Option<Arc<Balancer>> {
        self.has_all_ports().then(|| self.balancer(scheme, 0, || Probe::of_any_host(scheme, self.target)))
    }

    fn has_all_ports(&self) -> bool {
        self.target.addresses.iter().all(|address| address.port.is_some())
    }

    fn balancer(&self, scheme: Scheme, port: u16, probe: impl FnOnce() -> Probe) -> Arc<Balancer> {
        let key = Key { arn: self.arn.to_owned(), scheme, port };
        let mut table = self.targets.table();
        if let Some(balancer) = table.get(&key).and_then(Weak::upgrade) {
            return balancer;
        }
        let balancer = Arc::new(Balancer::new(self.arn, &self.target.addresses, probe()));
        table.insert(key, Arc::downgrade(&balancer));
        balancer
    }
}

/// `arn:{partition}:elasticloadbalancing:{region}:{account}:{resource}` of this account in this region.
fn belongs_to(arn: &str, scope: &Scope) -> bool {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(fields[..], ["arn", _, SERVICE, region, account, _] if region == scope.region && account == scope.account)
}

fn owner(scope: &Scope) -> String {
    format!("account {} in {}", scope.account, scope.region)
}

fn key_for(arn: &str) -> String {
    format!("set link_targets.{arn:?}")
}

/// `...:listener/{kind}/{name}/{id}/{listener}` to `...:loadbalancer/{kind}/{name}/{id}`.
fn load_balancer_of(listener: &str) -> Option<String> {
    let (prefix, resource) = listener.split_once(":listener/")?;
    let (load_balancer, _listener) = resource.rsplit_once('/')?;
    Some(format!("{prefix}:loadbalancer/{load_balancer}"))
}

#[cfg(test)]
mod tests;
