"""The file of ``--settings``: templates and privacy, in TOML.

``[templates]`` has ``title`` and ``notes``; ``[privacy]`` has ``default`` and ``busy_title``, and in
``[privacy.classes]`` and ``[privacy.mailboxes]`` what holds for a class or for mailboxes (``*`` in them is allowed).
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from producers.sources.damaged import DamagedFile
from producers.sources.toml import read_toml
from producers.sync.privacy import Privacy, PrivacyRules
from producers.sync.template import Template, TemplateError


def _template(value: object) -> Template:
    if not isinstance(value, str):
        raise TemplateError("a text")
    return Template.read(value)


_TemplateField = Annotated[Template | None, BeforeValidator(_template)]
_Mode = Annotated[Privacy, Field(strict=False)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)


class _Templates(_Table):
    title: _TemplateField = None
    notes: _TemplateField = None


class _Privacy(_Table):
    default: _Mode = Privacy.FULL
    busy_title: Annotated[str, Field(min_length=1, max_length=255)] = "Busy"
    classes: dict[str, _Mode] = {}
    mailboxes: dict[str, _Mode] = {}


class ViewSettings(_Table):
    """What the file says; what it leaves out is None, or shows everything."""

    templates: _Templates = _Templates()
    privacy: _Privacy = _Privacy()

    @property
    def privacy_rules(self) -> PrivacyRules:
        """The rules of ``[privacy]``."""
        given = self.privacy
        return PrivacyRules(given.default, given.classes, given.mailboxes, given.busy_title)


def read_view_settings(path: Path) -> ViewSettings:
    """Raises :class:`DamagedFile` for anything that is not understood, and OSError when it cannot be read."""
    document = read_toml(path)
    try:
        return ViewSettings.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise DamagedFile(str(path), f"{place} is no setting: expected [templates] and [privacy]") from None
        expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        raise DamagedFile(str(path), f"{place}: found {first['input']!r}, expected {expected}") from None
