"""The languages of every text a learner reads: English in the code, Spanish and Portuguese in the catalogues here.

The sources are gettext catalogues, one per language: `es.po`, `pt.po` (`en.po` is complete too, so that the
English can be read and mended in one place). `make catalogues` brings them up to date with the code; a test fails
where one is not complete. The language is `LAB_LANG`, else the locale of the terminal, else English.
"""

from __future__ import annotations

import functools
import gettext as _gettext
import io
import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LANGUAGES = ("en", "es", "pt")


def language() -> str:
    """Return the language to speak: one of `LANGUAGES`."""
    for variable in ("LAB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            code = value.replace("-", "_").split("_")[0].split(".")[0].lower()
            # A locale that is set but not ours (C, de_DE) ends the search, as gettext does.
            return code if code in LANGUAGES else "en"
    return "en"


@functools.cache
def _translations(code: str) -> _gettext.NullTranslations:
    source = FOLDER / f"{code}.po"
    if not source.exists():
        return _gettext.NullTranslations()
    compiled = source.with_suffix(".mo")
    try:
        if compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            with compiled.open("rb") as file:
                return _gettext.GNUTranslations(file)
    except OSError:
        pass  # not compiled yet, or half written: made again below
    content = _compile(source)
    try:
        temporary = compiled.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(content)
        temporary.replace(compiled)
    except OSError:
        pass  # a folder that cannot be written only costs the time of compiling again
    return _gettext.GNUTranslations(io.BytesIO(content))


def _compile(source: Path) -> bytes:
    from babel.messages import mofile, pofile  # only when a catalogue changed: it costs 80 ms

    with source.open("rb") as file:
        catalogue = pofile.read_po(file)
    buffer = io.BytesIO()
    mofile.write_mo(buffer, catalogue)
    return buffer.getvalue()


def gettext(message: str) -> str:
    """Return a message in the person's language."""
    return _translations(language()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return a message for a count, in the person's language."""
    return _translations(language()).ngettext(singular, plural, count)
