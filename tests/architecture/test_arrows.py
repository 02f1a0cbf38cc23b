"""The folders are the architecture: who may import whom, and that everything imported is declared."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
MAY_IMPORT: dict[str, frozenset[str]] = {
    "contract": frozenset(),
    "producers": frozenset({"contract"}),
    "consumer": frozenset({"contract"}),
    "emulator": frozenset(),
    # The sandbox judges the others from outside, over the network and by their commands.
    "deploy": frozenset(),
}
# Programs that write files of the repository; they need what a developer has.
DEVELOPMENT_TOOLS = {Path("contract/generate.py"), Path("producers/serve/generate.py")}


def imports_of(source: str) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def files_of(package: str) -> list[Path]:
    return sorted((CHECKOUT / package).rglob("*.py"))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_arrows_between_packages(package: str) -> None:
    files = files_of(package)
    assert files, f"no Python file in {package}"
    forbidden = (MAY_IMPORT.keys() | {"tests", "benchmarks"}) - MAY_IMPORT[package] - {package}
    found = [
        f"{file.relative_to(CHECKOUT)} imports {module}"
        for file in files
        for module in imports_of(file.read_text(encoding="utf-8"))
        if module.partition(".")[0] in forbidden
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_every_library_is_declared(package: str) -> None:
    declared = declared_names("runtime.in")
    if package == "emulator":
        declared |= declared_names("emulator.in")
    distributions = packages_distributions()
    found = set()
    for file in files_of(package):
        if file.relative_to(CHECKOUT) in DEVELOPMENT_TOOLS:
            continue
        for module in imports_of(file.read_text(encoding="utf-8")):
            top = module.partition(".")[0]
            if top in MAY_IMPORT or top in sys.stdlib_module_names:
                continue
            owners = {normalised(name) for name in distributions.get(top, [top])}
            if not owners & declared:
                found.add(f"{file.relative_to(CHECKOUT)} imports {top}, which no requirements/*.in names")
    assert not found, "\n".join(sorted(found))


def declared_names(file: str) -> set[str]:
    lines = (CHECKOUT / "requirements" / file).read_text(encoding="utf-8").splitlines()
    return {requirement_name(line) for line in lines if line.strip() and not line.startswith("#")}


def requirement_name(requirement: str) -> str:
    name = requirement
    for sign in "<>=!~;[ ":
        name = name.partition(sign)[0]
    return normalised(name)


def normalised(name: str) -> str:
    return name.strip().casefold().replace("_", "-").replace(".", "-")
