"""What an exercise says to the learner: README, hints and messages, a file of each in each language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from languages import language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lab.workbook.contents import Exercise


@dataclass(frozen=True)
class Message:
    """What a check says of a failure: three sentences with places for values (`{returned}`)."""

    what: str
    why: str
    next: str


@dataclass(frozen=True)
class Messages:
    """All that a check can say in one language.

    Attributes:
        passed_why: why it works, shown after passing.
        passed_link: what to read next.
        failures: key of a failure → what is said of it.
        notes: key of a remark beside the verdict → the remark.
    """

    passed_why: str
    passed_link: str
    failures: Mapping[str, Message]
    notes: Mapping[str, str]


def readme(exercise: Exercise, code: str | None = None) -> Path:
    """Return the README in a language (default: the person's)."""
    return exercise.folder / f"README.{code or language()}.md"


def hints(exercise: Exercise, code: str | None = None) -> list[str]:
    """Return the three hints.

    Raises:
        ValueError, KeyError, OSError: the file is not as it should be.
    """
    return [str(hint).strip("\n") for hint in _read(exercise.folder / f"hints.{code or language()}.toml")["hints"]]


def messages(folder: Path, code: str | None = None) -> Messages:
    """Return the messages of the check in an exercise's folder.

    Raises:
        ValueError, KeyError, TypeError, OSError: the file is not as it should be.
    """
    content = _read(folder / f"messages.{code or language()}.toml")
    return Messages(
        passed_why=content["passed"]["why"].strip(),
        passed_link=content["passed"]["link"].strip(),
        failures={
            key: Message(**{part: said[part].strip() for part in Message.__dataclass_fields__})
            for key, said in content.get("failures", {}).items()
        },
        notes={key: said.strip() for key, said in content.get("notes", {}).items()},
    )


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
