//! The keys that requests to AWS services are signed with: those of the configuration, of the shared credentials file, or what STS lends.
//!
//! A role that nobody configured gets nothing, unless `credentials.any_role` says otherwise. A server in dev mode makes a key up that opens
//! nothing at AWS: emulators on the same machine take any.

mod assumed_role;
mod shared_file;
mod sts;

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_api_model::ports::{CredentialSource, Credentials, PortFuture, WantedCredentials};

use postern_control_plane::clock::SystemClock;
use postern_data_plane::backends::ServiceEndpoints;
use postern_data_plane::transport::Upstreams;
use tokio::runtime::Handle;

use crate::config::credentials::{KeySource, RoleSource, UnmappedRole};
use crate::config::{CredentialSettings, Mode};
use assumed_role::{AssumedRole, Lender};
use shared_file::SharedFile;
use sts::StsEndpoint;

/// Finds the keys that the configuration speaks of.
pub struct ConfiguredCredentials {
    settings: CredentialSettings,
    account: String,
    shared: Option<SharedFile>,
    lender: Arc<Lender>,
    assumed: BTreeMap<String, Arc<AssumedRole>>,
}

impl ConfiguredCredentials {
    /// `account` is whose key is made up in dev mode, where no role says so. STS is asked on this runtime, and not before
    /// [`Self::connect`].
    pub fn new(settings: CredentialSettings, account: String, runtime: Handle) -> Arc<Self> {
        let shared = settings.shared_file.clone().map(SharedFile::new);
        let lender = Lender::new(runtime, Arc::new(SystemClock));
        let assumed = settings.roles.iter().filter(|(_, source)| **source == RoleSource::AssumeRole);
        let assumed = assumed.map(|(arn, _)| (arn.clone(), AssumedRole::new(arn.clone(), Arc::clone(&lender)))).collect();
        Arc::new(Self { settings, account, shared, lender, assumed })
    }

    /// Says where STS is and how it is connected to.
    pub fn connect(&self, services: &ServiceEndpoints, upstreams: Upstreams) {
        self.lender.connect(Box::new(StsEndpoint::new(services, upstreams, Arc::new(SystemClock))));
    }

    async fn find(&self, wanted: WantedCredentials<'_>) -> Result<Credentials, String> {
        match wanted {
            WantedCredentials::Default => self.default(),
            WantedCredentials::Role(arn) => match (self.settings.roles.get(arn), self.assumed.get(arn)) {
                (_, Some(role)) => role.credentials(self.default()?).await,
                (Some(RoleSource::Key(source)), None) => self.key(source),
                (Some(RoleSource::AssumeRole) | None, None) => self.unmapped(arn),
            },
        }
    }

    fn default(&self) -> Result<Credentials, String> {
        match (&self.settings.default, self.settings.mode) {
            (Some(source), _) => self.key(source),
            (None, Mode::Dev) => Ok(Credentials::for_development(&self.account)),
            (None, Mode::Signed) => {
                Err("there is no default key: set credentials.access_key_id and credentials.secret_access_key, \
                 credentials.profile or credentials.environment in Postern's configuration"
                    .to_owned())
            }
        }
    }

    fn unmapped(&self, arn: &str) -> Result<Credentials, String> {
        match (self.settings.unmapped, self.settings.mode) {
            (UnmappedRole::Default, _) => self.default(),
            // Never the default key, which may be a real one.
            (UnmappedRole::Refused, Mode::Dev) => {
                Ok(Credentials::for_development(arn.split(':').nth(4).unwrap_or(&self.account)))
            }
            (UnmappedRole::Refused, Mode::Signed) => Err(format!(
                "no key is configured for the role {arn}: set a table [credentials.{arn:?}], or credentials.any_role, in Postern's \
                 configuration"
            )),
        }
    }

    fn key(&self, source: &KeySource) -> Result<Credentials, String> {
        match (source, &self.shared) {
            (KeySource::Known(credentials), _) => Ok(credentials.clone()),
            (KeySource::Profile(name), Some(shared)) => shared.profile(name),
            (KeySource::Profile(name), None) => {
                Err(format!("the profile {name} cannot be looked up: set AWS_SHARED_CREDENTIALS_FILE, since there is no HOME"))
            }
        }
    }
}

impl CredentialSource for ConfiguredCredentials {
    fn credentials<'a>(&'a self, wanted: WantedCredentials<'a>) -> PortFuture<'a, Result<Credentials, String>> {
        Box::pin(self.find(wanted))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/r";

    fn settings(mode: Mode) -> CredentialSettings {
        let shared_file: Option<PathBuf> = None;
        CredentialSettings { default: None, roles: BTreeMap::new(), unmapped: UnmappedRole::Refused, shared_file, mode }
    }

    fn known(id: &str) -> KeySource {
        KeySource::Known(Credentials { access_key_id: id.to_owned(), ..Credentials::for_development("") })
    }

    async fn found(settings: CredentialSettings, wanted: WantedCredentials<'_>) -> Result<String, String> {
        let source = ConfiguredCredentials::new(settings, "000000000000".to_owned(), Handle::current());
        source.credentials(wanted).await.map(|credentials| credentials.access_key_id)
    }

    #[tokio::test]
    async fn what_nobody_configured_is_refused_with_the_key_to_set() {
        let error = found(settings(Mode::Signed), WantedCredentials::Role(ROLE)).await.unwrap_err();
        assert!(error.contains("[credentials.\"arn:aws:iam::123456789012:role/r\"]"), "{error}");
        let error = found(settings(Mode::Signed), WantedCredentials::Default).await.unwrap_err();
        assert!(error.contains("credentials.access_key_id"), "{error}");
        let with_default = CredentialSettings { default: Some(known("D")), ..settings(Mode::Signed) };
        assert!(found(with_default.clone(), WantedCredentials::Role(ROLE)).await.is_err());
        assert_eq!(found(with_default.clone(), WantedCredentials::Default).await.unwrap(), "D");
        let any = CredentialSettings { unmapped: UnmappedRole::Default, ..with_default };
        assert_eq!(found(any, WantedCredentials::Role(ROLE)).await.unwrap(), "D");
    }

    #[tokio::test]
    async fn a_role_has_what_it_is_mapped_to() {
        let mut mapped = settings(Mode::Signed);
        mapped.roles.insert(ROLE.to_owned(), RoleSource::Key(known("R")));
        assert_eq!(found(mapped.clone(), WantedCredentials::Role(ROLE)).await.unwrap(), "R");
        mapped.roles.insert(ROLE.to_owned(), RoleSource::Key(KeySource::Profile("p".to_owned())));
        assert!(found(mapped, WantedCredentials::Role(ROLE)).await.unwrap_err().contains("AWS_SHARED_CREDENTIALS_FILE"));
    }

    #[tokio::test]
    async fn in_dev_mode_a_role_never_gets_the_default_key_by_itself() {
        let with_default = CredentialSettings { default: Some(known("REAL")), ..settings(Mode::Dev) };
        assert_eq!(found(with_default, WantedCredentials::Role(ROLE)).await.unwrap(), "123456789012");
        assert_eq!(found(settings(Mode::Dev), WantedCredentials::Default).await.unwrap(), "000000000000");
    }
}
