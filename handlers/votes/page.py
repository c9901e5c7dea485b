"""The voting page: one file that needs nothing from elsewhere, and the headers that hold it to that."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handlers.shared.http import HttpResponse

_HTML = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def _hashes(element: str) -> str:
    """Return the hashes of the page's own scripts or styles: only what has one runs."""
    contents = re.findall(rf"<{element}>(.*?)</{element}>", _HTML, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_hashes('script')}; style-src {_hashes('style')}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
}


def page(language: str) -> HttpResponse:
    """Return the page; its script puts the texts in, in the language that the document says it has."""
    html = _HTML.replace('<html lang="en">', f'<html lang="{language}">', 1)
    return {"statusCode": 200, "headers": _HEADERS, "body": html}
