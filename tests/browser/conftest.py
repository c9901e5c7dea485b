"""The voting page in a real browser: one that is installed, Debian's `chromium`; none is downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from lab import workspace
from lab.api import Api
from lab.target import Target

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def api(chromium: Browser, local_cloud: Any) -> Iterator[Api]:
    """The API of lesson votes on a local cloud; removed again even where a test fails."""

    def process(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "import sys; from lab.command import main; sys.exit(main())"
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, cwd=workspace.ROOT, env=os.environ, capture_output=True, text=True, check=False)

    done = process("up", "votes")
    assert done.returncode == 0, done.stdout + done.stderr
    yield Api(Target("local").lesson("votes")["ApiUrl"])
    process("down")


@dataclass
class Reader:
    """Somebody who has the page open."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """What the browser wrote to its console, and what the page raised."""
    requests: list[str] = field(default_factory=list)
    """The addresses the page asked for."""

    def option(self, name: str) -> Locator:
        """Return the button that votes for a driver."""
        return self.page.locator("#options").get_by_role("button", name=name)

    def posts(self) -> int:
        """Return how many votes the page has sent."""
        return sum(url.endswith("/votes") for url in self.requests)


Visit = Callable[..., Reader]


@pytest.fixture
def visit(chromium: Browser, api: Api) -> Iterator[Visit]:
    """Opens the page as somebody with a browser of their own; `before` sees it before it is loaded."""
    contexts: list[Any] = []

    def open_page(
        *, language: str = "en", width: int = 1280, before: Callable[[Page], None] = lambda _page: None
    ) -> Reader:
        context = chromium.new_context(locale=language, viewport={"width": width, "height": 720})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        reader = Reader(page := context.new_page())
        page.on("console", lambda message: reader.complaints.append(message.text))
        page.on("pageerror", lambda error: reader.complaints.append(str(error)))
        page.on("request", lambda request: reader.requests.append(request.url))
        before(page)
        page.goto(api.url)
        return reader

    yield open_page
    for context in contexts:
        context.close()
