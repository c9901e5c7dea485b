"""In which language a reader is answered."""

from __future__ import annotations

import pytest

from handlers.shared.reader import preferred_language
from tests.handlers.requests import http_event


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en", "en"),
        ("en;q=0.5, pt", "pt"),
        ("pt;q=0.5,en;q=0.5", "pt"),
        ("pt;q=0, en;q=0.1", "en"),
        ("fr;q=1,PT-br;q=0.2", "pt"),
        ("en;q=high", "es"),
        ("en;q=nan", "es"),
        ("en ; q=0.8 , pt ; q=0.9", "pt"),
        ("english", "es"),
        ("", "es"),
    ],
)
def test_the_language_a_reader_likes_best(header: str, language: str):
    event = http_event("GET /", accept_language=header)
    assert preferred_language(event, "es") == language


def test_a_request_without_headers_gets_the_default():
    assert preferred_language({}, "es") == "es"
