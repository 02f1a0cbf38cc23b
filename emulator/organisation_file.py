"""The organisation file.

One TOML file:

    [[account]]
    user = "callsheet"
    password = "…"                     # or password_file = "…", relative to this file
    impersonate = ["*@example.com"]    # shell patterns of the mailboxes it may act as

    [[mailbox]]
    address = "anna@example.com"       # the primary SMTP address
    name = "Anna Andersson"
    kind = "user"                      # user, room or equipment
    aliases = ["a.andersson@example.com"]
    quota_kib = 0                      # 0: no limit
    owner_password = "…"               # gives the owner a log-in under the address
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from emulator.organisation import KINDS, Account, Mailbox, Organisation, user_key


class OrganisationError(ValueError):
    """The organisation file cannot be used. The message names file, line and field, and what is expected."""


def read_organisation(path: Path) -> Organisation:
    """Read and check an organisation file.

    Raises OrganisationError naming the file, the line and the field, and what is expected there.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OrganisationError(f"{path}: cannot be read: {error}. Give an existing TOML file in UTF-8.") from error
    return parse_organisation(text, name=str(path), folder=path.parent)


def parse_organisation(text: str, *, name: str = "organisation", folder: Path = Path()) -> Organisation:
    """As read_organisation, from text. `folder` is where relative password files are looked for."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OrganisationError(f"{name}: not valid TOML: {error}") from error
    reader = _Reader(name, text, folder)
    for key in data:
        if key not in ("account", "mailbox"):
            raise reader.error(None, 0, key, "unknown table; only [[account]] and [[mailbox]] are known")
    accounts = [reader.account(n, table) for n, table in enumerate(reader.tables(data, "account"))]
    mailboxes = []
    for number, table in enumerate(reader.tables(data, "mailbox")):
        mailbox, owner = reader.mailbox(number, table)
        mailboxes.append(mailbox)
        if owner is not None:
            accounts.append(owner)
    reader.check_unique(accounts, mailboxes)
    if not mailboxes:
        raise OrganisationError(f"{name}: no [[mailbox]]: name at least one mailbox to serve.")
    if not accounts:
        raise OrganisationError(f"{name}: nobody can log in: give an [[account]], or a mailbox an owner_password.")
    return Organisation(tuple(accounts), tuple(mailboxes))


_HEADER = re.compile(r"^\s*\[\[\s*(account|mailbox)\s*\]\]")
_ADDRESS = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+")
_Table = Mapping[str, object]


class _Reader:
    """Reads tables of one file and knows on which line each of them stands."""

    def __init__(self, name: str, text: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._lines = text.splitlines()
        self._starts: dict[str, list[int]] = {"account": [], "mailbox": []}
        for index, line in enumerate(self._lines):
            if found := _HEADER.match(line):
                self._starts[found[1]].append(index)

    def error(self, table: str | None, number: int, key: str | None, problem: str) -> OrganisationError:
        line, where = None, f"[[{table}]] number {number + 1}" if table else ""
        starts = self._starts.get(table or "", [])
        if table is None:
            line = self._line_of(key, 0)
        elif number < len(starts):
            line = self._line_of(key, starts[number] + 1)
            line = starts[number] if line is None else line
        place = f"{self._name}, line {line + 1}" if line is not None else self._name
        subject = " ".join(part for part in (where, key) if part)
        return OrganisationError(f"{place}: {subject}: {problem}")

    def _line_of(self, key: str | None, start: int) -> int | None:
        if key is None:
            return None
        wanted = re.compile(rf"""^\s*(\[\[?\s*)?["']?{re.escape(key)}["']?\s*[=\]]""")
        for index in range(start, len(self._lines)):
            if wanted.match(self._lines[index]):
                return index
            if _HEADER.match(self._lines[index]) and start:
                return None
        return None

    def tables(self, data: _Table, table: str) -> list[_Table]:
        value = data.get(table, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.error(None, 0, table, f"expected a list of tables: write [[{table}]]")
        return cast(list[_Table], value)

    def account(self, number: int, table: _Table) -> Account:
        self._known("account", number, table, ("user", "password", "password_file", "impersonate", "mailbox"))
        user = self._text("account", number, table, "user")
        if not user:
            raise self.error("account", number, "user", "missing; give the name the account logs in with")
        password = self._password(number, table)
        patterns = self._texts("account", number, table, "impersonate")
        own = self._text("account", number, table, "mailbox")
        return Account(user, password, tuple(pattern.lower() for pattern in patterns), own.lower() or None)

    def _password(self, number: int, table: _Table) -> str:
        password = self._text("account", number, table, "password")
        file = self._text("account", number, table, "password_file")
        if bool(password) == bool(file):
            raise self.error("account", number, None, "give exactly one of password and password_file")
        if not file:
            return password
        try:
            password = (self._folder / file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise self.error("account", number, "password_file", f"cannot be read: {error}") from error
        if not password:
            raise self.error("account", number, "password_file", f"{file} is empty; put the password on its first line")
        return password

    def mailbox(self, number: int, table: _Table) -> tuple[Mailbox, Account | None]:
        known = ("address", "name", "kind", "aliases", "quota_kib", "owner_password")
        self._known("mailbox", number, table, known)
        address = self._address(number, "address", self._text("mailbox", number, table, "address"))
        kind = self._text("mailbox", number, table, "kind") or "user"
        if kind not in KINDS:
            raise self.error("mailbox", number, "kind", f"found {kind!r}; expected one of {', '.join(KINDS)}")
        aliases = self._texts("mailbox", number, table, "aliases")
        quota = table.get("quota_kib", 0)
        if not isinstance(quota, int) or isinstance(quota, bool) or quota < 0:
            raise self.error("mailbox", number, "quota_kib", f"found {quota!r}; expected whole KiB, 0 for no limit")
        mailbox = Mailbox(
            address,
            self._text("mailbox", number, table, "name") or address.partition("@")[0],
            kind,
            tuple(self._address(number, "aliases", alias) for alias in aliases),
            quota,
        )
        password = self._text("mailbox", number, table, "owner_password")
        return mailbox, Account(address, password, (), address) if password else None

    def check_unique(self, accounts: list[Account], mailboxes: list[Mailbox]) -> None:
        seen: dict[str, str] = {}
        for number, mailbox in enumerate(mailboxes):
            for key, address in [("address", mailbox.address), *(("aliases", alias) for alias in mailbox.aliases)]:
                if address in seen:
                    raise self.error("mailbox", number, key, f"{address} is already an address of {seen[address]}")
                seen[address] = mailbox.address
        users: set[str] = set()
        for number, account in enumerate(accounts):
            if user_key(account.user) in users:
                raise self.error("account", number, "user", f"{account.user} logs in twice; user names must differ")
            users.add(user_key(account.user))
            if account.mailbox is not None and account.mailbox not in seen:
                raise self.error("account", number, "mailbox", f"{account.mailbox} is no [[mailbox]] of this file")

    def _address(self, number: int, key: str, value: str) -> str:
        if not _ADDRESS.fullmatch(value):
            raise self.error(
                "mailbox", number, key, f"found {value!r}; expected an SMTP address such as anna@example.com"
            )
        return value.lower()

    def _known(self, table: str, number: int, values: _Table, names: tuple[str, ...]) -> None:
        for key in values:
            if key not in names:
                raise self.error(table, number, key, f"unknown field; known are {', '.join(names)}")

    def _text(self, table: str, number: int, values: _Table, key: str) -> str:
        value = values.get(key, "")
        if not isinstance(value, str):
            found = "something else" if "password" in key else repr(value)
            raise self.error(table, number, key, f"found {found}; expected text in quotes")
        return value

    def _texts(self, table: str, number: int, values: _Table, key: str) -> list[str]:
        value = values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.error(table, number, key, f"found {value!r}; expected a list of texts")
        return cast(list[str], value)
