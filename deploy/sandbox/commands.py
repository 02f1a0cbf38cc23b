"""The sandbox's command line."""

import typer

from deploy.sandbox.broker import BrokerUnavailable, broker_binary

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Callsheet on one machine.")


@app.callback()
def sandbox() -> None:
    """Callsheet on one machine: private broker, stand-in Exchange, consumers, sample schedule."""


@app.command("broker-binary")
def show_broker_binary() -> None:
    """Print where RabbitMQ is; exit code 1, with the command that installs it, if it is not on this machine."""
    try:
        typer.echo(str(broker_binary()))
    except BrokerUnavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def main() -> None:
    """Run the command that the arguments name."""
    app()
