from pathlib import Path
from typing import Any

import pytest

from system.adapters.evm_revm import RevmChain
from system.bootstrap import build_system
from system.errors import InputError
from system.settings import (
    CONFIRMATIONS_ON_NODE,
    BrokerPlace,
    Settings,
    broker_from,
    field_keys_from,
    listener_from,
    log_level_from,
    rail_terms_from,
    secret_from,
    settings_from,
    token_secrets_from,
)
from tests.system.receivables_world import SECRET, TestClock


def test_an_empty_environment_gives_the_usual_settings() -> None:
    assert settings_from({}) == Settings()


def test_the_environment_wires_the_system(tmp_path: Path) -> None:
    environment = {
        "SHAPAN_STORE": f"sqlite:///{tmp_path}/books.db",
        "SHAPAN_EVM": "revm",
        "SHAPAN_CHAIN_ID": "77",
        "SHAPAN_CONFIRMATIONS": "3",
    }
    system = build_system(
        clock=TestClock(), seed_secret=SECRET, settings=settings_from(environment)
    )
    assert (tmp_path / "books.db").exists()
    assert (type(system.chain), system.chain.chain_id) == (RevmChain, 77)
    assert system.parts.confirmations == 3
    system.close()


def test_settings_come_from_the_environment() -> None:
    environment = {
        "SHAPAN_STORE": "postgresql://u@h/db",
        "SHAPAN_EVM": "http://node:8545",
        "SHAPAN_CHAIN_ID": "7",
        "SHAPAN_CONFIRMATIONS": "12",
        "SHAPAN_GAS_PRICE_WEI": "1000000000",
    }
    expected = Settings("postgresql://u@h/db", "http://node:8545", 7, 12, 10**9)
    assert settings_from(environment) == expected


@pytest.mark.parametrize("evm", ["embedded", "revm"])
def test_in_process_a_block_is_final_at_once(evm: str) -> None:
    assert Settings(evm=evm).confirmations_needed == 0


def test_on_a_node_blocks_must_follow_unless_the_operator_says_otherwise() -> None:
    assert Settings(evm="http://node").confirmations_needed == CONFIRMATIONS_ON_NODE >= 1
    assert Settings(evm="http://node", confirmations=0).confirmations_needed == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHAPAN_STORE", "mysql://u:secret@h"),
        ("SHAPAN_EVM", "geth"),
        ("SHAPAN_CHAIN_ID", "0"),
        ("SHAPAN_CHAIN_ID", "1e3"),
        ("SHAPAN_CONFIRMATIONS", "-1"),
        ("SHAPAN_CONFIRMATIONS", "9" * 5_000),
        ("SHAPAN_GAS_PRICE_WEI", "1.5"),
    ],
)
def test_an_unusable_setting_names_its_variable_and_keeps_secrets(name: str, value: str) -> None:
    with pytest.raises(InputError, match=name) as refused:
        settings_from({name: value})
    assert "secret" not in str(refused.value)


def keys_file(path: Path, text: str, mode: int = 0o600) -> dict[str, str]:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    names = ("SHAPAN_FIELD_KEYS_FILE", "SHAPAN_SECRET_FILE", "SHAPAN_TOKEN_KEYS_FILE")
    return dict.fromkeys(names, str(path))


def token_keys_from(environment: dict[str, str]) -> tuple[bytes, ...]:
    return token_secrets_from(environment, SECRET)


def test_keys_of_personal_fields_come_by_version_from_a_file(tmp_path: Path) -> None:
    assert field_keys_from({}) == {}
    found = field_keys_from(keys_file(tmp_path / "keys", f"2 {'ab' * 32}\n3 {'cd' * 32}\n"))
    assert found == {2: b"\xab" * 32, 3: b"\xcd" * 32}


@pytest.mark.parametrize("read", [field_keys_from, secret_from, token_keys_from])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, read: Any, mode: int) -> None:
    environment = keys_file(tmp_path / "keys", f"2 {'ab' * 32}", mode)
    with pytest.raises(InputError, match="chmod 600"):
        read(environment)


@pytest.mark.parametrize("text", ["1 " + "ab" * 32, "2 abc", "x", f"2 {'ab' * 32}\n2 {'cd' * 32}"])
def test_keys_that_cannot_be_are_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="line") as caught:
        field_keys_from(keys_file(tmp_path / "keys", text))
    assert "abab" not in str(caught.value)


def test_keys_of_tokens_come_newest_first_from_a_file(tmp_path: Path) -> None:
    assert token_keys_from({}) == (SECRET,)
    found = token_keys_from(keys_file(tmp_path / "keys", f"{'cd' * 32}\n{'ab' * 32}\nsecret\n"))
    assert found == (b"\xcd" * 32, b"\xab" * 32, SECRET)


TWICE = f"{'ab' * 32}\n" * 2


