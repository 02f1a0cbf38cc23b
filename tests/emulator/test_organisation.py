"""The organisation file: what it gives, and how it says what is wrong."""

from pathlib import Path

import pytest

from emulator.organisation_file import OrganisationError, parse_organisation, read_organisation

GOOD = """
[[account]]
user = "callsheet"
password = "secret"
impersonate = ["*@Example.com"]

[[mailbox]]
address = "Anna@example.com"
name = "Anna Andersson"
aliases = ["a.andersson@example.com"]
quota_kib = 64
owner_password = "hers"

[[mailbox]]
address = "suite-4@example.com"
kind = "room"
"""


def test_accounts_and_mailboxes() -> None:
    organisation = parse_organisation(GOOD)
    anna = organisation.mailbox("ANNA@example.com")
    assert anna is not None
    assert (anna.address, anna.kind, anna.quota_kib) == ("anna@example.com", "user", 64)
    assert organisation.mailbox("A.Andersson@example.com") is anna
    assert organisation.mailbox("bo@example.com") is None
    room = organisation.mailbox("suite-4@example.com")
    assert room is not None
    assert room.kind == "room"


@pytest.mark.parametrize("user", ["callsheet", "CALLSHEET", r"STUDIO\callsheet", "callsheet@any.domain"])
def test_ways_to_name_an_account(user: str) -> None:
    account = parse_organisation(GOOD).account(user)
    assert account is not None
    assert account.user == "callsheet"
    assert account.may_impersonate("Anna@example.com")
    assert not account.may_impersonate("anna@other.example")


def test_an_owner_logs_in_under_the_address_only() -> None:
    organisation = parse_organisation(GOOD)
    owner = organisation.account("anna@example.com")
    assert owner is not None
    assert owner.mailbox == "anna@example.com"
    assert not owner.may_impersonate("suite-4@example.com")
    assert organisation.account("anna") is None


def test_passwords_do_not_show() -> None:
    assert "secret" not in repr(parse_organisation(GOOD))


def test_a_password_file_is_found_beside_the_organisation(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("of the file\n")
    file = tmp_path / "organisation.toml"
    file.write_text(GOOD.replace('password = "secret"', 'password_file = "password"'))
    account = read_organisation(file).account("callsheet")
    assert account is not None
    assert account.password == "of the file"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'kind = "room"',
            'kind = "lamp"',
            "line 16: [[mailbox]] number 2 kind: found 'lamp'; expected one of user, room",
        ),
        (
            '"suite-4@example.com"',
            '"suite 4"',
            "line 15: [[mailbox]] number 2 address: found 'suite 4'; expected an SMTP",
        ),
        (
            '"suite-4@example.com"',
            '"a.andersson@example.com"',
            "line 15: [[mailbox]] number 2 address: a.andersson@example",
        ),
        ("quota_kib = 64", "quota_kib = -1", "line 11: [[mailbox]] number 1 quota_kib: found -1; expected whole KiB"),
        ("quota_kib = 64", "quota = 64", "line 11: [[mailbox]] number 1 quota: unknown field"),
        ('password = "secret"', "", "line 2: [[account]] number 1: give exactly one of password and password_file"),
        ('user = "callsheet"', "", "line 2: [[account]] number 1 user: missing"),
        ('password = "secret"', 'password_file = "none"', "line 4: [[account]] number 1 password_file: cannot be read"),
        ('impersonate = ["*@Example.com"]', "impersonate = 1", "line 5: [[account]] number 1 impersonate: found 1"),
        ("[[account]]", "[account]", "line 2: account: expected a list of tables: write [[account]]"),
        ("[[account]]", "[[accounts]]", "line 2: accounts: unknown table"),
        ("quota_kib = 64", "quota_kib = ", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(OrganisationError) as raised:
        parse_organisation(GOOD.replace(old, new), name="file")
    assert message in str(raised.value)


def test_a_wrong_password_is_not_shown() -> None:
    with pytest.raises(OrganisationError) as raised:
        parse_organisation(GOOD.replace('password = "secret"', "password = 4711"))
    assert "4711" not in str(raised.value)


@pytest.mark.parametrize("text", ["", '[[mailbox]]\naddress = "a@b.c"\n', '[[account]]\nuser = "a"\npassword = "b"\n'])
def test_an_organisation_needs_somebody_and_something(text: str) -> None:
    with pytest.raises(OrganisationError):
        parse_organisation(text)
