"""NTLM messages that are damaged on the way."""

from pathlib import Path
from random import Random

import pytest
import spnego

from emulator.login.ntlm import NtlmAcceptor, NtlmError, is_negotiate
from emulator.organisation import Account, Organisation

ACCOUNT = Account("callsheet", "Only-for-tests-1")


@pytest.fixture
def acceptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NtlmAcceptor:
    monkeypatch.setenv("NTLM_USER_FILE", "set by the acceptor")
    return NtlmAcceptor(Organisation((ACCOUNT,), ()), tmp_path)


def handshake(acceptor: NtlmAcceptor, damage: Random | None) -> Account:
    client = spnego.client("callsheet", ACCOUNT.password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    started, challenge = acceptor.start(client.step() or b"")
    answer = bytearray(client.step(challenge) or b"")
    assert not is_negotiate(bytes(answer))
    if damage is not None:
        if damage.random() < 0.3:
            answer = answer[: damage.randrange(len(answer))]
        for _ in range(damage.randint(1, 6)):
            if len(answer) > 8:
                answer[damage.randrange(8, len(answer))] ^= damage.randrange(1, 256)
    return acceptor.finish(started, bytes(answer))


def test_an_undamaged_log_in_works(acceptor: NtlmAcceptor) -> None:
    assert handshake(acceptor, None) == ACCOUNT


def test_damaged_answers_are_refused_and_nothing_worse(acceptor: NtlmAcceptor) -> None:
    refused = 0
    for seed in range(800):
        try:
            handshake(acceptor, Random(seed))
        except NtlmError:
            refused += 1
    # A changed byte that no part of the proof covers, such as the workstation's name, may pass.
    assert 700 < refused <= 800
