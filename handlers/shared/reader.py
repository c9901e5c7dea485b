"""What a person reads of a function: in which of three languages, and what every function may have to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handlers.shared.http import HttpEvent

LANGUAGES = ("es", "pt", "en")
"""Those in which there is every text."""

NOT_NOW = {
    "es": "Ahora mismo no es posible. Inténtelo de nuevo en un momento.",
    "pt": "No momento não é possível. Tente de novo daqui a pouco.",
    "en": "That is not possible right now. Try again in a moment.",
}
"""When AWS does not answer, or throttles: its own words are for the log."""


def preferred_language(event: HttpEvent, default: str) -> str:
    """Return which of the languages the reader likes best, by the request's Accept-Language (RFC 9110)."""
    wishes = event.get("headers", {}).get("accept-language", "").split(",")
    by_weight = sorted(map(_wish, wishes), key=lambda wish: -wish[1])  # stable: among equals the first
    wanted: Iterable[str] = (language for language, weight in by_weight if weight > 0)
    return next((language for language in wanted if language in LANGUAGES), default)


def _wish(text: str) -> tuple[str, float]:
    """Return language and weight of one part, such as `es-PE;q=0.8`; a part that is none has the weight 0."""
    tag, _, parameter = text.partition(";")
    name, _, weight = parameter.replace(" ", "").partition("=")
    language = tag.strip().lower().partition("-")[0]
    try:
        return language, float(weight) if name == "q" else 1.0
    except ValueError:
        return language, 0.0
