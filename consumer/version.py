"""Which release this is."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _installed() -> str:
    try:
        return version("callsheet")
    except PackageNotFoundError:  # a checkout that is not installed
        return "0"


VERSION: Final = _installed()

USER_AGENT: Final = f"Callsheet/{VERSION}"
"""What Exchange's client access rules see (EwsAllowList)."""
