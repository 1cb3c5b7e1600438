"""What was acknowledged is there after a power cut."""

import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

import rest_apis
import wire
from server import Server

WRITES = 200
WRITERS = 8


class Writers:
    """Threads that create resources one after another and note what was acknowledged, until the server goes away."""

    def __init__(self, client, api_id, root_id):
        self._client, self._api_id, self._root_id = client, api_id, root_id
        self._numbers = iter(range(WRITES))
        self._changed = threading.Condition()
        self.acknowledged = {}
        self.unexpected = []
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def _next(self):
        with self._changed:
            return next(self._numbers, None)

    def _write(self):
        while (number := self._next()) is not None:
            path_part = f"part-{number}"
            try:
                made = rest_apis.add_resource(self._client, self._api_id, self._root_id, path_part)
            except (BotoCoreError, OSError):
                return
            except (ClientError, AssertionError) as error:
                self.unexpected.append(error)
                return
            with self._changed:
                self.acknowledged[made] = path_part
                self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= count or self.unexpected, timeout=60), "no progress"

    def join(self):
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        assert self.unexpected == []


@pytest.mark.parametrize("killed_after", [1, 60, 140])
def test_acknowledged_writes_survive_a_kill(fresh_server, killed_after):
    server = fresh_server()
    client = server.client()
    api_id, root_id = rest_apis.create(client)
    key = server.credentials()

    writers = Writers(client, api_id, root_id)
    writers.wait_for(killed_after)
    server.kill()
    writers.join()
    assert len(writers.acknowledged) < WRITES, "the server was killed too late to prove anything"

    server.restart()
    assert server.credentials() == key
    client = server.client()
    found = rest_apis.all_resources(client, api_id)
    lost = {made for made in writers.acknowledged if made not in found}
    assert lost == set()
    for made, path_part in writers.acknowledged.items():
        assert found[made]["path"] == f"/{path_part}"
    # What was in flight is there whole or not at all, and writing goes on.
    assert len(found) - 1 - len(writers.acknowledged) <= WRITERS
    rest_apis.add_resource(client, api_id, root_id, "after")


def test_served_traffic_survives_a_kill(fresh_server, backend):
    server = fresh_server()
    client = server.client()
    api_id, root_id = rest_apis.create(client)
    rest_apis.add_proxy_method(client, api_id, root_id, f"{backend.url}/hello/${{stageVariables.who}}")
    mock_id = rest_apis.add_resource(client, api_id, root_id, "mock")
    rest_apis.add_mock_method(client, api_id, mock_id, '{"from": "mock"}')
    deployment_id = rest_apis.deploy(client, api_id, variables={"who": "world"})

    def check():
        answer = wire.invoke(server, api_id, "dev")
        assert (answer.status, answer.json()["path"]) == (200, "/hello/world"), answer
        answer = wire.invoke(server, api_id, "dev", "/mock")
        assert (answer.status, answer.json()) == (200, {"from": "mock"}), answer

    check()
    before = client.get_stage(restApiId=api_id, stageName="dev")
    for _ in range(2):
        server.restart()
        check()
    client = server.client()
    after = client.get_stage(restApiId=api_id, stageName="dev")
    del before["ResponseMetadata"], after["ResponseMetadata"]
    assert after == before and after["deploymentId"] == deployment_id


def test_sigterm_ends_it_with_0_and_keeps_everything(fresh_server):
    server = fresh_server()
    api_id, _ = rest_apis.create(server.client())
    assert server.stop() == 0
    server.restart()
    assert server.client().get_rest_api(restApiId=api_id)["id"] == api_id


def test_a_second_server_on_the_same_directory_is_refused(fresh_server):
    server = fresh_server()
    second = Server(server.data_dir)
    try:
        with pytest.raises(RuntimeError) as raised:
            second.start()
    finally:
        second.kill()
    assert str(server.data_dir) in str(raised.value)
    assert server.client().get_rest_apis()["items"] == []
