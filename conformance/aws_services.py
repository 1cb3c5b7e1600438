"""Stands in for AWS behind integrations: a moto server of one's own, and clients for it."""

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from server import REGION

# moto's own; resources that are made with other keys of the same account are found as well.
ACCOUNT = "123456789012"
KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/gateway"
# For a server whose APIs may name the role: an API only has roles of its own account.
OWN_ACCOUNT = ["--account", ACCOUNT]


class AwsServices:
    """All services at one address on loopback."""

    def __init__(self):
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"

    def client(self, service):
        return boto3.session.Session().client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def settings(self):
        """What makes a server find them, with keys for every role."""
        return {
            "POSTERN_SERVICES_ENDPOINT": self.url,
            "POSTERN_CREDENTIALS_ACCESS_KEY_ID": KEY_ID,
            "POSTERN_CREDENTIALS_SECRET_ACCESS_KEY": SECRET,
            "POSTERN_CREDENTIALS_ANY_ROLE": "true",
        }

    def stop(self):
        self.server.stop()
