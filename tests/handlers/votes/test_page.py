"""`GET /`: the page as it is served; tests/browser says what it does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import ModuleType

import pytest

from handlers.shared.http import HttpResponse
from handlers.shared.reader import LANGUAGES
from tests.handlers.events import Context
from tests.handlers.requests import http_event

Served = Callable[..., HttpResponse]


@pytest.fixture
def served(functions: Callable[[str], ModuleType]) -> Served:
    return lambda **headers: functions("results").lambda_handler(http_event("GET /", **headers), Context())


@pytest.fixture
def texts(served: Served) -> dict[str, dict[str, str]]:
    [found] = re.findall(r'<script type="application/json" id="texts">(.*?)</script>', served()["body"], re.DOTALL)
    return json.loads(found)


def test_it_needs_nothing_from_elsewhere_and_may_not_have_it(served: Served):
    answer = served()
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    policy = answer["headers"]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert policy.endswith(
        "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert policy.count("'sha256-") == len(re.findall(r"<(?:script|style)>", answer["body"])) == 2
    assert not re.findall(r"""(?:src|href)=["']?+(?!data:|#)""", answer["body"])
    # An attribute with a script or a style would be blocked by the policy.
    assert not re.findall(r"""<[^>]+\s(?:on\w+|style)=""", answer["body"])
    assert len(answer["body"].encode()) < 20_000


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("pt-BR,pt;q=0.9,en;q=0.8", "pt"), ("en", "en"), ("fr, es-PE;q=0.5", "es"), ("fr", "es"), ("", "es")],
)
def test_it_comes_in_the_readers_language_else_in_the_lessons(served: Served, wanted: str, language: str):
    answer = served(accept_language=wanted)
    assert re.findall(r'<html lang="(\w+)">', answer["body"]) == [language]
    assert answer["headers"]["Vary"] == "Accept-Language"


def test_it_says_the_same_in_every_language(texts: dict[str, dict[str, str]]):
    assert set(texts) == set(LANGUAGES)
    assert texts["es"].keys() == texts["pt"].keys() == texts["en"].keys()
    for what in texts["en"]:
        said = [texts[language][what] for language in LANGUAGES]
        assert all(said), what
        assert len({text.count("{name}") for text in said}) == 1, what


def test_it_has_the_texts_it_uses_and_no_others(served: Served, texts: dict[str, dict[str, str]]):
    page = served()["body"]
    outside = page.partition('id="texts">')[0] + page.partition('id="texts">')[2].partition("</script>")[2]
    unused = [what for what in texts["en"] if not re.search(rf"""["']{what}["']""", outside)]
    assert unused == []
    used = re.findall(r"""data-(?:text|label)="(\w+)"|\btext\("(\w+)"|say\("\w+", "(\w+)\"""", outside)
    assert {name for names in used for name in names if name} <= set(texts["en"])
