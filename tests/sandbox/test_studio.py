"""The built-in sample: same seed, same files; as many changes as were measured; the hard cases are in it."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from deploy.sandbox import studio
from deploy.sandbox.pentabarf import Schedule, read, versions_in
from deploy.sandbox.rates import KINDS, main, mean_rates, steps
from deploy.sandbox.studio_staff import resources, staff

FIRST_DAY = date(2026, 3, 9)  # the clocks change within the four weeks, on the 29th


@pytest.fixture(scope="module")
def versions() -> list[Schedule]:
    return studio.versions(1, FIRST_DAY)


def test_same_seed_same_files(tmp_path: Path) -> None:
    studio.write_sample(tmp_path / "a", 7, FIRST_DAY)
    studio.write_sample(tmp_path / "b", 7, FIRST_DAY)
    studio.write_sample(tmp_path / "c", 8, FIRST_DAY)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [*(f"{number:02d}.xml" for number in range(1, 11)), "directory.csv"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / "01.xml").read_bytes() != (tmp_path / "c" / "01.xml").read_bytes()


def test_files_say_what_was_made(tmp_path: Path, versions: list[Schedule]) -> None:
    studio.write_sample(tmp_path, 1, FIRST_DAY)
    written = [read(path) for path in versions_in(tmp_path)]
    assert len(written) == len(versions) == 10
    for made, found in zip(versions, written, strict=True):
        assert {session.guid: session for session in found.sessions} == {
            session.guid: session for session in made.sessions
        }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rates_are_the_measured_ones(seed: int) -> None:
    changes = steps(studio.versions(seed, FIRST_DAY))
    sessions = sum(step.sessions for step in changes)
    rates = mean_rates(changes)
    for kind in KINDS:
        # Rounding carries on, so all steps together miss by two changes at most; a retime may undo an earlier one.
        assert rates[kind] == pytest.approx(studio.RATES[kind], abs=2 / sessions), kind


def test_size_and_span(versions: list[Schedule]) -> None:
    assert len(staff()) == 150
    assert len(resources()) == 60
    assert len({person.mailbox for person in staff()} | {resource.mailbox for resource in resources()}) == 210
    for version in versions:
        assert 900 < len(version.sessions) < 1600
        days = {session.start.date() for session in version.sessions}
        assert min(days) >= FIRST_DAY
        assert max(days) < FIRST_DAY + timedelta(days=28)


def test_hard_cases_are_in_it(versions: list[Schedule]) -> None:
    sessions = versions[-1].sessions
    assert any(len(session.title) > 255 for session in sessions)
    assert 0.03 < sum(session.tentative for session in sessions) / len(sessions) < 0.10
    assert any("<b>&amp;" in session.title for session in sessions)
    assert any(session.start.date() < session.end.date() for session in sessions), "over midnight"
    assert {session.start.utcoffset() for session in sessions} == {timedelta(hours=1), timedelta(hours=2)}
    over_the_change = [session for session in sessions if session.start.utcoffset() != session.end.utcoffset()]
    assert over_the_change, "a night over the change of the clocks"
    assert any(not name.isascii() for name in versions[-1].people.values())


def test_directory_knows_everybody(tmp_path: Path, versions: list[Schedule]) -> None:
    studio.write_sample(tmp_path, 1, FIRST_DAY)
    with (tmp_path / "directory.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {(row["kind"], row["id"]) for row in rows}
    for version in versions:
        assert {("person", person) for session in version.sessions for person in session.persons} <= known
        assert {("room", room) for room in version.rooms()} <= known
    assert all(row["mailbox"].isascii() for row in rows)


def test_rates_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studio.write_sample(tmp_path, 1, FIRST_DAY)
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 9 + 1
    assert main([]) == 2
    (tmp_path / "05.xml").write_text("<schedule><day></schedule>")
    assert main([str(tmp_path)]) == 1
    assert "05.xml" in capsys.readouterr().err
