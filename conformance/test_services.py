"""Integrations of AWS services through a served API; the cases that were recorded of the service, and those that users rely on."""

import base64
import json
from urllib.parse import quote, unquote

import pytest

import rest_apis
import wire
from aws_services import ACCOUNT, OWN_ACCOUNT, ROLE
from server import REGION, Server

JSON = {"Content-Type": "application/json"}
# 67 bytes of gzip, as recorded.
GZIP = base64.b64decode("H4sIABRs7mMC/0vOzy0oSi0uTk1RSEksSdRRKM7IL81JUUhKVcjMK0vMyUxRCA1x07VQKC4pysxLBwC4ORBXLwAAAA==")


@pytest.fixture(scope="module")
def gateway(aws, tmp_path_factory):
    """A server whose integrations find the services."""
    directory = tmp_path_factory.mktemp("services")
    started = Server(directory / "data", OWN_ACCOUNT, aws.settings()).start()
    yield started
    code = started.stop()
    assert code == 0, f"SIGTERM ended it with {code}; the log says:\n{started.log()}"


@pytest.fixture(scope="module")
def manage(gateway):
    return gateway.client("apigateway")


def add_service(client, place, target, statuses=(), response=None, **integration):
    """A method that calls `target`, such as `sqs:path/x`; `statuses` pass as they are, all others are 200."""
    declarable = ("method.request.path.", "method.request.querystring.", "method.request.header.")
    sources = [value for value in integration.get("requestParameters", {}).values() if value.startswith(declarable)]
    client.put_method(**place, authorizationType="NONE", requestParameters={source: False for source in sources})
    client.put_integration(
        **place,
        type="AWS",
        uri=f"arn:aws:apigateway:{REGION}:{target}",
        **{"integrationHttpMethod": "POST", "credentials": ROLE, **integration},
    )
    for status in ("200", *statuses):
        client.put_method_response(**place, statusCode=status)
        pattern = {"selectionPattern": status} if status != "200" else response or {}
        client.put_integration_response(**place, statusCode=status, **pattern)


def serve(manage, target, method="POST", **arguments):
    """An API whose root calls `target`."""
    api_id, root_id = rest_apis.create(manage)
    add_service(manage, {"restApiId": api_id, "resourceId": root_id, "httpMethod": method}, target, **arguments)
    rest_apis.deploy(manage, api_id)
    return api_id


def call(gateway, api_id, body=None, method="POST", path="/", headers=JSON):
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    return wire.invoke(gateway, api_id, "dev", path, method=method, headers=headers, body=body)


def good(answer):
    assert answer.status == 200, answer.body
    return answer.json()


# Queues.


@pytest.fixture
def queue(aws, request):
    """Its URL at the service and its path in an integration URI."""
    client = aws.client("sqs")
    name = request.node.name.split("[")[0]
    url = client.create_queue(QueueName=name)["QueueUrl"]
    yield url, f"{ACCOUNT}/{name}"
    client.delete_queue(QueueUrl=url)


FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


def test_a_message_with_attributes_as_recorded(aws, gateway, manage, queue):
    url, path = queue
    form = (
        "Action=SendMessage&MessageBody=$util.urlEncode($input.body)&MessageAttribute.1.Name=user-agent"
        "&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=$util.urlEncode($input.params('x-agent'))"
    )
    api_id = serve(manage, f"sqs:path/{path}", requestParameters=FORM, requestTemplates={"application/json": form})
    good(call(gateway, api_id, {"foo": "bar"}, headers={**JSON, "x-agent": "BAR-Header"}))
    [message] = aws.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == {"foo": "bar"}
    assert message["MessageAttributes"] == {"user-agent": {"DataType": "String", "StringValue": "BAR-Header"}}


