"""What a refused call says."""

from botocore.exceptions import ClientError


def refusal(operation, **arguments):
    """(status, code, message) of the error that `operation` answers with."""
    try:
        answer = operation(**arguments)
    except ClientError as error:
        response = error.response
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]
    raise AssertionError(f"the call was not refused: {answer}")


def bad_request(message):
    return 400, "BadRequestException", message


def not_found(message):
    return 404, "NotFoundException", message


def conflict(message):
    return 409, "ConflictException", message
