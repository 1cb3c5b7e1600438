//! The services that take a request's operation from `X-Amz-Target`, and what stands there before the operation.
//!
//! Kinesis, DynamoDB and Step Functions are recorded to work by action without the field being mapped, Firehose and Cognito are reported
//! to; the others speak nothing but JSON, so that no action would reach them otherwise. EventBridge and CloudWatch Logs are left out:
//! on AWS they are reported to need the mapping. SSM is recorded to be asked in the query protocol.
//! The names are botocore's (`targetPrefix` and `jsonVersion` in its service descriptions).

/// The version of the JSON protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonVersion {
    V1_0,
    V1_1,
}
use JsonVersion::{V1_0, V1_1};

impl JsonVersion {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            V1_0 => "application/x-amz-json-1.0",
            V1_1 => "application/x-amz-json-1.1",
        }
    }
}

/// By the service's name in integration URIs.
const JSON_SERVICES: &[(&str, &str, JsonVersion)] = &[
    ("acm", "CertificateManager", V1_1),
    ("api.ecr", "AmazonEC2ContainerRegistry_V20150921", V1_1),
    ("api.pricing", "AWSPriceListService", V1_1),
    ("api.sagemaker", "SageMaker", V1_1),
    ("application-autoscaling", "AnyScaleFrontendService", V1_1),
    ("apprunner", "AppRunner", V1_0),
    ("athena", "AmazonAthena", V1_1),
    ("budgets", "AWSBudgetServiceGateway", V1_1),
    ("cassandra", "KeyspacesService", V1_0),
    ("ce", "AWSInsightsIndexService", V1_1),
    ("cloudcontrolapi", "CloudApiService", V1_0),
    ("cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", V1_1),
    ("codebuild", "CodeBuild_20161006", V1_1),
    ("codecommit", "CodeCommit_20150413", V1_1),
    ("codedeploy", "CodeDeploy_20141006", V1_1),
    ("codepipeline", "CodePipeline_20150709", V1_1),
    ("cognito-identity", "AWSCognitoIdentityService", V1_1),
    ("cognito-idp", "AWSCognitoIdentityProviderService", V1_1),
    ("comprehend", "Comprehend_20171127", V1_1),
    ("comprehendmedical", "ComprehendMedical_20181030", V1_1),
    ("config", "StarlingDoveService", V1_1),
    ("datasync", "FmrsService", V1_1),
    ("dms", "AmazonDMSv20160101", V1_1),
    ("ds", "DirectoryService_20150416", V1_1),
    ("dynamodb", "DynamoDB_20120810", V1_0),
    ("ecs", "AmazonEC2ContainerServiceV20141113", V1_1),
    ("elasticmapreduce", "ElasticMapReduce", V1_1),
    ("firehose", "Firehose_20150804", V1_1),
    ("forecast", "AmazonForecast", V1_1),
    ("forecastquery", "AmazonForecastRuntime", V1_1),
    ("frauddetector", "AWSHawksNestServiceFacade", V1_1),
    ("fsx", "AWSSimbaAPIService_v20180301", V1_1),
    ("gamelift", "GameLift", V1_1),
    ("globalaccelerator", "GlobalAccelerator_V20180706", V1_1),
    ("glue", "AWSGlue", V1_1),
    ("health", "AWSHealth_20160804", V1_1),
    ("healthlake", "HealthLake", V1_0),
    ("identitystore", "AWSIdentityStore", V1_1),
    ("ingest.timestream", "Timestream_20181101", V1_0),
    ("kendra", "AWSKendraFrontendService", V1_1),
    ("kinesis", "Kinesis_20131202", V1_1),
    ("kinesisanalytics", "KinesisAnalytics_20180523", V1_1),
    ("kms", "TrentService", V1_1),
    ("lightsail", "Lightsail_20161128", V1_1),
    ("machinelearning", "AmazonML_20141212", V1_1),
    ("network-firewall", "NetworkFirewall_20201112", V1_0),
    ("organizations", "AWSOrganizationsV20161128", V1_1),
    ("personalize", "AmazonPersonalize", V1_1),
    ("pi", "PerformanceInsightsv20180227", V1_1),
    ("query.timestream", "Timestream_20181101", V1_0),
    ("redshift-data", "RedshiftData", V1_1),
    ("redshift-serverless", "RedshiftServerless", V1_1),
    ("rekognition", "RekognitionService", V1_1),
    ("route53resolver", "Route53Resolver", V1_1),
    ("secretsmanager", "secretsmanager", V1_1),
    ("servicecatalog", "AWS242ServiceCatalogService", V1_1),
    ("servicediscovery", "Route53AutoNaming_v20170314", V1_1),
    ("servicequotas", "ServiceQuotasV20190624", V1_1),
    ("shield", "AWSShield_20160616", V1_1),
    ("sms-voice", "PinpointSMSVoiceV2", V1_0),
    ("states", "AWSStepFunctions", V1_0),
    ("storagegateway", "StorageGateway_20130630", V1_1),
    ("streams.dynamodb", "DynamoDBStreams_20120810", V1_0),
    ("support", "AWSSupport_20130415", V1_1),
    ("swf", "SimpleWorkflowService", V1_0),
    ("tagging", "ResourceGroupsTaggingAPI_20170126", V1_1),
    ("textract", "Textract", V1_1),
    ("transcribe", "Transcribe", V1_1),
    ("transfer", "TransferService", V1_1),
    ("translate", "AWSShineFrontendService_20170701", V1_1),
    ("verifiedpermissions", "VerifiedPermissions", V1_0),
    ("waf-regional", "AWSWAF_Regional_20161128", V1_1),
    ("wafv2", "AWSWAF_20190729", V1_1),
    ("workspaces", "WorkspacesService", V1_1),
];

/// What stands before the operation in `X-Amz-Target`.
pub(super) fn json_service(name: &str) -> Option<(&'static str, JsonVersion)> {
    let at = JSON_SERVICES.binary_search_by(|(known, _, _)| (*known).cmp(name)).ok()?;
    let (_, prefix, version) = JSON_SERVICES[at];
    Some((prefix, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(JSON_SERVICES.is_sorted_by(|(left, ..), (right, ..)| left < right));
        assert_eq!(json_service("kinesis"), Some(("Kinesis_20131202", V1_1)));
        assert_eq!(json_service("events"), None);
    }
}
