"""Exchange versions: what is said in a request, and what a server of that version can do."""

from dataclasses import dataclass
from typing import Final

from exchangelib.version import Build, Version


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to speak to one version.

    ``schema`` goes into RequestServerVersion; 2016, 2019 and SE share one. ``item_zones`` is false for 2007, which has
    no StartTimeZone and EndTimeZone; ``working_elsewhere`` came with 2013.
    """

    schema: str
    build: Build
    item_zones: bool = True
    working_elsewhere: bool = True

    def version(self) -> Version:
        """The version as exchangelib knows it, complete, so that it never asks the server for it."""
        return Version(self.build, api_version=self.schema)


DIALECTS: Final[dict[str, Dialect]] = {
    "2007_SP1": Dialect("Exchange2007_SP1", Build(8, 1), item_zones=False, working_elsewhere=False),
    "2010": Dialect("Exchange2010", Build(14, 0), working_elsewhere=False),
    "2010_SP1": Dialect("Exchange2010_SP1", Build(14, 1), working_elsewhere=False),
    "2010_SP2": Dialect("Exchange2010_SP2", Build(14, 2), working_elsewhere=False),
    "2013": Dialect("Exchange2013", Build(15, 0)),
    "2013_SP1": Dialect("Exchange2013_SP1", Build(15, 0, 847)),
    "2016": Dialect("Exchange2016", Build(15, 1)),
    "2019": Dialect("Exchange2016", Build(15, 2)),
    "SE": Dialect("Exchange2016", Build(15, 2, 2562)),
}
