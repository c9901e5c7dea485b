"""The line under the title of an exercise's README: how long it takes, where it runs, what it costs on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.workbook.contents import Exercise

# They stand in files of one language each, whatever the language of whoever reads this.
_TIME = {"en": "{minutes} minutes.", "es": "{minutes} minutos.", "pt": "{minutes} minutos."}
_OFFLINE = {"en": "Needs no cloud.", "es": "No necesita nube.", "pt": "Não precisa de nuvem."}
_LOCAL = {"en": "On the local cloud.", "es": "En la nube local.", "pt": "Na nuvem local."}
_ON_AWS = {
    "en": "On the local cloud; on AWS about {usd} USD.",
    "es": "En la nube local; en AWS, unos {usd} USD.",
    "pt": "Na nuvem local; na AWS, cerca de {usd} USD.",
}


def facts(exercise: Exercise, code: str) -> str:
    """Return the line, in a language, from what `workbook.toml` says."""
    where = _OFFLINE if exercise.needs == "offline" else _LOCAL
    if exercise.aws_usd and exercise.needs != "offline":
        where = _ON_AWS
    usd = str(exercise.aws_usd) if code == "en" else str(exercise.aws_usd).replace(".", ",")
    return f"*{_TIME[code].format(minutes=exercise.minutes)} {where[code].format(usd=usd)}*"
