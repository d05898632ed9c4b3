"""The relay against a real node whose answers get lost on the wire."""

import http.server
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.anvil import anvil
from system.adapters.evm_http import HttpChain
from system.adapters.keys import KeyRing
from system.adapters.memory_store import MemoryStore
from system.chain.relay import Relay
from system.chain.relay_records import RELAY_TABLES, evm_message
from system.errors import EvmUnavailable
from system.ledger.outbox import OUTBOX_TABLES, enqueue
from system.ports.evm import Call
from tests.ports.evm_box import BOX_CODE, COUNT, READ_COUNT
from tests.ports.evm_worlds import CHAIN_ID, GENESIS_S, World, required_anvil

pytestmark = pytest.mark.anvil


class Line:
    """A proxy that can swallow the node's answers to one method, after the node has acted.

    unknown: a method that the node is made to answer as one that it does not have.
    """

    def __init__(self, node_url: str) -> None:
        self.node_url, self.swallow, self.unknown = node_url, b"", b""


@contextmanager
def proxied(node_url: str) -> Iterator[tuple[str, Line]]:
    line = Line(node_url)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if line.unknown:
                body = body.replace(line.unknown, b"x" * len(line.unknown))
            headers = {"Content-Type": "application/json"}
            forwarded = urllib.request.Request(line.node_url, body, headers)
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                forwarded
            ) as got:
                answer = got.read()
            if line.swallow and line.swallow in body:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", line
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def world_and_line() -> Iterator[tuple[World, Line]]:
    keys = KeyRing(b"a secret of the tests only")
    with anvil(required_anvil(), chain_id=CHAIN_ID, genesis_time_s=GENESIS_S) as url:
        with proxied(url) as (proxy_url, line):
            world = World(HttpChain(proxy_url, keys, timeout_s=5), keys)
            [receipt] = world.run(world.sign(BOX_CODE, to=None))
            world.box = receipt.contract_address
            yield world, line


def turn(world: World, relay: Relay) -> None:
    relay.dispatch()
    world.seal()
    relay.collect(0, world.chain.head().number)


def test_answers_lost_on_the_wire_never_lead_to_a_second_effect(
    world_and_line: tuple[World, Line],
) -> None:
    world, line = world_and_line
    store = MemoryStore((*OUTBOX_TABLES, *RELAY_TABLES))
    settled: list[str] = []

    def new_relay() -> Relay:
        return Relay(
            store,
            world.chain,
            confirmations=1,
            settle=lambda unit, outcomes: settled.extend(o.message_id for o in outcomes),
            report=lambda unit, troubles: None,
        )

    with store.transaction() as unit:
        for n in range(30):
            call = Call(world.keys.address(f"clerk {n % 4}"), world.box, COUNT, 100_000)
            enqueue(unit, [evm_message(f"m{n:02}", f"m{n:02}", 0, call, 0)])
    for method in (b"eth_sendRawTransaction", b"eth_getTransactionReceipt"):
        line.swallow = method
        with pytest.raises(EvmUnavailable):
            turn(world, new_relay())
    line.swallow = b""
    relay = new_relay()
    turn(world, relay)
    assert relay.dispatch() == 0
    assert sorted(settled) == [f"m{n:02}" for n in range(30)]
    assert int.from_bytes(world.view(READ_COUNT)) == 30
