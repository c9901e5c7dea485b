"""How long each lesson takes to deploy and to remove, how large its package is, and how long its functions start."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import LAB, PYTHON, Figure, run, table
from lab.target import LESSONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUNS = 5
IMPORT = "import importlib, sys, time; begin = time.perf_counter(); importlib.import_module(sys.argv[1]); "
IMPORT += "print(time.perf_counter() - begin)"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "lab"
        os.environ["LAB_HOME"] = str(home)
        run(LAB, "cloud", "start", "--port", "0", home=home)
        try:
            run(LAB, "up", *LESSONS, home=home)  # the first one also builds the packages
            print("\n".join(_packages(home)), end="\n\n")
            run(LAB, "down", home=home)
            print(table(list(_deployments(home))))
        finally:
            run(LAB, "cloud", "stop", home=home)


def _deployments(home: Path) -> Iterator[Figure]:
    for lessons in (*((lesson,) for lesson in LESSONS), LESSONS):
        ups, downs = [], []
        for _ in range(RUNS):
            ups.append(run(LAB, "up", *lessons, home=home))
            downs.append(run(LAB, "down", home=home))
        name = lessons[0] if len(lessons) == 1 else "all five"
        yield Figure(f"`lab up`, {name}", ups, "3 s" if len(lessons) == 1 else "8 s")
        yield Figure(f"`lab down`, {name}", downs, "3 s")


def _packages(home: Path) -> Iterator[str]:
    from lab.aws import Clients
    from lab.cloud.client import require_cloud

    functions = Clients.local(require_cloud().url).lambda_.list_functions()["Functions"]
    yield "| function | package, unpacked (goal 10 MB) | import (goal 300 ms) |"
    yield "|---|---|---|"
    for function in sorted(functions, key=lambda each: each["Handler"]):
        module = function["Handler"].rpartition(".")[0]
        package = home / "packages" / f"{module.split('.')[1]}.zip"
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(package) as archive:
            archive.extractall(folder)
            size_mb = sum(entry.file_size for entry in archive.infolist()) / 1e6
            variables = function["Environment"]["Variables"] | {"AWS_LAMBDA_FUNCTION_NAME": function["FunctionName"]}
            seconds = _import_seconds(folder, module, variables)
        yield f"| {module.removeprefix('handlers.')} | {size_mb:.1f} MB | {seconds * 1000:.0f} ms |"


def _import_seconds(folder: str, module: str, variables: Mapping[str, str]) -> float:
    """Return how long a handler's module takes to import in a Python that has just started; the middle of some runs."""
    environment = {**os.environ, **variables, "PYTHONPATH": folder, "AWS_DEFAULT_REGION": "us-east-1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [PYTHON, "-c", IMPORT, module]
    answers = [
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(RUNS + 1)
    ]
    return statistics.median(float(answer) for answer in answers[1:])  # the first one compiles


if __name__ == "__main__":
    main()
