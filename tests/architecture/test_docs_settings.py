"""docs/settings.md names every setting of the code, with its default, and no other."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from consumer.settings import PREFIX, BrokerSettings, RunSettings, seconds
from contract import names
from producers.settings import AMQP_URL, DEFAULT_AMQP_URL, PARTITIONS
from tests.architecture.documents import CHECKOUT, DOCS, DOCUMENTS, SETTING, SETTING_ROW, section, short, text_of


def written_default(name: str, field: FieldInfo) -> str:
    """The default of a setting as docs/settings.md writes it."""
    if field.is_required():
        return "required"
    if name == "replica":
        return "host name and process id"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if value in ("", None):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    if name == "memory_limit" and isinstance(value, int):
        return f"`{value >> 20}MiB`"
    if isinstance(value, float):
        return f"`{value:g}s`"
    return f"`{value}`"


def documented(heading: str) -> dict[str, str]:
    return {name: default.strip() for name, default in SETTING_ROW.findall(section(DOCS / "settings.md", heading))}


def defaults(fields: dict[str, FieldInfo]) -> dict[str, str]:
    return {PREFIX + name.upper(): written_default(name, field) for name, field in fields.items()}


def test_every_setting_of_the_consumer_is_documented_with_its_default() -> None:
    assert seconds("30s") == 30.0
    of_broker = BrokerSettings.model_fields
    of_run = {name: field for name, field in RunSettings.model_fields.items() if name not in of_broker}
    assert documented("Every command of the consumer") == defaults(of_broker)
    assert documented("`callsheet-consumer run`") == defaults(of_run)


def test_every_setting_of_the_producer_is_documented_with_its_default() -> None:
    expected = {AMQP_URL: f"`{DEFAULT_AMQP_URL}`", PARTITIONS: f"`{names.DEFAULT_PARTITIONS}`"}
    assert documented("The producer") == expected


def test_no_setting_is_known_to_the_code_alone() -> None:
    known = set(SETTING.findall(text_of(DOCS / "settings.md")))
    sources = [
        *(file for package in ("consumer", "producers", "deploy") for file in (CHECKOUT / package).rglob("*.py")),
        *(CHECKOUT / "deploy").rglob("*.sh"),
        CHECKOUT / "tests" / "conftest.py",
        CHECKOUT / "Makefile",
    ]
    for file in sources:
        assert set(SETTING.findall(text_of(file))) <= known, short(file)


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_no_document_names_a_setting_that_there_is_not(file: Path) -> None:
    known = {name for name, _ in SETTING_ROW.findall(text_of(DOCS / "settings.md"))}
    assert set(SETTING.findall(text_of(file))) <= known
