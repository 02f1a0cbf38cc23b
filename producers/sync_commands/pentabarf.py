"""``callsheet-producer sync pentabarf``."""

from pathlib import Path
from typing import Annotated, Final

import typer

from producers.sources.pentabarf import read_pentabarf
from producers.sync.update import Read
from producers.sync_commands.names import SourceName

EXAMPLES: Final = """**Examples**

`callsheet-producer sync pentabarf schedule.xml --directory people.csv --state schedule.sqlite`

`callsheet-producer sync pentabarf schedule.xml anna@example.com --again --directory people.csv --state schedule.sqlite`
– Anna has just been enrolled: send her whole state once more

`callsheet-producer sync pentabarf schedule.xml --directory people.csv --state schedule.sqlite --plan`
– only show what would be published for whom

`callsheet-producer sync pentabarf schedule.xml --directory people.csv --state schedule.sqlite --days-before 0
--days-after 30 --timezone Europe/Copenhagen --every 60s --at 06:00` – stay, and publish the next 30 days as they come

The directory is CSV: `kind,id,mailbox`, then lines like `person,123,anna@example.com` and
`room,Suite 4,suite-4@example.com`. A room's id is its name. Or TOML: tables `[person]` and `[room]`."""


def pentabarf(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The schedule: XML, or XML in gzip.", exists=True, dir_okay=False)
    ],
    source: SourceName = None,
) -> Read:
    """Publishes what changed in a schedule of pentabarf, frab or pretalx.

    Added, retimed, moved, renamed, reassigned and removed bookings, for each person and each room. Whoever is not in
    the directory is named, and left as they are. The state is written only after the broker has confirmed: a run that
    breaks off loses nothing, the next one publishes the rest. A damaged file changes nothing, and a schedule that has
    lost more than 30 % of its bookings (and more than 5) waits for --accept-shrink.

    Without --source its name is pentabarf:// and the acronym. For templates it knows project (the conference),
    container (the track), booking (the title), class (the type), subtitle, abstract, description, language, track, type
    and people.
    """
    return lambda _: read_pentabarf(file, source)
