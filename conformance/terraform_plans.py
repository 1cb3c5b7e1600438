"""What Terraform's provider asks for keys, plans, certificates and documentation, in its order."""

from terraform import Life, add, remove, replace


def staged(world):
    """The stage that the plan names, and how it names it."""
    world.client.create_stage(**world.api, stageName="planned", deploymentId=world.deployment_id)
    return [{"apiId": world.api_id, "stage": "planned"}]


PLANS = {
    "api_key": Life(
        "api_key",
        "create_api_key",
        # A missing `enabled` is how the provider sends false; an empty value asks for one to be made.
        {"name": "key", "description": "Managed by Terraform", "value": "", "enabled": True},
        {"name": "key", "description": "Managed by Terraform", "enabled": True, "stageKeys": []},
        [
            (
                [replace("/enabled", "false"), replace("/description", "text"), replace("/customerId", "c")],
                {"enabled": False, "description": "text", "customerId": "c"},
            ),
            ([replace("/enabled", "true"), replace("/description", "")], {"enabled": True, "description": None}),
        ],
        key="apiKey",
    ),
    "usage_plan": Life(
        "usage_plan",
        "create_usage_plan",
        lambda world: {
            "name": "plan",
            "description": "text",
            "apiStages": staged(world),
            "quota": {"limit": 20, "offset": 2, "period": "WEEK"},
            "throttle": {"burstLimit": 5, "rateLimit": 10.0},
        },
        lambda world: {
            "name": "plan",
            "description": "text",
            "apiStages": [{"apiId": world.api_id, "stage": "planned"}],
            "quota": {"limit": 20, "offset": 2, "period": "WEEK"},
            "throttle": {"burstLimit": 5, "rateLimit": 10.0},
        },
        lambda world: [
            # The product code comes by an update of its own after the create.
            ([add("/productCode", "code")], {"productCode": "code"}),
            ([], {}),
            # Every old stage goes and every new one comes, each with its throttles; the path keeps its slash.
            (
                [replace("/name", "other"), replace("/description", ""), replace("/productCode", "new")]
                + [remove("/apiStages", f"{world.api_id}:planned"), add("/apiStages", f"{world.api_id}:planned")]
                + [replace(f"/apiStages/{world.api_id}:planned/throttle//pets/GET/rateLimit", "5.000000")]
                + [replace(f"/apiStages/{world.api_id}:planned/throttle//pets/GET/burstLimit", "3")]
                + [replace("/throttle/rateLimit", "100.500000"), replace("/throttle/burstLimit", "0")]
                + [replace("/quota/limit", "30"), replace("/quota/offset", "10"), replace("/quota/period", "MONTH")],
                {
                    "name": "other",
                    "description": None,
                    "productCode": "new",
                    "apiStages": [
                        {"apiId": world.api_id, "stage": "planned", "throttle": {"/pets/GET": {"rateLimit": 5.0, "burstLimit": 3}}}
                    ],
                    "throttle": {"burstLimit": 0, "rateLimit": 100.5},
                    "quota": {"limit": 30, "offset": 10, "period": "MONTH"},
                },
            ),
            # Its end begins with its stages.
            (
                [remove("/productCode"), remove("/throttle"), remove("/quota"), remove("/apiStages", f"{world.api_id}:planned")],
                {"productCode": None, "throttle": None, "quota": None, "apiStages": []},
            ),
        ],
        key="usagePlanId",
    ),
    "client_certificate": Life(
        "client_certificate",
        "generate_client_certificate",
        {"description": "text"},
        {"description": "text"},
        [([replace("/description", "other")], {"description": "other"}), ([replace("/description", "")], {"description": None})],
        key="clientCertificateId",
        own=("clientCertificateId", "pemEncodedCertificate", "createdDate", "expirationDate"),
    ),
    # All five members of the location are sent, the unset ones empty.
    "documentation_part": Life(
        "documentation_part",
        "create_documentation_part",
        lambda world: {
            **world.api,
            "location": {"type": "METHOD", "path": "/pets", "method": "GET", "name": "", "statusCode": ""},
            "properties": '{"description":"text"}',
        },
        {"location": {"type": "METHOD", "path": "/pets", "method": "GET"}, "properties": '{"description":"text"}'},
        [([replace("/properties", '{"description":"other"}')], {"properties": '{"description":"other"}'})],
        key="documentationPartId",
        place=lambda world: world.api,
    ),
    "documentation_version": Life(
        "documentation_version",
        "create_documentation_version",
        lambda world: {**world.api, "documentationVersion": "1", "description": "text"},
        {"version": "1", "description": "text"},
        [([replace("/description", "")], {"description": None})],
        place=lambda world: {**world.api, "documentationVersion": "1"},
    ),
}
