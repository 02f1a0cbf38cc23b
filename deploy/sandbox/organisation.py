"""The organisation that the stand-in Exchange serves: accounts and mailboxes, written as its TOML file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def organisation(
    mailboxes: Iterable[Mapping[str, Any] | str], *, user: str, password: str, impersonate: Sequence[str]
) -> dict[str, Any]:
    """An organisation with one service account that may impersonate the mailboxes matching ``impersonate``.

    A mailbox is an address, or a mapping with ``address`` and whatever else the emulator's file may say of it.
    """
    return {
        "account": [{"user": user, "password": password, "impersonate": list(impersonate)}],
        "mailbox": [{"address": box} if isinstance(box, str) else dict(box) for box in mailboxes],
    }


def to_toml(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Arrays of tables, as TOML. Values: strings, numbers, booleans and lists of them (JSON's are TOML's)."""
    lines: list[str] = []
    for table, rows in tables.items():
        for row in rows:
            lines.append(f"[[{table}]]")
            # DEL is the one character that JSON leaves as it is and TOML refuses.
            lines += [
                f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
                for key, value in row.items()
            ]
            lines.append("")
    return "\n".join(lines)
