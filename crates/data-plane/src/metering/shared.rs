//! The limits that all callers of a method share: the method's own in its stage, then that of the API's account in its Region (AWS docs,
//! "Throttle requests to your REST APIs"). The latter shares AWS's fleet out; here it is off unless it is configured.

use std::sync::Arc;

use postern_api_model::scope::Scope;

use super::bucket::{Bucket, Limit};

/// The buckets that a request takes from, whoever sends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedBuckets<'a> {
    pub(crate) method: Option<&'a Bucket>,
    pub(crate) account: Option<Arc<Bucket>>,
}

/// One bucket for each account and Region that has an API which was called: as many as there are such accounts, not clients.
#[derive(Debug)]
pub(crate) struct AccountBuckets {
    limit: Limit,
    buckets: papaya::HashMap<Scope, Arc<Bucket>>,
}

impl SharedBuckets<'_> {
    /// The limit that has no room, the method's first.
    pub(crate) fn lacking(&self, now_ns: u64) -> Option<Limit> {
        let buckets = [self.method, self.account.as_deref()];
        buckets.into_iter().flatten().find(|bucket| !bucket.has(now_ns)).map(|bucket| bucket.limit)
    }

    /// Takes a token of each, or, but for a race with another request, none.
    pub(crate) fn take(&self, now_ns: u64) -> Result<(), Limit> {
        let taken = |bucket: &Bucket| if bucket.take(now_ns) { Ok(()) } else { Err(bucket.limit) };
        match (self.method, self.account.as_deref()) {
            (None, None) => Ok(()),
            (Some(bucket), None) | (None, Some(bucket)) => taken(bucket),
            (Some(method), Some(account)) => {
                if !method.has(now_ns) {
                    return Err(method.limit);
                }
                // One that another request took in between is lost to the account, never given out twice.
                taken(account)?;
                taken(method)
            }
        }
    }
}

impl AccountBuckets {
    pub(crate) fn new(limit: Limit) -> Self {
        Self { limit, buckets: papaya::HashMap::new() }
    }

    pub(crate) fn of(&self, scope: &Scope) -> Arc<Bucket> {
        let buckets = self.buckets.pin();
        match buckets.get(scope) {
            Some(bucket) => Arc::clone(bucket),
            None => Arc::clone(buckets.get_or_insert_with(scope.clone(), || Arc::new(Bucket::new(self.limit)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(account: &str, region: &str) -> Scope {
        Scope { account: account.into(), region: region.into() }
    }

    #[test]
    fn an_account_has_one_bucket_in_each_region() {
        let accounts = AccountBuckets::new(Limit::new(1.0, 2));
        let one = || accounts.of(&scope("1", "eu-west-1"));
        assert!(one().take(0) && one().take(0) && !one().take(0));
        assert!(accounts.of(&scope("1", "us-east-1")).take(0));
        assert!(accounts.of(&scope("2", "eu-west-1")).take(0));
    }

    #[test]
    fn the_method_is_asked_first_and_a_refusal_takes_nothing() {
        let (of_method, of_account) = (Limit::new(0.0, 1), Limit::new(0.0, 2));
        let (method, account) = (Bucket::new(of_method), Arc::new(Bucket::new(of_account)));
        let both = SharedBuckets { method: Some(&method), account: Some(Arc::clone(&account)) };
        assert_eq!((both.lacking(0), both.take(0)), (None, Ok(())));
        assert_eq!((both.lacking(0), both.take(0)), (Some(of_method), Err(of_method)));
        let other = SharedBuckets { method: None, account: Some(account) };
        assert_eq!((other.take(0), other.lacking(0), other.take(0)), (Ok(()), Some(of_account), Err(of_account)));
        let fresh = Bucket::new(of_method);
        let third = SharedBuckets { method: Some(&fresh), ..other };
        assert_eq!((third.take(0), fresh.has(0)), (Err(of_account), true));
        assert_eq!(SharedBuckets::default().take(0), Ok(()));
    }
}
