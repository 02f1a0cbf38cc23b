"""The short form of the run, as `make chaos SHORT=1` does it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.sandbox.chaos.report import KINDS

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(240)
def test_nothing_lost_nothing_twice_nothing_resurrected(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    done = subprocess.run(
        [sys.executable, "-m", "deploy.sandbox.chaos", "--short", "--seed", "1", "--json", str(result)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=230,
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(
        r"chaos: seed=1 events=1\d\d\d kills=1 pauses=1 broker_restarts=1 faults=\d+ "
        r"lost=0 duplicates=0 resurrected=0 wrong=0 parked_wrongly=0",
        last,
    )
    faults = json.loads(result.read_text())["faults"]
    assert all(faults[kind] > 0 for kind in KINDS)
