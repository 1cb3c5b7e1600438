//! Two names of one service: what SDKs make the variable `AWS_ENDPOINT_URL_<SERVICE>` of, and what integration URIs say.

/// Where they differ by more than case and punctuation; the first as in the variable, in lower case with `-`. From the services' API models.
const DIFFERENT: [(&str, &str); 44] = [
    ("apigatewaymanagementapi", "execute-api"),
    ("apigatewayv2", "apigateway"),
    ("application-auto-scaling", "application-autoscaling"),
    ("cloudhsm-v2", "cloudhsmv2"),
    ("cloudwatch", "monitoring"),
    ("cloudwatch-logs", "logs"),
    ("cognito-identity-provider", "cognito-idp"),
    ("config-service", "config"),
    ("cost-explorer", "ce"),
    ("database-migration-service", "dms"),
    ("directory-service", "ds"),
    ("docdb", "rds"),
    ("dynamodb-streams", "streams.dynamodb"),
    ("ecr", "api.ecr"),
    ("efs", "elasticfilesystem"),
    ("elastic-load-balancing-v2", "elasticloadbalancing"),
    ("elasticsearch-service", "es"),
    ("emr", "elasticmapreduce"),
    ("eventbridge", "events"),
    ("iot-data-plane", "data-ats.iot"),
    ("iot-jobs-data-plane", "data.jobs.iot"),
    ("kinesis-analytics-v2", "kinesisanalytics"),
    ("lex-model-building-service", "models.lex"),
    ("lex-models-v2", "models-v2-lex"),
    ("lex-runtime-service", "runtime.lex"),
    ("lex-runtime-v2", "runtime-v2-lex"),
    ("location", "geo"),
    ("marketplace-metering", "metering.marketplace"),
    ("mediastore-data", "data.mediastore"),
    ("mturk", "mturk-requester"),
    ("neptune", "rds"),
    ("opensearch", "es"),
    ("opensearchserverless", "aoss"),
    ("pricing", "api.pricing"),
    ("resource-groups-tagging-api", "tagging"),
    ("sagemaker", "api.sagemaker"),
    ("sagemaker-featurestore-runtime", "featurestore-runtime.sagemaker"),
    ("sagemaker-runtime", "runtime.sagemaker"),
    ("ses", "email"),
    ("sesv2", "email"),
    ("sfn", "states"),
    ("simpledb", "sdb"),
    ("timestream-query", "query.timestream"),
    ("timestream-write", "ingest.timestream"),
];
/// In both at once: a name in URIs, too, or part of one that users would write.
const IN_URIS_TOO: [&str; 3] = ["ecr", "pricing", "sagemaker"];

/// The names in integration URIs of the service that `AWS_ENDPOINT_URL_{suffix}` is about. More than one where only the service's own
/// model would tell: nobody asks for the wrong ones.
pub fn of_variable(suffix: &str) -> Vec<String> {
    let dashed = suffix.to_ascii_lowercase().replace('_', "-");
    match DIFFERENT.iter().find(|(name, _)| *name == dashed) {
        Some((_, in_uris)) => vec![(*in_uris).to_owned()],
        None => {
            let joined = dashed.replace('-', "");
            if joined == dashed { vec![dashed] } else { vec![dashed, joined] }
        }
    }
}

/// What integration URIs say for a name that they do not have.
pub fn other_name(name: &str) -> Option<&'static str> {
    let (_, other) = DIFFERENT.iter().find(|(own, _)| *own == name)?;
    (!IN_URIS_TOO.contains(&name)).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_name_services_as_sdks_spell_them() {
        for (suffix, expected) in [
            ("SQS", vec!["sqs"]),
            ("DYNAMODB", vec!["dynamodb"]),
            ("SFN", vec!["states"]),
            ("EVENTBRIDGE", vec!["events"]),
            ("SECRETS_MANAGER", vec!["secrets-manager", "secretsmanager"]),
            ("COGNITO_IDENTITY", vec!["cognito-identity", "cognitoidentity"]),
            ("SAGEMAKER_RUNTIME", vec!["runtime.sagemaker"]),
        ] {
            assert_eq!(of_variable(suffix), expected, "{suffix}");
        }
        assert_eq!(other_name("sfn"), Some("states"));
        assert_eq!(other_name("sqs"), None);
    }
}
