"""The people, suites, machines, vehicles and projects of the built-in sample. All of them are invented."""

import unicodedata
from dataclasses import dataclass
from typing import Final

DOMAIN: Final = "studio.example.com"

CRAFTS: Final[dict[str, int]] = {
    "Editing": 34,
    "Grading": 18,
    "Conform": 10,
    "VFX": 26,
    "Sound": 28,
    "Mastering": 14,
    "Location": 20,
}
"""How many people work in each; 150 together."""

_ROOMS: Final[dict[str, tuple[str, ...]]] = {
    "Editing": (*(f"Edit {number}" for number in range(1, 14)), "Klipperum Åse", "Klipperum Øst"),
    "Grading": (*(f"Suite {number}" for number in range(1, 7)), "Biograf Ærø"),
    "Conform": ("Online 1", "Online 2", "Online 3", "Online 4"),
    "VFX": (*(f"VFX {number}" for number in range(1, 9)), "Paint & Roto"),
    "Sound": ("Mix A", "Mix B", "Mix C", "ADR 1", "ADR 2", "Foley", "Lydstudie Møn"),
}
_MACHINES: Final[dict[str, tuple[str, ...]]] = {
    "Mastering": ("Scanner 1", "Scanner 2", "Film recorder", "DCP station", "LTO robot 1", "LTO robot 2", "QC station"),
    "Conform": ("Render node Thor", "Render node Frøya"),
}
_VEHICLES: Final[dict[str, tuple[str, ...]]] = {
    "Location": (
        *(f"Camera van {number}" for number in range(1, 4)),
        *("Grip truck", "Sound van", "Kombi 1", "Kombi 2", "DIT trailer", "Generator truck"),
    ),
}

PROJECTS: Final = (
    "Nordlys", "Feature X", "The Salt Road", "Havnefoged", "Ægir", "Märchenwald", "Zwölf Nächte", "Łódź, Summer",
    "Little Comet", "Commercial: Rye Bread", "Kystvagten S02", "Dragør Files", "L’Été perdu", "Ночной поезд", "Café Ö",
    "Untitled Horse Film",
)  # fmt: skip

TASKS: Final[dict[str, tuple[str, ...]]] = {
    "Editing": ("Assembly", "Offline", "Fine cut", "Director’s cut", "Trailer"),
    "Grading": ("Grading", "Look dev", "HDR trim", "Review"),
    "Conform": ("Conform", "Online", "Titles", "Deliverables"),
    "VFX": ("Compositing", "Clean-up", "Tracking", "Review", "Roto"),
    "Sound": ("Pre-mix", "Final mix", "ADR", "Foley", "Dialogue edit"),
    "Mastering": ("Scan", "DCP", "QC", "Archive", "Film-out"),
    "Location": ("Shoot", "Pick-up", "Camera test", "Sound recording"),
}

_FIRST: Final = (
    "Anna", "Søren", "Łukasz", "Zoë", "Jürgen", "Çağla", "Åse", "Mikkel", "Hạnh", "Béatrice", "Dragan", "Ingrid",
    "Yusuf", "Freja", "Håkan", "Maja", "Oisín", "Pía", "Rasmus", "Signe", "Tomás", "Ulla", "Viktor", "Wanda", "Αλέξης",
)  # fmt: skip
_LAST: Final = (
    "Andersson",
    "Ægidius",
    "Żak",
    "O’Connor",
    "Sjöberg",
    "Şahin",
    "Nguyễn",
    "Weiß",
    "Kjær",
    "Müller-Lüth",
    "Park",
)

_FOLDED: Final = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ł": "l", "ß": "ss", "đ": "d", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works in the house."""

    id: str
    name: str
    craft: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A suite, a machine or a vehicle; in a pentabarf schedule, all of them are rooms."""

    name: str
    craft: str
    kind: str
    """``room`` or ``equipment``, as Exchange calls them."""
    mailbox: str


def staff() -> list[Person]:
    """The 150 people."""
    crafts = [craft for craft, count in CRAFTS.items() for _ in range(count)]
    people: list[Person] = []
    for index, craft in enumerate(crafts):
        # 25 first and 11 last names have no common divisor: no name comes twice.
        name = f"{_FIRST[index % len(_FIRST)]} {_LAST[index % len(_LAST)]}"
        identity = f"P-{index + 1:03d}"
        people.append(Person(identity, name, craft, f"{slug(name) or identity.lower()}@{DOMAIN}"))
    return people


def resources() -> list[Resource]:
    """The 60 suites, machines and vehicles."""
    kinds = (("room", _ROOMS), ("equipment", _MACHINES), ("equipment", _VEHICLES))
    return [
        Resource(name, craft, kind, f"{slug(name)}@{DOMAIN}")
        for kind, groups in kinds
        for craft, names in groups.items()
        for name in names
    ]


def slug(text: str) -> str:
    """The text as it can stand before the @ of an address; empty if nothing of it can."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED))
    kept = "".join(character if character.isascii() and character.isalnum() else " " for character in folded
                   if not unicodedata.combining(character))  # fmt: skip
    return ".".join(kept.split())