def test_templates_read_the_answer_of_a_queue_as_recorded(gateway, manage, queue):
    reading = (
        "#set($sent = $input.path('$.SendMessageResponse'))"
        '{"messageId": "$sent.SendMessageResult.MessageId", "requestId": "$sent.ResponseMetadata.RequestId"}'
    )
    api_id = serve(
        manage,
        f"sqs:path/{queue[1]}",
        requestParameters=FORM,
        requestTemplates={"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
        response={"responseTemplates": {"application/json": reading}},
    )
    answer = good(call(gateway, api_id, {"foo": "bar"}))
    assert answer["messageId"] and answer["requestId"], answer


def test_an_action_of_a_queue_with_a_mapped_query(aws, gateway, manage, queue):
    url, _ = queue
    parameters = {
        "integration.request.querystring.QueueUrl": f"'{url}'",
        "integration.request.querystring.MessageBody": "method.request.body",
    }
    api_id = serve(manage, "sqs:action/SendMessage", requestParameters=parameters)
    sent = good(call(gateway, api_id, {"a": "b & c"}))["SendMessageResponse"]["SendMessageResult"]
    [message] = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"a": "b & c"} and message["MessageId"] == sent["MessageId"]


def test_a_queue_that_is_gone_is_an_answer_by_its_status(gateway, manage):
    template = {"application/json": "Action=SendMessage&MessageBody=x"}
    api_id = serve(
        manage, f"sqs:path/{ACCOUNT}/gone", requestParameters=FORM, requestTemplates=template, statuses=["400"]
    )
    answer = call(gateway, api_id, {})
    assert answer.status == 400 and "NonExistentQueue" in answer.json()["Error"]["Code"]


def test_a_topic_is_published_to(aws, gateway, manage, queue):
    url, path = queue
    topics = aws.client("sns")
    topic = topics.create_topic(Name="news")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{path.replace('/', ':')}")
    parameters = {
        "integration.request.querystring.TopicArn": f"'{topic}'",
        "integration.request.querystring.Message": "method.request.body.text",
    }
    api_id = serve(manage, "sns:action/Publish", requestParameters=parameters)
    published = good(call(gateway, api_id, {"text": "all's well"}))["PublishResponse"]["PublishResult"]
    [message] = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    notification = json.loads(message["Body"])
    assert (notification["Message"], notification["MessageId"]) == ("all's well", published["MessageId"])


# Tables.


@pytest.fixture(scope="module")
def table(aws):
    client = aws.client("dynamodb")
    client.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for name in ("test", "test2", "test 3"):
        client.put_item(TableName="things", Item={"id": {"S": name}})
    return "things"


@pytest.mark.parametrize(("id_", "count"), [("test", 1), ("test2", 1), ("test%203", 1), ("invalid", 0)])
def test_a_query_of_a_table_as_recorded(gateway, manage, table, id_, count):
    template = json.dumps(
        {
            "TableName": table,
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": "$util.urlDecode($input.params('id'))"}},
        }
    )
    api_id, root_id = rest_apis.create(manage)
    resource_id = rest_apis.add_resource(manage, api_id, root_id, "{id}")
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    add_service(manage, place, "dynamodb:action/Query", requestTemplates={"application/json": template})
    rest_apis.deploy(manage, api_id)
    answer = call(gateway, api_id, method="GET", path=f"/{id_}", headers={})
    items = [{"id": {"S": id_.replace("%20", " ")}}] * count
    assert {"Count": count, "Items": items, "ScannedCount": count}.items() <= good(answer).items()
    assert answer.header("content-type") == "application/json"
    assert answer.header("x-amzn-trace-id") and answer.header("x-amzn-requestid") and answer.header("x-amz-apigw-id")


def test_a_scan_of_a_table_as_recorded(gateway, manage, table):
    api_id = serve(manage, "dynamodb:action/Scan", requestTemplates={"application/json": json.dumps({"TableName": table})})
    answer = good(call(gateway, api_id, {}))
    assert (answer["Count"], answer["ScannedCount"]) == (3, 3)
    assert sorted(item["id"]["S"] for item in answer["Items"]) == ["test", "test 3", "test2"]


