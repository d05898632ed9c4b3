import pytest

from system.errors import InputError
from system.settings import Settings, settings_from


def test_an_empty_environment_gives_the_usual_settings() -> None:
    assert settings_from({}) == Settings()


def test_settings_come_from_the_environment() -> None:
    environment = {
        "SHAPAN_STORE": "postgresql://u@h/db",
        "SHAPAN_EVM": "http://node:8545",
        "SHAPAN_CHAIN_ID": "7",
        "SHAPAN_CONFIRMATIONS": "12",
    }
    assert settings_from(environment) == Settings("postgresql://u@h/db", "http://node:8545", 7, 12)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHAPAN_STORE", "mysql://u:secret@h"),
        ("SHAPAN_EVM", "geth"),
        ("SHAPAN_CHAIN_ID", "0"),
        ("SHAPAN_CHAIN_ID", "1e3"),
        ("SHAPAN_CONFIRMATIONS", "-1"),
        ("SHAPAN_CONFIRMATIONS", "9" * 5_000),
    ],
)
def test_an_unusable_setting_names_its_variable_and_keeps_secrets(name: str, value: str) -> None:
    with pytest.raises(InputError, match=name) as refused:
        settings_from({name: value})
    assert "secret" not in str(refused.value)
