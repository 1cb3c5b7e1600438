//! AWS's names of a service: the one in integration URIs, the one in host names, the one that is signed for, and the one that the SDKs'
//! environment variables are made of. They are mostly the same.

use std::fmt;

use postern_sigv4::{ContentSha256, PathStyle};

/// A service, as integration URIs name it: `sqs`, `runtime.sagemaker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service<'a> {
    /// `runtime`, or S3's bucket.
    pub(crate) subdomain: Option<&'a str>,
    pub(crate) name: &'a str,
}

/// Services whose signing name is not their name in host names (botocore's service descriptions, `signingName`).
const SIGNING_NAMES: [(&str, &str); 8] = [
    ("api.mediatailor", "mediatailor"),
    ("bedrock-runtime", "bedrock"),
    ("bedrock-agent-runtime", "bedrock"),
    ("email", "ses"),
    ("entitlement.marketplace", "aws-marketplace"),
    ("metering.marketplace", "aws-marketplace"),
    ("pinpoint", "mobiletargeting"),
    ("streams.dynamodb", "dynamodb"),
];

/// Services whose name in integration URIs is not their name in host names (AWS's console offers IoT's data plane so, with the
/// account's prefix as subdomain).
const HOST_NAMES: [(&str, &str); 1] = [("iotdata", "iot")];

const IOT_DATA: &str = "iotdata";

/// Services without regions: their host name has none, and they are signed for [`GLOBAL_REGION`] (botocore's `endpoints.json`).
const GLOBAL: [&str; 4] = ["cloudfront", "iam", "organizations", "route53"];
const GLOBAL_REGION: &str = "us-east-1";

/// Services whose variable `AWS_ENDPOINT_URL_<NAME>` is not made of their name here (AWS SDKs reference, "Service-specific endpoints").
const VARIABLES: [(&str, &str); 16] = [
    ("autoscaling", "AUTO_SCALING"),
    ("cognito-idp", "COGNITO_IDENTITY_PROVIDER"),
    ("email", "SES"),
    ("elasticloadbalancing", "ELASTIC_LOAD_BALANCING_V2"),
    ("elasticmapreduce", "EMR"),
    ("es", "ELASTICSEARCH_SERVICE"),
    ("events", "EVENTBRIDGE"),
    ("iot", "IOT_DATA_PLANE"),
    ("iotdata", "IOT_DATA_PLANE"),
    ("logs", "CLOUDWATCH_LOGS"),
    ("monitoring", "CLOUDWATCH"),
    ("route53", "ROUTE_53"),
    ("runtime.sagemaker", "SAGEMAKER_RUNTIME"),
    ("secretsmanager", "SECRETS_MANAGER"),
    ("states", "SFN"),
    ("streams.dynamodb", "DYNAMODB_STREAMS"),
];

/// Domains of the partitions, by the start of their regions' names (botocore's `partitions.json`).
const DOMAINS: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
];
const DOMAIN_DEFAULT: &str = "amazonaws.com";

impl<'a> Service<'a> {
    /// A service without a subdomain.
    pub(crate) fn new(name: &'a str) -> Self {
        Self { subdomain: None, name }
    }

    /// The name with its subdomain, which is not always part of a service's name: `{bucket}.s3`.
    pub(super) fn full_name(&self) -> String {
        self.to_string()
    }

    /// In the credential scope.
    pub(super) fn signing_name(&self) -> &str {
        if self.is_iot_data() {
            return IOT_DATA;
        }
        found(&SIGNING_NAMES, &self.full_name()).or_else(|| found(&SIGNING_NAMES, self.name)).unwrap_or(self.name)
    }

