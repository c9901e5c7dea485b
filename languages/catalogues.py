"""Brings the catalogues up to date with the texts in the code: `make catalogues`.

A catalogue holds every text of the code once, in the order of the files, and nothing else. English needs no work: its
translation is the text itself. What is new in another language stays empty until somebody translates it, and until
then a test fails and names it.
"""

from __future__ import annotations

import datetime as dt
import string
import sys
from typing import TYPE_CHECKING

from babel.messages import extract, pofile
from babel.messages.catalog import Catalog, Message

from languages import FOLDER, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = FOLDER.parent
SOURCES = ("__main__.py", "components", "lab", "policy")
"""Where texts for a person stand. Handlers have none: what they write is a log."""

# A real date would change the files whenever somebody brings them up to date.
_NO_DATE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_LINE_LENGTH = 120


def source_files() -> Iterator[Path]:
    """Return every file that may hold texts, in a fixed order."""
    for name in SOURCES:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def texts() -> Catalog:
    """Return every text of the code, as a catalogue without translations."""
    found = Catalog()
    for path in source_files():
        for _line, message, _comments, _context in extract.extract_from_file("python", path):
            found.add(message, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    return found


def read(language: str) -> Catalog:
    """Return the catalogue of a language as it is; an empty one where there is none."""
    path = FOLDER / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def brought_up_to_date(language: str) -> Catalog:
    """Return the catalogue with exactly the texts of the code; what is known of their translation is kept."""
    known = read(language)
    catalogue = Catalog(
        locale=language,
        project="streamlab",
        header_comment=f"# streamlab: {language}. Brought up to date by `make catalogues`; translate here.",
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        version="",
        msgid_bugs_address="",
        last_translator="streamlab",
        language_team="streamlab",
        fuzzy=False,
    )
    for message in texts():
        if message.id:
            catalogue.add(message.id, _translation(language, message, known), locations=message.locations)
    return catalogue


def _translation(language: str, message: Message, known: Catalog) -> str | list[str] | tuple[str, ...] | None:
    if language == "en":
        return message.id
    translated = known.get(message.id)
    return translated.string if translated and not translated.fuzzy else None


def problems(language: str) -> list[str]:
    """Return what is wrong with a catalogue, each in a line; nothing if it is complete."""
    catalogue = read(language)
    wanted = {message.id: message for message in texts() if message.id}
    present = {message.id: message for message in catalogue if message.id}
    found = [f"not in the code any more: {key!r}" for key in present if key not in wanted]
    found += [f"obsolete: {key!r}" for key in catalogue.obsolete]
    for key in wanted:
        message = present.get(key)
        if message is None:
            found.append(f"missing: {key!r}")
        elif message.fuzzy:
            found.append(f"fuzzy: {key!r}")
        else:
            found += _translation_problems(message)
    return found


def _translation_problems(message: Message) -> Iterator[str]:
    originals = message.id if isinstance(message.id, list | tuple) else (message.id,)
    translations = message.string if isinstance(message.string, list | tuple) else (message.string,)
    for translation in translations:
        if not translation:
            yield f"not translated: {message.id!r}"
        elif placeholders(translation) not in map(placeholders, originals):
            yield f"other placeholders than in {message.id!r}: {translation!r}"


def placeholders(text: str) -> set[tuple[str, str, str]]:
    """Return the replacement fields of a text: name, format, conversion."""
    return {
        (name, format_specification or "", conversion or "")
        for _literal, name, format_specification, conversion in string.Formatter().parse(text)
        if name is not None
    }


def main() -> int:
    """Write all catalogues; say what is left to translate. 1 if there is anything."""
    left = 0
    for language in LANGUAGES:
        catalogue = brought_up_to_date(language)
        with (FOLDER / f"{language}.po").open("wb") as file:
            pofile.write_po(file, catalogue, width=_LINE_LENGTH, include_lineno=False, ignore_obsolete=True)
        found = problems(language)
        left += len(found)
        print(f"{language}: {len(catalogue)} texts, {len(found)} to mend")  # noqa: T201
        for problem in found:
            print(f"  {problem}")  # noqa: T201
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
