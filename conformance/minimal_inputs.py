"""The smallest input that botocore's model allows for an operation: its required members, each with the plainest value."""

# Where any string would do for the model but not for the path it goes into, or where the service looks closer.
BY_NAME = {
    "resourceArn": "arn:aws:apigateway:us-east-1::/restapis/abcdefghij",
    "ResourceArn": "arn:aws:apigateway:us-east-1::/apis/abcdefghij",
    "tagKeys": ["a"],
    "TagKeys": ["a"],
    "tags": {"a": "b"},
    "Tags": {"a": "b"},
    "httpMethod": "GET",
    "statusCode": "200",
    "pathPart": "pets",
    "restApiId": "abcdefghij",
    "ApiId": "abcdefghij",
    "body": b"{}",
    "Body": "{}",
}
STRING = "abcdef"


def minimal_input(operation_model):
    """Keyword arguments for the boto3 method of the operation."""
    shape = operation_model.input_shape
    return {} if shape is None else _structure(shape)


def _structure(shape):
    return {name: _member(name, shape.members[name]) for name in shape.required_members}


def _member(name, shape):
    named = BY_NAME.get(name)
    wanted = {"string": str, "list": list, "map": dict, "blob": bytes}.get(shape.type_name)
    if named is not None and wanted is not None and isinstance(named, wanted) and not shape.metadata.get("enum"):
        return named
    return _value(shape)


def _value(shape):
    limits = shape.metadata
    match shape.type_name:
        case "structure":
            return _structure(shape)
        case "list":
            return [_value(shape.member)] * max(1, limits.get("min", 1))
        case "map":
            return {"key": _value(shape.value)}
        case "string":
            return limits["enum"][0] if limits.get("enum") else STRING.ljust(limits.get("min", 0), "x")
        case "blob":
            return b"{}"
        case "boolean":
            return True
        case "integer" | "long":
            return max(1, limits.get("min", 1))
        case "float" | "double":
            return 1.0
        case "timestamp":
            return "2026-01-01T00:00:00Z"
        case other:
            raise AssertionError(f"no value for {other}")
