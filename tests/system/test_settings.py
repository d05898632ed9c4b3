from pathlib import Path

import pytest

from system.adapters.evm_revm import RevmChain
from system.bootstrap import build_system
from system.errors import InputError
from system.settings import CONFIRMATIONS_ON_NODE, Settings, settings_from
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
