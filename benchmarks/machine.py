"""What it was measured on: processors, memory and versions. No name of a machine."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str]:
    """What a reader must know to compare."""
    processors = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    packages = ("exchangelib", "aio-pika", "FastStream", "uvloop")
    return {
        "processors": f"{len(os.sched_getaffinity(0))} x {processors[1] if processors else platform.machine()}",
        "memory": f"{int(memory[1]) / 1024 / 1024:.0f} GiB" if memory else "unknown",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in packages),
    }
