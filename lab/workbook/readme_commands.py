"""Runs the commands of an exercise's READMEs, in each language, and compares what they print with the sample there.

A command stands in a block of kind `console` behind `$ `, its sample output follows. In a sample, `…` stands for any
text within a line, and a line `…` for any lines. A command without a sample must only succeed. What is to be run on
AWS stands in blocks of another kind, which are not run.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lab import workspace
from lab.workbook import texts
from lab.workbook.supervisor import end_clouds_of
from languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.workbook.contents import Exercise

_LIMIT_SECONDS = 180
_BLOCK = re.compile(r"^(?P<indent> *)```console\n(?P<content>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
_WRONG_USE = 2


@dataclass
class Command:
    """A command and the sample of its output.

    Attributes:
        text: as it is typed.
        sample: the lines of the sample.
    """

    text: str
    sample: list[str] = field(default_factory=list[str])


def commands(readme: str) -> list[Command]:
    """Return the commands of a README, in order."""
    found: list[Command] = []
    for block in _BLOCK.finditer(readme):
        current: Command | None = None
        for indented in block["content"].splitlines():
            line = indented.removeprefix(block["indent"])
            if line.startswith("$ "):
                current = Command(line[2:])
                found.append(current)
            elif current and current.text.endswith("\\"):
                current.text += "\n" + line
            elif current:
                current.sample.append(line.rstrip())
    return found


def command_faults(exercise: Exercise) -> Iterator[str]:
    """Run the commands of each README and yield what is not as the README says."""
    known: dict[str, list[Command]] = {}
    for code in LANGUAGES:
        known[code] = commands(texts.readme(exercise, code).read_text(encoding="utf-8"))
    for code, found in known.items():
        if [command.text for command in found] != [command.text for command in known["en"]]:
            yield f"README.{code}.md has other commands than README.en.md"
        yield from (f"README.{code}.md: {fault}" for fault in _faults(found, code))


def _faults(found: list[Command], code: str) -> Iterator[str]:
    if not found:
        return
    for command, (output, exit_code) in zip(found, _run([command.text for command in found], code), strict=False):
        if exit_code is None:
            yield f"`{command.text}` did not end within {_LIMIT_SECONDS} s"
        elif exit_code >= _WRONG_USE or (exit_code and (not command.sample or command.text.startswith("lab cloud"))):
            yield f"`{command.text}` ended with {exit_code}: {output.strip()}"
        elif command.sample and not matches(output, command.sample):
            difference = "\n".join(difflib.ndiff(_stripped(command.sample), _stripped(output.splitlines())))
            yield f"`{command.text}` prints something else (- README, + now):\n{difference}"


def matches(output: str, sample: list[str]) -> bool:
    """Say whether an output is as its sample shows."""
    pattern = ""
    for line in _stripped(sample):
        if line.strip() == "…":
            pattern += r"(?:.*\n)*"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in line.split("…")) + r"\n"
    text = "".join(f"{line}\n" for line in _stripped(output.splitlines()))
    return re.fullmatch(pattern, text) is not None


def _stripped(lines: list[str]) -> list[str]:
    """Return lines without blanks at their ends, without empty lines at the beginning and the end."""
    return "\n".join(line.rstrip() for line in lines).strip("\n").splitlines()


def _run(texts_of_commands: list[str], code: str) -> list[tuple[str, int | None]]:
    """Run commands in one shell, as somebody would type them; return output and exit code of each."""
    mark = uuid.uuid4().hex
    script = "".join(f"{text}\nstatus=$?; echo; echo {mark} $status\n" for text in texts_of_commands)
    with tempfile.TemporaryDirectory(prefix="workbook-") as home:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            workspace.HOME_VARIABLE: home,
            workspace.PACKAGES_VARIABLE: str(workspace.packages_folder()),
            "LAB_LANG": code,
            "LAB_PROGRESS": "none",
            "PATH": f"{workspace.ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        }
        try:
            ended = subprocess.run(
                ["bash", "-c", script],  # noqa: S607
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=workspace.ROOT,
                env=environment,
                timeout=_LIMIT_SECONDS,
            )
            printed = ended.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            printed = (late.stdout or b"").decode(errors="replace")
        finally:
            end_clouds_of(Path(home))
    *parts, _rest = re.split(rf"\n{mark} (\d+)\n", printed)
    results: list[tuple[str, int | None]] = [
        (output, int(exit_code)) for output, exit_code in zip(parts[::2], parts[1::2], strict=True)
    ]
    return results + [("", None)] * (len(texts_of_commands) - len(results))
