"""The envelope: versions, impersonation, and requests that are none."""

import pytest

from emulator.ews.exchange import Exchange, soap_fault
from emulator.store import MemoryStore
from emulator.store.ids import read_item_id
from tests.emulator.ews.soap import (
    ANNA,
    BO,
    CALENDAR,
    ORGANISATION,
    Answer,
    Server,
    booking,
    distinguished,
    impersonation,
    item_id,
)

GET = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    "<m:FolderIds>{}</m:FolderIds></m:GetFolder>"
)


def ask(server: Server, header: str, folder: str = CALENDAR) -> Answer:
    return server.ask(GET.format(folder), header=header)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (impersonation("far@elsewhere.example"), "ErrorImpersonateUserDenied"),
        (impersonation("gone@example.com"), "ErrorNonExistentMailbox"),
        (impersonation("a.andersson@example.com"), "ErrorNonPrimarySmtpAddress"),
        (impersonation("gone@example.com", "PrincipalName"), "ErrorInvalidUserPrincipalName"),
        (impersonation("S-1-5-21-1-2-3-4", "SID"), "ErrorInvalidUserSid"),
        (impersonation(ANNA, "Nickname"), "ErrorInvalidExchangeImpersonationHeaderData"),
        (impersonation(""), "ErrorInvalidExchangeImpersonationHeaderData"),
        ("<t:ExchangeImpersonation/>", "ErrorInvalidExchangeImpersonationHeaderData"),
    ],
)
def test_refused_impersonation_is_a_fault(server: Server, header: str, code: str) -> None:
    answer = ask(server, header)
    assert (answer.reply.status, answer.codes) == (500, (code,))
    assert answer.text("e:ResponseCode") == code
    assert answer.text("faultcode") == f"a:{code}"


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("Anna@Example.com", "PrimarySmtpAddress"),
        ("a.andersson@example.com", "SmtpAddress"),
        (ANNA, "PrincipalName"),
    ],
)
def test_accepted_forms_of_impersonation(server: Server, given: str, form: str) -> None:
    answer = ask(server, impersonation(given, form), distinguished("calendar", ANNA))
    assert (answer.codes, answer.reply.mailbox) == (("NoError",), given.lower())


def test_an_owner_opens_the_own_mailbox_without_impersonation() -> None:
    anna = ORGANISATION.accounts[1]
    server = Server(account=anna, mailbox="")
    answer = server.create(booking())
    assert (answer.codes, answer.reply.mailbox) == (("NoError",), ANNA)
    assert ask(server, impersonation(ANNA)).codes == ("NoError",)
    assert ask(server, impersonation(BO)).codes == ("ErrorImpersonateUserDenied",)
    assert ask(server, "", distinguished("calendar", BO)).codes == ("ErrorAccessDenied",)


def test_an_account_without_a_mailbox(server: Server) -> None:
    assert server.ask(GET.format(CALENDAR), mailbox="", header="").codes == ("ErrorMissingEmailAddress",)


def test_mailboxes_are_apart(server: Server) -> None:
    """An item id of another mailbox finds nothing, although an item of the same number is there."""
    pair = server.create(booking("Anna's")).ids()[0]
    bo = Server(store=server.store, mailbox=BO)
    assert bo.find().ids() == []
    theirs = bo.create(booking("Bo's")).ids()[0]
    assert read_item_id(theirs[0])[1] == read_item_id(pair[0])[1]
    assert bo.get(pair).codes == ("ErrorItemNotFound",)
    assert bo.delete(pair).codes == ("ErrorItemNotFound",)
    assert server.get(pair).text("t:Subject") == "Anna's"
    assert bo.get(theirs).text("t:Subject") == "Bo's"


@pytest.mark.parametrize(
    "version",
    ["Exchange2007", "Exchange2007_SP1", "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2", "Exchange2013",
     "Exchange2013_SP1", "Exchange2016"],
)  # fmt: skip
def test_versions(server: Server, version: str) -> None:
    answer = ask(server, f'<t:RequestServerVersion Version="{version}"/>{impersonation(ANNA)}')
    assert answer.codes == ("NoError",)
    shown = answer.one("t:ServerVersionInfo")
    assert (shown.get("MajorVersion"), shown.get("MinorVersion")) == ("15", "1")


def test_an_unknown_version(server: Server) -> None:
    answer = ask(server, '<t:RequestServerVersion Version="Exchange2099"/>')
    assert (answer.reply.status, answer.codes) == (500, ("ErrorInvalidServerVersion",))


def test_an_unknown_operation_is_an_invalid_request(server: Server) -> None:
    answer = server.ask("<m:BrewCoffee/>")
    assert (answer.reply.status, answer.text("e:ResponseCode")) == (500, "ErrorInvalidRequest")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "ErrorSchemaValidation"),
        (b"not xml", "ErrorSchemaValidation"),
        (b"<a/>", "ErrorSchemaValidation"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "ErrorSchemaValidation"),
        (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "ErrorInvalidRequest"),
        (
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
            "ErrorInvalidRequest",
        ),
    ],
)
def test_what_is_no_request(body: bytes, code: str) -> None:
    exchange = Exchange(ORGANISATION, MemoryStore())
    request = exchange.read(body)
    assert exchange.answer(request, ORGANISATION.accounts[0]).codes == (code,)


def test_a_request_without_what_it_needs(server: Server) -> None:
    for body in (
        "<m:GetItem/>",
        "<m:CreateItem/>",
        "<m:FindItem/>",
        '<m:FindItem Traversal="Shallow"/>',
        "<m:GetFolder/>",
    ):
        answer = server.ask(body)
        assert (answer.reply.status, answer.codes) == (500, ("ErrorSchemaValidation",)), body


def test_values_of_a_fault_keep_their_order() -> None:
    """Exchange 2013 and later list a Policy before the back-off of ErrorServerBusy."""
    reply = soap_fault("ErrorServerBusy", "a < b", values=[("Policy", "EwsCost"), ("BackOffMilliseconds", "500")])
    assert reply.status == 500
    text = reply.body.decode()
    assert "a &lt; b" in text
    assert text.index('Name="Policy">EwsCost<') < text.index('Name="BackOffMilliseconds">500<')


def test_ids_from_another_server_run_stay_good_in_the_same_mailbox(server: Server) -> None:
    """Ids hold the mailbox by its address, not by the order mailboxes were opened."""
    Server(store=server.store, mailbox=BO).create(booking())
    pair = server.create(booking()).ids()[0]
    assert server.ask(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f"<m:ItemIds>{item_id(pair)}</m:ItemIds></m:GetItem>"
    ).codes == ("NoError",)
