"""`lab package`: builds the code packages of the lessons' functions."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from lab import package as packages
from lab.command_line import AsJson, VerbApp
from lab.numbers import decimal
from lab.terminal import progress, say_json, table
from languages import gettext as _

app = VerbApp()


@app.verb(
    "package",
    changes=True,
    details=_(
        "`lab up` does this by itself; here you see what is uploaded. The same input gives the same package, byte for "
        "byte, on any computer."
    ),
    json_shape='{LESSON: {"path": FILE, "sha256": HASH}}',
    examples=("lab package", "lab package basic", "lab package --json"),
)
def package(
    lessons: Annotated[
        list[str] | None, typer.Argument(metavar="LESSON", help=_("The lessons to package. [default: all]"))
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Build what is missing or out of date, and tell where it lies."""
    with progress(_("Packaging …"), silent=as_json):
        wanted = dict.fromkeys([*(lessons or packages.lessons()), *packages.needed_by(lessons or [])])
        built = {lesson: packages.build(lesson) for lesson in wanted}
        hashes = {lesson: packages.package_hash(path) for lesson, path in built.items()}
    if as_json:
        say_json({lesson: {"path": str(path), "sha256": hashes[lesson]} for lesson, path in built.items()})
        return
    rows = [
        (lesson, f"{decimal(path.stat().st_size / 2**20)} MB", hashes[lesson][:12], os.path.relpath(path))
        for lesson, path in built.items()
    ]
    table((_("lesson"), _("size"), "SHA-256", _("file")), rows)
