"""One truth about dependencies: pyproject.toml, the *.in files and the compiled *.txt files agree."""

import re
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
REQUIREMENTS = CHECKOUT / "requirements"


def requirements(file: str) -> set[str]:
    lines = (REQUIREMENTS / file).read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def pinned(file: str) -> dict[str, str]:
    pins = re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]+\])?==([^ ;\\]+)", (REQUIREMENTS / file).read_text(), re.MULTILINE)
    return dict(pins)


def test_pyproject_names_what_the_requirements_name() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(project["dependencies"]) == without_extras("runtime.in")
    assert set(extras["emulator"]) == without_extras("emulator.in")
    assert set(extras["postgres"]) == requirements("runtime.in") & set(extras["postgres"])


def without_extras(file: str) -> set[str]:
    """uvloop and psycopg are extras of their own: nobody who installs the package must have them."""
    return {line for line in requirements(file) if not line.startswith(("uvloop", "psycopg"))}


@pytest.mark.parametrize("name", ["bench", "build", "emulator", "runtime", "dev"])
def test_in_files_are_sorted(name: str) -> None:
    lines = (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines)


def test_everything_asked_for_is_pinned_with_hashes() -> None:
    wanted = {
        "runtime.txt": requirements("runtime.in"),
        "sandbox.txt": requirements("runtime.in") | requirements("emulator.in") | requirements("build.in"),
    }
    wanted["bench.txt"] = wanted["sandbox.txt"] | requirements("bench.in")
    wanted["dev.txt"] = wanted["bench.txt"] | requirements("dev.in")
    for file, lines in wanted.items():
        pins = pinned(file)
        missing = {re.split(r"[<>=!~;\[ ]", line)[0].lower() for line in lines} - pins.keys()
        assert not missing, f"{file} lacks {missing}: run requirements/compile.sh"
        blocks = re.split(r"\n(?=[a-z0-9])", (REQUIREMENTS / file).read_text())
        assert all("--hash=sha256:" in block for block in blocks), file


def test_smaller_files_pin_the_same_versions() -> None:
    every = pinned("dev.txt")
    for file in ("runtime.txt", "sandbox.txt", "bench.txt"):
        assert pinned(file).items() <= every.items(), file


@pytest.mark.parametrize("file", ["runtime.txt", "sandbox.txt", "bench.txt", "dev.txt"])
def test_no_address_in_compiled_files(file: str) -> None:
    text = (REQUIREMENTS / file).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
