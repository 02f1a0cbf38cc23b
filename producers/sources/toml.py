"""Files in TOML that people write: mappings, directories, settings."""

import tomllib
from pathlib import Path
from typing import Any

from producers.sources.damaged import DamagedFile


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises :class:`DamagedFile` with what is wrong, and OSError when it cannot be read."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DamagedFile(str(path), f"not TOML: {error}") from None
