"""Timing whole processes, as a person waits for them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = str(ROOT / ".venv" / "bin" / "python")
LAB = str(ROOT / ".venv" / "bin" / "lab")


@dataclass(frozen=True)
class Figure:
    """What was measured.

    Attributes:
        what: in words.
        seconds: one value per run.
        goal: what it should reach, in words.
    """

    what: str
    seconds: list[float]
    goal: str = ""

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.seconds)

    def row(self) -> str:
        """Return a row of a Markdown table."""
        low, high = min(self.seconds), max(self.seconds)
        return f"| {self.what} | {_seconds(self.median)} | {_seconds(low)} to {_seconds(high)} | {self.goal} |"


def table(figures: list[Figure]) -> str:
    """Return figures as a Markdown table."""
    head = "| what | median | from – to | goal |\n|---|---|---|---|"
    return "\n".join([head, *(figure.row() for figure in figures)])


def run(*command: str, home: Path) -> float:
    """Run a command with a `.lab` of its own; return how long it took, in seconds."""
    environment = {**os.environ, "LAB_HOME": str(home), "LAB_LANG": "en"}
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return seconds


def resident_mb(pid: int) -> float:
    """Return a process's resident memory, in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has ended")


def _seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"  # noqa: PLR2004
