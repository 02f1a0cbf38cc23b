"""Tokens: made, written, read, compared; what is wrong with a file of them."""

import json
from pathlib import Path

import pytest

from producers.serve.token_file import TokenFileError, read_tokens
from producers.serve.tokens import entry, find, hash_of, new_token
from tests.producers.serve.conftest import STUDIO, tokens_toml
from tests.producers.serve.test_commands import run


def test_a_new_token_can_be_appended_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    done = run("token", "new", "rota", "--source", 'rota://"x"\\*', "--mailbox", "*@Studio.example.com", "--sync")
    assert done.returncode == 0, done.stderr
    file.write_text(tokens_toml() + "\n" + done.stdout)
    secret = done.stderr.split()[-1]
    assert secret not in done.stdout
    tokens = read_tokens(file)
    made = find(tokens, secret)
    assert made is not None
    assert (made.name, made.sync, made.events_per_second) == ("rota", True, None)
    assert made.may_publish_for('rota://"x"\\1')
    assert not made.may_publish_for("rota://xx1")
    assert made.may_write_to("bo@STUDIO.example.com")
    assert find(tokens, secret + "x") is None
    assert find(tokens, made.sha256) is None
    again = json.loads(run("token", "new", "b", "--source", "*", "--mailbox", "*@*", "--rate", "2.5", "--json").stdout)
    assert hash_of(again["token"]) in again["entry"]
    assert "events_per_second = 2.5" in again["entry"]


def test_no_two_tokens_are_alike() -> None:
    assert len({new_token() for _ in range(1000)}) == 1000
    assert all(len(new_token()) >= 43 for _ in range(10))


GOOD = tokens_toml()
BAD_FILES = {
    "": "holds no [[token]]",
    "token = 3": "holds no [[token]]",
    "[[token]": "is not TOML",
    GOOD + "\n[other]\nx = 1": "something else",
    GOOD + GOOD: "two tokens have the same name",
    GOOD + GOOD.replace("everything", "e2").replace("studio", "s2"): "two tokens have the same sha256",
    GOOD.replace("mailboxes", "mailbox"): "token 1: mailbox",
    GOOD.replace('"*@*"', '"*"'): "token 1: mailboxes.0",
    GOOD.replace('["*@*"]', "[]"): "token 1: mailboxes",
    GOOD.replace("sync = true", "synch = true"): "token 1: synch",
    GOOD.replace("events_per_second = 1e+06", "events_per_second = 0"): "token 1: events_per_second",
    GOOD.replace(hash_of(STUDIO), STUDIO): "token 2: sha256",
}


@pytest.mark.parametrize("text", BAD_FILES, ids=list(BAD_FILES.values()))
def test_a_bad_file_of_tokens_is_explained_without_what_stands_in_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(text)
    with pytest.raises(TokenFileError) as refused:
        read_tokens(file)
    assert BAD_FILES[text] in str(refused.value)
    assert STUDIO not in str(refused.value)


def test_entries_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(tokens_toml())
    tokens = read_tokens(file)
    assert "\n".join(entry(token) for token in tokens) == tokens_toml()
