"""What Terraform's provider asks for methods, integrations and their responses, in its order."""

from terraform import HEADER, PATH, RESPONSE, Life, add, remove, replace

JSON = "application/json"
XML = "application/xml"

METHODS = {
    "method": Life(
        "method",
        "put_method",
        lambda world: {
            **world.method,
            "httpMethod": "POST",
            "authorizationType": "NONE",
            "requestModels": {JSON: "Error"},
            "requestParameters": {HEADER: False, PATH: True},
        },
        {
            "httpMethod": "POST",
            "authorizationType": "NONE",
            "apiKeyRequired": False,
            "requestModels": {JSON: "Error"},
            "requestParameters": {HEADER: False, PATH: True},
        },
        lambda world: [
            (
                [replace("/requestModels/application~1json", "Error"), add("/requestModels/application~1xml", "Empty")]
                + [remove(f"/requestParameters/{PATH}"), replace(f"/requestParameters/{HEADER}", "true")]
                + [add("/requestParameters/method.request.querystring.page", "false")]
                + [replace("/authorizationType", "AWS_IAM"), replace("/authorizerId", ""), replace("/apiKeyRequired", "true")]
                + [replace("/requestValidatorId", world.validator_id), replace("/operationName", "list")],
                {
                    "requestModels": {JSON: "Error", XML: "Empty"},
                    "requestParameters": {HEADER: True, "method.request.querystring.page": False},
                    "authorizationType": "AWS_IAM",
                    "apiKeyRequired": True,
                    "requestValidatorId": world.validator_id,
                    "operationName": "list",
                },
            ),
            (
                [remove("/requestModels/application~1json"), remove("/requestModels/application~1xml")]
                + [remove(f"/requestParameters/{HEADER}"), remove("/requestParameters/method.request.querystring.page")]
                + [replace("/authorizationType", "NONE"), replace("/apiKeyRequired", "false")]
                + [replace("/requestValidatorId"), replace("/operationName")],
                {
                    "requestModels": None,
                    "requestParameters": None,
                    "authorizationType": "NONE",
                    "apiKeyRequired": False,
                    "requestValidatorId": None,
                    "operationName": None,
                },
            ),
        ],
        place=lambda world: {**world.method, "httpMethod": "POST"},
    ),
    "method_response": Life(
        "method_response",
        "put_method_response",
        lambda world: {
            **world.method,
            "statusCode": "404",
            "responseModels": {JSON: "Error"},
            "responseParameters": {RESPONSE: True},
        },
        {"statusCode": "404", "responseModels": {JSON: "Error"}, "responseParameters": {RESPONSE: True}},
        [
            (
                [replace("/responseModels/application~1json", "Empty"), add("/responseModels/application~1xml", "Error")]
                + [remove(f"/responseParameters/{RESPONSE}"), add("/responseParameters/method.response.header.B", "false")],
                {
                    "responseModels": {JSON: "Empty", XML: "Error"},
                    "responseParameters": {"method.response.header.B": False},
                },
            ),
            (
                [remove("/responseModels/application~1json"), remove("/responseModels/application~1xml")]
                + [remove("/responseParameters/method.response.header.B")],
                {"responseModels": None, "responseParameters": None},
            ),
        ],
        place=lambda world: {**world.method, "statusCode": "404"},
    ),
    # Both are sent whether configured or not.
    "integration of a mock": Life(
        "integration",
        "put_integration",
        lambda world: {
            **world.method,
            "type": "MOCK",
            "connectionType": "INTERNET",
            "timeoutInMillis": 29000,
            "requestTemplates": {JSON: "", XML: "<a/>"},
        },
        lambda world: {
            "type": "MOCK",
            "connectionType": "INTERNET",
            "timeoutInMillis": 29000,
            "passthroughBehavior": "WHEN_NO_MATCH",
            "cacheNamespace": world.resource_id,
            "cacheKeyParameters": [],
            # A template without text keeps its key.
            "requestTemplates": {JSON: "", XML: "<a/>"},
        },
        [
            (
                [remove("/requestTemplates/application~1xml", "<a/>"), replace("/requestTemplates/application~1json", "")]
                + [add("/requestTemplates/text~1plain", '{"statusCode": 200}')],
                {"requestTemplates": {JSON: "", "text/plain": '{"statusCode": 200}'}},
            ),
        ],
        place=lambda world: world.method,
    ),
    "integration of a backend": Life(
        "integration",
        "put_integration",
        lambda world: {
            **world.method,
            "type": "HTTP",
            "integrationHttpMethod": "GET",
            "uri": "https://example.com/{id}",
            "connectionType": "INTERNET",
            "timeoutInMillis": 29000,
            "requestParameters": {"integration.request.path.id": PATH},
            "cacheKeyParameters": ["integration.request.path.id", PATH],
            "cacheNamespace": world.resource_id,
            "contentHandling": "CONVERT_TO_TEXT",
            "tlsConfig": {"insecureSkipVerification": True},
        },
        lambda world: {
            "type": "HTTP",
            "httpMethod": "GET",
            "uri": "https://example.com/{id}",
            "connectionType": "INTERNET",
            "timeoutInMillis": 29000,
            "requestParameters": {"integration.request.path.id": PATH},
            "cacheKeyParameters": ["integration.request.path.id", PATH],
            "cacheNamespace": world.resource_id,
            "contentHandling": "CONVERT_TO_TEXT",
            "passthroughBehavior": "WHEN_NO_MATCH",
            "tlsConfig": {"insecureSkipVerification": True},
        },
        [
            (
                [remove("/requestParameters/integration.request.path.id", PATH)]
                + [add("/requestParameters/integration.request.header.X", HEADER)]
                + [replace("/cacheNamespace", "shared"), replace("/connectionType", "VPC_LINK"), replace("/connectionId", "abc123")]
                + [replace("/contentHandling", ""), replace("/responseTransferMode", "BUFFERED")]
                + [replace("/timeoutInMillis", "1000"), replace("/tlsConfig/insecureSkipVerification", "false")]
                + [replace("/uri", "https://example.com/all")],
                {
                    "requestParameters": {"integration.request.header.X": HEADER},
                    # The parameter that went took its key along; the other keys come and go by themselves, later.
                    "cacheKeyParameters": [PATH],
                    "cacheNamespace": "shared",
                    "connectionType": "VPC_LINK",
                    "connectionId": "abc123",
                    "contentHandling": None,
                    "responseTransferMode": "BUFFERED",
                    "timeoutInMillis": 1000,
                    "tlsConfig": {"insecureSkipVerification": False},
                    "uri": "https://example.com/all",
                },
            ),
            (
                [remove(f"/cacheKeyParameters/{PATH}", ""), add("/cacheKeyParameters/integration.request.header.X", "")],
                {"cacheKeyParameters": ["integration.request.header.X"]},
            ),
            (
                [replace("/connectionType", "INTERNET"), replace("/connectionId", "")],
                {"connectionType": "INTERNET", "connectionId": None},
            ),
        ],
        place=lambda world: world.method,
    ),
    "integration_response": Life(
        "integration_response",
        "put_integration_response",
        lambda world: {
            **world.method,
            "statusCode": "200",
            "selectionPattern": r"2\d\d",
            "responseTemplates": {JSON: "", XML: "<a/>"},
            "responseParameters": {RESPONSE: "'a'"},
            "contentHandling": "CONVERT_TO_TEXT",
        },
        {
            "statusCode": "200",
            "selectionPattern": r"2\d\d",
            "responseTemplates": {JSON: "", XML: "<a/>"},
            "responseParameters": {RESPONSE: "'a'"},
            "contentHandling": "CONVERT_TO_TEXT",
        },
        # Another put, and what it leaves out is cleared.
        lambda world: [
            (
                {**world.method, "statusCode": "200", "responseTemplates": {JSON: "{}"}},
                {
                    "selectionPattern": None,
                    "responseTemplates": {JSON: "{}"},
                    "responseParameters": None,
                    "contentHandling": None,
                },
            )
        ],
        place=lambda world: {**world.method, "statusCode": "200"},
    ),
}
