"""Signature Version 4A as clients make it, without AWS's native library: botocore's canonical request, and ECDSA with the derived key."""

import datetime
import hashlib
import hmac

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM = "AWS4-ECDSA-P256-SHA256"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def derived_key(key_id, secret):
    for counter in range(1, 255):
        message = b"\0\0\0\1" + ALGORITHM.encode() + b"\0" + key_id.encode() + bytes([counter]) + b"\0\0\1\0"
        candidate = int.from_bytes(hmac.new(b"AWS4A" + secret.encode(), message, hashlib.sha256).digest(), "big")
        if candidate <= ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1())
    raise AssertionError("no key")


def signed_headers(url, credentials, regions="*", method="GET", body=b"", service="execute-api", token=None, when=None):
    """The fields of a request that is signed in the header."""
    key_id, secret = credentials
    time = (when or datetime.datetime.now(datetime.timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
    fields = {"X-Amz-Date": time, "X-Amz-Region-Set": regions, **({"X-Amz-Security-Token": token} if token else {})}
    request = AWSRequest(method=method, url=url, data=body, headers=fields)
    signer = SigV4Auth(Credentials(key_id, secret), service, regions)
    canonical = signer.canonical_request(request)
    scope = f"{time[:8]}/{service}/aws4_request"
    to_sign = "\n".join([ALGORITHM, time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = derived_key(key_id, secret).sign(to_sign.encode(), ec.ECDSA(hashes.SHA256())).hex()
    names = signer.signed_headers(signer.headers_to_sign(request))
    return {**fields, "Authorization": f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"}
