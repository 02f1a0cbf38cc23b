"""What a process has used, as Linux counts it (proc(5))."""

import os
import re
from pathlib import Path
from typing import Final

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process since its start. Raises OSError when it has ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def machine_cpu_seconds() -> tuple[float, float]:
    """Time that all processors of the machine were busy since its start, and busy or idle, whoever used them."""
    fields = [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / _TICKS_A_SECOND, sum(fields) / _TICKS_A_SECOND


def peak_rss_mib(pid: int) -> float:
    """The most memory that a process ever had resident, in MiB. Raises OSError when it has ended."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found, "the kernel tells no VmHWM"
    return int(found[1]) / 1024
