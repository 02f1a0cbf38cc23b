"""The organisation the emulator serves: accounts that log in, mailboxes they open."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal, get_args

MailboxKind = Literal["user", "room", "equipment"]
KINDS: tuple[MailboxKind, ...] = get_args(MailboxKind)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in.

    `impersonate` holds shell patterns of the mailboxes the account may act as.
    `mailbox` is the account's own mailbox, opened without impersonation; None: it has none.
    """

    user: str
    password: str = field(repr=False)
    impersonate: tuple[str, ...] = ()
    mailbox: str | None = None

    def may_impersonate(self, address: str) -> bool:
        """Whether this account may act as the mailbox with this primary address (in any case of letters)."""
        lower = address.lower()
        return any(fnmatchcase(lower, pattern) for pattern in self.impersonate)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox. `address` is the primary SMTP address in lower case; `quota_kib` 0 means no limit."""

    address: str
    name: str = ""
    kind: MailboxKind = "user"
    aliases: tuple[str, ...] = ()
    quota_kib: int = 0


@dataclass(frozen=True)
class Organisation:
    """All accounts and mailboxes. Names and addresses are looked up without regard to case."""

    accounts: tuple[Account, ...]
    mailboxes: tuple[Mailbox, ...]

    @cached_property
    def _by_address(self) -> dict[str, Mailbox]:
        found = {alias: mailbox for mailbox in self.mailboxes for alias in mailbox.aliases}
        found.update({mailbox.address: mailbox for mailbox in self.mailboxes})
        return found

    @cached_property
    def _by_user(self) -> dict[str, Account]:
        return {user_key(account.user): account for account in self.accounts}

    def mailbox(self, address: str) -> Mailbox | None:
        """The mailbox with this primary *or proxy* address; compare with `.address` to know which it was."""
        return self._by_address.get(address.lower())

    def account(self, user: str) -> Account | None:
        r"""The account a client means by `name`, `DOMAIN\name` or `name@domain`; None if there is none."""
        key = user_key(user)
        found = self._by_user.get(key)
        if found is None and "@" in key:
            found = self._by_user.get(key.rpartition("@")[0])
        return found


def user_key(user: str) -> str:
    r"""What two spellings of one user name have in common: no `DOMAIN\`, no case."""
    return user.rpartition("\\")[2].casefold()
