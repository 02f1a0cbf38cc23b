"""``callsheet-producer token new``: a bearer token for the HTTP entrance, and its entry in the file of tokens."""

from typing import Annotated, Any, Final

import typer

from producers.command_line import AsJson, print_json
from producers.serve.token_file import checked_entry
from producers.serve.tokens import entry, hash_of, new_token

EXAMPLES: Final = """**Examples**

`callsheet-producer token new rota --source rota://studio --mailbox '*@studio.example.com' >> tokens.toml`

`callsheet-producer token new grid --source 'grid://*' --mailbox anna@example.com --mailbox 'suite-*@example.com'
--rate 50 --sync >> tokens.toml`

Take a token back: delete its entry. The running service notices within a second."""

token = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Tokens for `callsheet-producer serve`.")


@token.callback()
def _group() -> None:
    """Keeps ``new`` a command with a name of its own while it is the only one."""


@token.command(epilog=EXAMPLES)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose token it is; stands in the log of every request.")],
    sources: Annotated[
        list[str],
        typer.Option("--source", metavar="SOURCE", help="A source that it may publish; * stands for any characters."),
    ],
    mailboxes: Annotated[
        list[str],
        typer.Option(
            "--mailbox", metavar="MAILBOX", help="A mailbox that it may publish for; * stands for anything but the @."
        ),
    ],
    rate: Annotated[
        float | None, typer.Option(metavar="EVENTS", help="Events a second; left out: what the service allows.")
    ] = None,
    sync: Annotated[bool, typer.Option("--sync", help="It may ask for an update now, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Makes a token that nobody has.

    The token is shown once, on standard error. Its entry for the file of tokens comes on standard output: it holds a
    hash, from which nobody can get the token back.
    """
    secret = new_token()
    fields: dict[str, Any] = {
        "name": name,
        "sha256": hash_of(secret),
        "sources": tuple(sources),
        "mailboxes": tuple(mailboxes),
        "events_per_second": rate,
        "sync": sync,
    }
    try:
        made = checked_entry(fields)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        print_json({"token": secret, "entry": entry(made)})
        return
    typer.echo(f"The token of {name}, shown only now:\n\n  {secret}\n", err=True)
    typer.echo(entry(made), nl=False)