    /// A further name under which its endpoint may be configured: IoT's data plane is one service, whatever an account's prefix.
    pub(super) fn other_name(&self) -> Option<&'static str> {
        self.is_iot_data().then_some("data-ats.iot")
    }

    /// `iotdata`, `data.iot` or `{prefix}-ats.iot`.
    fn is_iot_data(&self) -> bool {
        let is_data = |subdomain: &str| subdomain == "data" || subdomain.ends_with("-ats");
        self.name == IOT_DATA || (self.name == "iot" && self.subdomain.is_some_and(is_data))
    }

    /// In the credential scope.
    pub(super) fn signing_region<'r>(&self, region: &'r str) -> &'r str {
        if self.is_global(region) { GLOBAL_REGION } else { region }
    }

    pub(super) fn path_style(&self) -> PathStyle {
        if self.is_s3() { PathStyle::S3 } else { PathStyle::Normalized }
    }

    pub(super) fn content_sha256(&self) -> ContentSha256 {
        if self.is_s3() { ContentSha256::Send } else { ContentSha256::Omit }
    }

    pub(super) fn is_s3(&self) -> bool {
        self.name == "s3"
    }

    /// Its host name at AWS.
    pub(super) fn host(&self, region: &str) -> String {
        let name = found(&HOST_NAMES, self.name).unwrap_or(self.name);
        let subdomain = self.subdomain.map(|subdomain| format!("{subdomain}.")).unwrap_or_default();
        let domain = DOMAINS.iter().find(|(start, _)| region.starts_with(start)).map_or(DOMAIN_DEFAULT, |(_, domain)| domain);
        if self.is_global(region) {
            format!("{subdomain}{name}.{domain}")
        } else {
            format!("{subdomain}{name}.{region}.{domain}")
        }
    }

    /// The environment variable in which the SDKs look for its endpoint.
    pub(super) fn endpoint_variable(&self) -> String {
        let id = match found(&VARIABLES, &self.full_name()).or_else(|| found(&VARIABLES, self.name)) {
            Some(id) => id.to_owned(),
            None => self.name.replace(['-', '.'], "_").to_ascii_uppercase(),
        };
        format!("AWS_ENDPOINT_URL_{id}")
    }

    fn is_global(&self, region: &str) -> bool {
        // The other partitions have hosts of their own for these, which carry a region.
        GLOBAL.contains(&self.name) && !DOMAINS.iter().any(|(start, _)| region.starts_with(start))
    }
}

fn found<'t>(table: &[(&str, &'t str)], name: &str) -> Option<&'t str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subdomain {
            Some(subdomain) => write!(f, "{subdomain}.{}", self.name),
            None => f.write_str(self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service<'a>(subdomain: &'a str, name: &'a str) -> Service<'a> {
        Service { subdomain: Some(subdomain).filter(|text| !text.is_empty()), name }
    }

    #[test]
    fn hosts_and_signing_names() {
        let table = [
            ("", "sqs", "eu-west-1", "sqs.eu-west-1.amazonaws.com", "sqs"),
            ("", "states", "cn-north-1", "states.cn-north-1.amazonaws.com.cn", "states"),
            ("runtime", "sagemaker", "us-east-1", "runtime.sagemaker.us-east-1.amazonaws.com", "sagemaker"),
            ("a1b2-ats", "iotdata", "us-east-1", "a1b2-ats.iot.us-east-1.amazonaws.com", "iotdata"),
            ("data", "iot", "us-east-1", "data.iot.us-east-1.amazonaws.com", "iotdata"),
            ("bucket", "s3", "us-east-1", "bucket.s3.us-east-1.amazonaws.com", "s3"),
            ("", "email", "us-west-2", "email.us-west-2.amazonaws.com", "ses"),
            ("", "iam", "eu-west-1", "iam.amazonaws.com", "iam"),
            ("abc", "execute-api", "eu-west-1", "abc.execute-api.eu-west-1.amazonaws.com", "execute-api"),
        ];
        for (subdomain, name, region, host, signing_name) in table {
            let service = service(subdomain, name);
            assert_eq!((service.host(region).as_str(), service.signing_name()), (host, signing_name), "{service}");
        }
        assert_eq!(service("", "iam").signing_region("eu-west-1"), "us-east-1");
        assert_eq!(service("", "sts").signing_region("eu-west-1"), "eu-west-1");
    }

    #[test]
    fn environment_variables_are_the_sdks_own() {
        assert_eq!(service("", "sqs").endpoint_variable(), "AWS_ENDPOINT_URL_SQS");
        assert_eq!(service("", "states").endpoint_variable(), "AWS_ENDPOINT_URL_SFN");
        assert_eq!(service("", "cognito-identity").endpoint_variable(), "AWS_ENDPOINT_URL_COGNITO_IDENTITY");
        assert_eq!(service("bucket", "s3").endpoint_variable(), "AWS_ENDPOINT_URL_S3");
    }
}
