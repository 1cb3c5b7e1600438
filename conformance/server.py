"""The real binary as a child process, and clients for it."""

import configparser
import os
import queue
import signal
import subprocess
import threading

import boto3
from botocore.config import Config

import strict

REGION = "us-east-1"
ACCOUNT = "000000000000"
READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30


class Server:
    """One `postern serve` on a data directory of its own; ports are chosen by the system."""

    def __init__(self, data_dir, arguments=(), environment=None):
        self.binary = os.environ.get("POSTERN_BIN") or _fail("POSTERN_BIN is not set: run `cargo xtask test --conformance-only`")
        self.data_dir = data_dir
        self.log_path = data_dir.parent / f"{data_dir.name}.log"
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.process = None
        self.management = None
        self.http = None

    def start(self):
        """Returns once the ready line is there."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data-dir", str(self.data_dir)]
                + ["--management", "127.0.0.1:0", "--http", "127.0.0.1:0", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**clean_environment(), **self.environment},
                text=True,
            )
        words = self._ready_line().split()
        if words[:2] != ["postern", "ready"]:
            self.kill()
            _fail(f"expected the ready line, got {words}; the log says:\n{self.log()}")
        addresses = dict(word.split("=", 1) for word in words[2:])
        self.management = addresses["management"]
        self.http = addresses["http"]
        return self

    def _ready_line(self):
        lines = queue.Queue()
        threading.Thread(target=lambda: lines.put(self.process.stdout.readline()), daemon=True).start()
        try:
            return lines.get(timeout=READY_SECONDS_MAX)
        except queue.Empty:
            self.kill()
            _fail(f"no ready line within {READY_SECONDS_MAX} s; the log says:\n{self.log()}")

    def kill(self):
        """As a power cut: no signal handler runs."""
        self._end(signal.SIGKILL)

    def stop(self):
        """Asks politely and returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            _fail(f"still running {STOP_SECONDS_MAX} s after signal {number}; the log says:\n{self.log()}")
        finally:
            self.process.stdout.close()
        self.process = None
        return code

    def restart(self):
        """Starts again on the same directory. The ports change: make new clients."""
        if self.process is not None:
            self.kill()
        return self.start()

    def log(self):
        return self.log_path.read_text(errors="replace")

    @property
    def credentials_path(self):
        return self.data_dir / "credentials"

    def credentials(self):
        """The key of the first start: (access key id, secret)."""
        parser = configparser.ConfigParser()
        parser.read(self.credentials_path)
        return parser["default"]["aws_access_key_id"], parser["default"]["aws_secret_access_key"]

    def client(self, service="apigateway", credentials=None, region=REGION, endpoint_path="", **config):
        """A boto3 client that checks every answer strictly and never retries, so that each failure is seen."""
        key_id, secret = credentials or self.credentials()
        settings = {"retries": {"total_max_attempts": 1}, "connect_timeout": 10, "read_timeout": 60, "max_pool_connections": 80}
        client = boto3.session.Session().client(
            service,
            endpoint_url=self.management + endpoint_path,
            region_name=region,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(**{**settings, **config}),
        )
        return strict.install(client)

    def run(self, *arguments):
        """Another subcommand of the binary on the same data directory; returns its standard output."""
        done = subprocess.run(
            [self.binary, *arguments, "--data-dir", str(self.data_dir)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=clean_environment(),
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            _fail(f"`postern {' '.join(arguments)}` ended with {done.returncode}: {done.stderr}")
        return done.stdout


def clean_environment():
    """Ours without settings that would change what is under test, and without the credentials of whoever runs it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("POSTERN_", "AWS_"))}


def _fail(message):
    raise RuntimeError(message)
