"""Short ways to ask for, and to look at, answers of the management API."""


def bare(answer, *names):
    """An answer without what boto3 adds, and without `names`."""
    return {name: value for name, value in answer.items() if name not in ("ResponseMetadata", *names)}


def status(answer):
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def patch(op, path=None, value=None, **more):
    """One patch operation; what is None is left out."""
    given = {"op": op, "path": path, "value": value, **more}
    return {name: given[name] for name in given if given[name] is not None}