def test_an_item_is_put_and_a_refusal_keeps_its_status(aws, gateway, manage, table):
    template = json.dumps({"TableName": table, "Item": {"id": {"S": "$input.path('$.id')"}}, "ConditionExpression": "attribute_not_exists(id)"})
    api_id = serve(manage, "dynamodb:action/PutItem", requestTemplates={"application/json": template}, statuses=["400"])
    assert call(gateway, api_id, {"id": "put"}).status == 200
    assert aws.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "put"}})["Item"]
    refused = call(gateway, api_id, {"id": "put"})
    assert refused.status == 400 and "ConditionalCheckFailedException" in refused.json()["__type"]
    aws.client("dynamodb").delete_item(TableName=table, Key={"id": {"S": "put"}})


# Streams, state machines, events, parameters.


def test_records_go_into_a_stream_as_recorded(aws, gateway, manage):
    client = aws.client("kinesis")
    client.create_stream(StreamName="clicks", ShardCount=1)
    template = (
        "#set($root = $input.path('$')){\"StreamName\": \"clicks\", \"Records\": [#foreach($each in $root.records)"
        '{"Data": "$util.base64Encode($each.data)", "PartitionKey": "$each.partitionKey"}#if($foreach.hasNext),#end#end]}'
    )
    for parameters in ({}, {"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"}):
        api_id = serve(
            manage, "kinesis:action/PutRecords", requestParameters=parameters, requestTemplates={"application/json": template}
        )
        records = [{"data": json.dumps({"foo": f"bar{number}"}), "partitionKey": "20"} for number in (1, 2, 3)]
        answer = good(call(gateway, api_id, {"records": records}))
        assert answer["FailedRecordCount"] == 0 and len(answer["Records"]) == 3
    shard = answer["Records"][0]["ShardId"]
    start = client.get_shard_iterator(StreamName="clicks", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    stored = client.get_records(ShardIterator=start)["Records"]
    assert [record["Data"] for record in stored[:3]] == [json.dumps({"foo": f"bar{number}"}).encode() for number in (1, 2, 3)]
    assert [record["SequenceNumber"] for record in stored[3:]] == [record["SequenceNumber"] for record in answer["Records"]]


def test_a_state_machine_is_started_as_recorded(aws, gateway, manage):
    client = aws.client("stepfunctions")
    definition = json.dumps({"StartAt": "done", "States": {"done": {"Type": "Pass", "End": True}}})
    machine = client.create_state_machine(name="orders", definition=definition, roleArn=ROLE)["stateMachineArn"]
    template = f'{{"input": "$util.escapeJavaScript($input.json(\'$\'))", "stateMachineArn": "{machine}"}}'
    api_id = serve(manage, "states:action/StartExecution", requestTemplates={"application/json": template})
    answer = good(call(gateway, api_id, {"order": 1}))
    assert sorted(answer) == ["executionArn", "startDate"] and isinstance(answer["startDate"], float)
    assert json.loads(client.describe_execution(executionArn=answer["executionArn"])["input"]) == {"order": 1}


MAPPED = {
    "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
    "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
}
OVERRIDDEN = (
    '#set($context.requestOverride.header.X-Amz-Target = "AWSEvents.PutEvents")'
    '#set($context.requestOverride.header.Content-Type = "application/x-amz-json-1.1")'
)


@pytest.mark.parametrize(("parameters", "overrides"), [(MAPPED, ""), ({}, OVERRIDDEN)], ids=["mapped", "overridden"])
def test_events_are_put_on_a_bus_as_recorded(aws, gateway, manage, queue, parameters, overrides):
    url, path = queue
    events = aws.client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["gateway"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{path.replace('/', ':')}"}])
    template = overrides + (
        '{"Entries": [{"Source": "gateway", "DetailType": "order", "Detail": "$util.escapeJavaScript($input.body)", '
        '"EventBusName": "default"}]}'
    )
    api_id = serve(
        manage, "events:action/PutEvents", requestParameters=parameters, requestTemplates={"application/json": template}
    )
    answer = good(call(gateway, api_id, {"order": 1}))
    assert answer["FailedEntryCount"] == 0 and [sorted(entry) for entry in answer["Entries"]] == [["EventId"]]
    [message] = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["detail"] == {"order": 1}


def test_a_parameter_is_read_as_recorded(aws, gateway, manage):
    aws.client("ssm").put_parameter(Name="param-test-123", Value="123", Type="String")
    api_id = serve(
        manage,
        "ssm:action/GetParameter",
        method="GET",
        passthroughBehavior="WHEN_NO_TEMPLATES",
        requestParameters={"integration.request.querystring.Name": "'param-test-123'"},
    )
    answer = good(call(gateway, api_id, method="GET", headers={}))["GetParameterResponse"]
    assert list(answer["ResponseMetadata"]) == ["RequestId"]
    parameter = answer["GetParameterResult"]["Parameter"]
    assert isinstance(parameter.pop("LastModifiedDate"), (int, float))
    assert parameter == {
        "ARN": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/param-test-123",
        "DataType": "text",
        "Name": "param-test-123",
        "Selector": None,
        "SourceResult": None,
        "Type": "String",
        "Value": "123",
        "Version": 1,
    }


# Objects.


@pytest.fixture(scope="module")
def bucket(aws):
    aws.client("s3").create_bucket(Bucket="pictures")
    return "pictures"


def objects_api(manage, bucket, binary_media_types=(), method="ANY", **integration):
    """`/{object_path+}` as recorded."""
    api_id = manage.create_rest_api(name="objects", binaryMediaTypes=list(binary_media_types))["id"]
    root_id = manage.get_resources(restApiId=api_id)["items"][0]["id"]
    resource_id = rest_apis.add_resource(manage, api_id, root_id, "{object_path+}")
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    parameters = {
        "integration.request.path.object_path": "method.request.path.object_path",
        "integration.request.header.Content-Type": "method.request.header.Content-Type",
        "integration.request.querystring.response-content-type": "method.request.header.response-content-type",
    }
    target = f"s3:path/{bucket}/{{object_path}}"
    add_service(
        manage, place, target, integrationHttpMethod=method, requestParameters=parameters, statuses=["204", "404"], **integration
    )
    rest_apis.deploy(manage, api_id)
    return api_id


def test_objects_by_every_verb_as_recorded(gateway, manage, bucket):
    api_id = objects_api(manage, bucket)

    def at(method, body=None):
        return call(gateway, api_id, body, method=method, path="/a/test.json")

    def is_missing(answer):
        return answer.status == 404 and b"<Code>NoSuchKey</Code>" in answer.body

    assert is_missing(at("GET"))
    for number in (1, 2):
        assert at("PUT", {"put_id": number}).status == 200
        assert good(at("GET")) == {"put_id": number}
    assert at("DELETE").status == 204
    assert is_missing(at("GET"))


def test_a_method_may_have_another_verb_than_its_integration_as_recorded(aws, gateway, manage, bucket):
    api_id, root_id = rest_apis.create(manage)
    for method, verb in (("PUT", "PUT"), ("POST", "DELETE"), ("GET", "GET")):
        place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": method}
        target = f"s3:path/{bucket}/mapped.json"
        add_service(manage, place, target, integrationHttpMethod=verb, statuses=["204", "404"])
    rest_apis.deploy(manage, api_id)
    assert call(gateway, api_id, {"message": "great success!"}, method="PUT").status == 200
    assert good(call(gateway, api_id, method="GET")) == {"message": "great success!"}
    assert call(gateway, api_id, method="POST").status == 204
    gone = call(gateway, api_id, method="GET")
    assert gone.status == 404 and b"<Code>NoSuchKey</Code>" in gone.body


# What arrives of bytes, of the same as base64, and of text; by binaryMediaTypes and the request's Content-Type.
BROKEN = GZIP.decode(errors="replace").encode()


@pytest.mark.parametrize(
    ("types", "content_type", "stored"),
    [([], "image/png", BROKEN), (["image/png"], "image/png", GZIP), (["image/png"], "text/plain", BROKEN)],
    ids=["no-binary-media", "binary-type", "text-type"],
)
def test_binary_objects_are_put_as_recorded(aws, gateway, manage, bucket, types, content_type, stored):
    assert (len(GZIP), len(BROKEN)) == (67, 99)
    api_id = objects_api(manage, bucket, types)
    for name, body, expected in (
        ("raw", GZIP, stored),
        ("encoded", base64.b64encode(GZIP), base64.b64encode(GZIP)),
        ("text", b"this is a UTF8 text typed object", b"this is a UTF8 text typed object"),
    ):
        answer = call(gateway, api_id, body, method="PUT", path=f"/{name}", headers={"Content-Type": content_type})
        assert answer.status == 200, answer.body
        found = aws.client("s3").get_object(Bucket=bucket, Key=name)
        assert (found["Body"].read(), found["ContentType"]) == (expected, content_type)


@pytest.mark.parametrize("key", ["a b", "a%2Bb", "ü", "a/b//c", "(1)!*'$,:@", "a=b&c;d"])
def test_keys_stay_themselves(aws, gateway, manage, bucket, key):
    path = quote(key, safe="%/!*'$,:@()=&;")
    api_id = objects_api(manage, bucket)
    assert call(gateway, api_id, "here", method="PUT", path=f"/{path}").status == 200
    assert aws.client("s3").get_object(Bucket=bucket, Key=unquote(key))["Body"].read() == b"here"


# What is not there.


def test_what_is_not_configured_is_named(fresh_server):
    alone = fresh_server(arguments=OWN_ACCOUNT)
    client = alone.client("apigateway")
    api_id = serve(client, "states:action/StartExecution")
    assert call(alone, api_id, {}).status == 500
    assert "services.states.endpoint" in alone.log()
    root_id = client.get_resources(restApiId=api_id)["items"][0]["id"]
    tested = client.test_invoke_method(restApiId=api_id, resourceId=root_id, httpMethod="POST", body="{}")
    assert tested["status"] == 500 and "services.states.endpoint" in tested["log"]


def test_a_role_without_keys_is_named(aws, fresh_server):
    alone = fresh_server(arguments=OWN_ACCOUNT, environment={"POSTERN_SERVICES_ENDPOINT": aws.url})
    api_id = serve(alone.client("apigateway"), "states:action/StartExecution")
    assert call(alone, api_id, {}).status == 500
    assert f"API Gateway does not have permission to assume the provided role {ROLE}" in alone.log()
    assert "Cross-account" not in alone.log()


def test_a_role_of_another_account_is_refused(aws, gateway, manage, queue):
    """Though there are keys for every role. Nothing is sent, and a test of the method says why as well."""
    url, path = queue
    foreign = ROLE.replace(ACCOUNT, "210987654321")
    mapped = {"integration.request.querystring.Action": "'SendMessage'", "integration.request.querystring.MessageBody": "'stolen'"}
    api_id = serve(manage, f"sqs:path/{path}", requestParameters=mapped, credentials=foreign)
    assert call(gateway, api_id, {}).status == 500
    reason = f"assume the provided role {foreign}: Cross-account pass role is not allowed"
    assert reason in gateway.log()
    root_id = manage.get_resources(restApiId=api_id)["items"][0]["id"]
    tested = manage.test_invoke_method(restApiId=api_id, resourceId=root_id, httpMethod="POST", body="{}")
    assert tested["status"] == 500 and reason in tested["log"], tested["log"]
    assert "Messages" not in aws.client("sqs").receive_message(QueueUrl=url)
    # But for its role, the method is served.
    own = serve(manage, f"sqs:path/{path}", requestParameters=mapped)
    assert call(gateway, own, {}).status == 200
    assert [sent["Body"] for sent in aws.client("sqs").receive_message(QueueUrl=url)["Messages"]] == ["stolen"]


def test_dev_takes_a_role_of_any_account(aws, fresh_server, queue):
    url, path = queue
    alone = fresh_server(arguments=["--dev"], environment=aws.settings())
    mapped = {"integration.request.querystring.Action": "'SendMessage'", "integration.request.querystring.MessageBody": "'lent'"}
    api_id = serve(alone.client("apigateway"), f"sqs:path/{path}", requestParameters=mapped)
    assert call(alone, api_id, {}).status == 200
    assert [sent["Body"] for sent in aws.client("sqs").receive_message(QueueUrl=url)["Messages"]] == ["lent"]


def test_the_execution_log_shows_what_the_service_was_sent_and_no_secret(gateway, manage, table):
    api_id = serve(manage, "dynamodb:action/Scan", requestTemplates={"application/json": json.dumps({"TableName": table})})
    root_id = manage.get_resources(restApiId=api_id)["items"][0]["id"]
    tested = manage.test_invoke_method(restApiId=api_id, resourceId=root_id, httpMethod="POST", body="{}")
    assert (tested["status"], json.loads(tested["body"])["Count"]) == (200, 3)
    log = tested["log"]
    assert "Endpoint request URI: http://127.0.0.1" in log and "/?Action=Scan" in log
    assert "x-amz-target=dynamodb_20120810.scan" in log.lower()
    assert "Received response. Status: 200" in log
    [headers] = [line for line in log.splitlines() if "Endpoint request headers" in line]
    assert "authorization=***" in headers.lower()


def test_a_live_log_ends_with_the_services_own_request_id(gateway, manage, table):
    api_id = serve(manage, "dynamodb:action/Scan", requestTemplates={"application/json": json.dumps({"TableName": table})})
    manage.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}])
    level = {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"}
    manage.update_stage(restApiId=api_id, stageName="dev", patchOperations=[level])
    answer = call(gateway, api_id, {})
    good(answer)
    request_id = answer.header("x-amzn-requestid")
    lines = [line for line in gateway.log().splitlines() if f"({request_id})" in line]
    assert "Method completed with status: 200" in lines[-2] and "AWS Integration Endpoint RequestId : " in lines[-1], lines


def test_firehose_behind_a_proxy_integration(aws, gateway, manage):
    """The client's body is the action's, and the service's answer the client's."""
    firehose, s3 = aws.client("firehose"), aws.client("s3")
    s3.create_bucket(Bucket="records")
    firehose.create_delivery_stream(
        DeliveryStreamName="records", S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::records"}
    )
    api_id, root_id = rest_apis.create(manage)
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "POST"}
    manage.put_method(**place, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:firehose:action/PutRecord"
    manage.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, credentials=ROLE)
    rest_apis.deploy(manage, api_id)
    record = {"DeliveryStreamName": "records", "Record": {"Data": base64.b64encode(b"one").decode()}}
    answer = wire.invoke(gateway, api_id, "dev", "/", method="POST", body=json.dumps(record).encode(), headers=JSON)
    assert answer.status == 200 and "RecordId" in answer.json(), answer
    stored = s3.list_objects_v2(Bucket="records")["Contents"]
    assert s3.get_object(Bucket="records", Key=stored[0]["Key"])["Body"].read() == b"one"
    gone = {**record, "DeliveryStreamName": "gone"}
    answer = wire.invoke(gateway, api_id, "dev", "/", method="POST", body=json.dumps(gone).encode(), headers=JSON)
    assert (answer.status, answer.json()["__type"]) == (400, "ResourceNotFoundException"), answer
