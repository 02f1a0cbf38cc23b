"""The floor, measured in processes of its own."""

import json
import sys
from typing import Final

from benchmarks.bench import Bench
from benchmarks.events import mailboxes
from benchmarks.results import Floor
from deploy.sandbox.children import CHECKOUT, Child, ChildError
from deploy.sandbox.installation import clean_environment

_SECONDS: Final = 300.0


def measure_floor(bench: Bench, batch: int) -> Floor:
    """Measure it in processes of their own against a stand-in Exchange of its own. Raises ChildError."""
    runs = max(1, bench.sizes.runs)
    boxes = mailboxes("floor", runs)
    costs = []
    with bench.stage(boxes) as stage:
        for number, box in enumerate(boxes):
            environment = {
                **clean_environment(),
                "FLOOR_EWS_URL": stage.emulator.ews_url,
                "FLOOR_EWS_USER": stage.emulator.user,
                "FLOOR_EWS_PASSWORD": stage.emulator.password,
                "FLOOR_MAILBOX": box,
            }
            command = [sys.executable, "-m", "benchmarks.floor", str(bench.sizes.floor_items), str(batch)]
            log = stage.folder / f"floor-{number}.log"
            child = Child(
                "the floor", command, log=log, environment=environment, capture_stdout=True, directory=CHECKOUT
            )
            output = child.stdout.read()
            if child.wait(_SECONDS):
                raise ChildError(f"the floor could not be measured:\n{child.tail()}")
            costs.append(float(json.loads(output)["cpu_ms_per_item"]))
    floor = Floor(batch, tuple(costs))
    bench.say(f"floor            {batch} items a request: {sorted(costs)[len(costs) // 2]:.2f} ms CPU for each item")
    return floor
