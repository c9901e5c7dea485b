"""Numbers as the person's language writes them: 1,234.5 in English, 1.234,5 in Spanish and Portuguese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from languages import language

if TYPE_CHECKING:
    from decimal import Decimal


def whole(number: int) -> str:
    """Return a count."""
    return str(number) if abs(number) < 1000 else _written(number, 0)  # noqa: PLR2004  (nothing to separate)


def decimal(number: float | Decimal, digits: int = 1) -> str:
    """Return a number with so many decimals."""
    return _written(number, digits)


def _written(number: float | Decimal, digits: int) -> str:
    code = language()
    if code == "en":
        return f"{number:,.{digits}f}"
    # Babel takes 0.08 s to import: only where English's own way will not do.
    from babel.numbers import format_decimal

    return format_decimal(number, format=f"#,##0.{'0' * digits}".rstrip("."), locale=code)