@pytest.mark.parametrize("text", ["", "2 " + "ab" * 32, TWICE, "\n", "ab" * 16])
def test_token_keys_that_cannot_be_are_refused_without_being_shown(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(InputError, match=r"line|empty") as caught:
        token_keys_from(keys_file(tmp_path / "keys", text))
    assert "abab" not in str(caught.value)


def test_the_level_of_logs_is_one_of_four() -> None:
    assert log_level_from({}) == "info"
    with pytest.raises(InputError, match="SHAPAN_LOG_LEVEL"):
        log_level_from({"SHAPAN_LOG_LEVEL": "loud"})


def test_the_gateway_answers_beyond_loopback_with_a_certificate_alone(tmp_path: Path) -> None:
    assert listener_from({}).host == "127.0.0.1"
    with pytest.raises(InputError, match="SHAPAN_HOST"):
        listener_from({"SHAPAN_HOST": "0.0.0.0"})
    pem = tmp_path / "a.pem"
    pem.write_text("pem")
    pem.chmod(0o600)
    both = {"SHAPAN_TLS_CERTIFICATE": str(pem), "SHAPAN_TLS_KEY": str(pem)}
    assert listener_from(both | {"SHAPAN_HOST": "0.0.0.0"}).certificate == str(pem)
    for wrong in (
        {"SHAPAN_TLS_CERTIFICATE": str(pem)},
        {"SHAPAN_TLS_CLIENT_CA": str(pem)},
        both | {"SHAPAN_TLS_KEY": "missing.pem"},
    ):
        with pytest.raises(InputError, match="SHAPAN_TLS"):
            listener_from(wrong)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_of_tls_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    pem, key = tmp_path / "a.pem", tmp_path / "a.key"
    for file in (pem, key):
        file.write_text("pem")
    key.chmod(mode)
    with pytest.raises(InputError, match=r"SHAPAN_TLS_KEY.*chmod 600"):
        listener_from({"SHAPAN_TLS_CERTIFICATE": str(pem), "SHAPAN_TLS_KEY": str(key)})


def test_plain_mqtt_stays_on_loopback(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("pem")
    pem.chmod(0o600)
    both = {"SHAPAN_MQTT_CERTIFICATE": str(pem), "SHAPAN_MQTT_KEY": str(pem)}
    assert broker_from({}) == BrokerPlace("embedded", 1883)
    expected = BrokerPlace("embedded", 8883, None, "0.0.0.0", str(pem), str(pem))
    assert broker_from(both | {"SHAPAN_MQTT_HOST": "0.0.0.0"}) == expected
    with pytest.raises(InputError, match="SHAPAN_MQTT_HOST"):
        broker_from({"SHAPAN_MQTT_HOST": "0.0.0.0"})
    with pytest.raises(InputError, match="SHAPAN_MQTT_CERTIFICATE"):
        broker_from(both | {"SHAPAN_BROKER": "mqtts://b"})
    pem.chmod(0o644)
    with pytest.raises(InputError, match="SHAPAN_MQTT_KEY"):
        broker_from(both)


def test_an_authority_is_for_brokers_elsewhere_over_tls(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("pem")
    authority = {"SHAPAN_BROKER_CA": str(pem)}
    assert broker_from(authority | {"SHAPAN_BROKER": "mqtts://b"}).authority == str(pem)
    for url in ("embedded", "mqtt://b"):
        with pytest.raises(InputError, match="SHAPAN_BROKER_CA"):
            broker_from(authority | {"SHAPAN_BROKER": url})


@pytest.mark.parametrize("value", ["folder", "http://rail", "./x"])
@pytest.mark.parametrize(("name", "field"), [("SHAPAN_RAIL", "rail"), ("SHAPAN_CORE", "core")])
def test_rail_and_core_are_embedded_or_folders(name: str, field: str, value: str) -> None:
    assert getattr(settings_from({}), field) == "embedded"
    assert getattr(settings_from({name: "/srv/place"}), field) == "/srv/place"
    with pytest.raises(InputError, match=name):
        settings_from({name: value})


def test_terms_of_the_embedded_rail_come_in_seconds() -> None:
    assert rail_terms_from({}) == {}
    hours = {"SHAPAN_RAIL_OPENS_S": "28800", "SHAPAN_RAIL_CUT_OFF_S": "61200"}
    assert rail_terms_from(hours) == {"opens_s": 28_800, "cut_off_s": 61_200}


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("SHAPAN_RAIL_OPENS_S", {"SHAPAN_RAIL_OPENS_S": "8", "SHAPAN_RAIL_CUT_OFF_S": "8"}),
        ("SHAPAN_RAIL_OPENS_S", {"SHAPAN_RAIL_OPENS_S": "86400"}),
        ("SHAPAN_RAIL_CUT_OFF_S", {"SHAPAN_RAIL_CUT_OFF_S": "17:00"}),
        ("SHAPAN_RAIL_CYCLE_S", {"SHAPAN_RAIL_CYCLE_S": "600", "SHAPAN_RAIL": "/srv/rail"}),
    ],
)
def test_terms_that_cannot_be_or_are_not_ours_are_refused(
    name: str, environment: dict[str, str]
) -> None:
    with pytest.raises(InputError, match=name):
        rail_terms_from(environment)


def test_hosts_of_webhooks_come_with_commas() -> None:
    hosts = settings_from({"SHAPAN_WEBHOOK_HOSTS": "a.example, b.example"}).webhook_hosts
    assert hosts == ("a.example", "b.example")
