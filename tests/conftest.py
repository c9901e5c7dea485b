"""Shared fixtures: a local cloud per test process, on a free port, in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.nodeid import NodeId

from lab.cloud import process
from lab.cloud.client import Cloud


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a group together, so that what they share is made once.

    pytest-xdist 3.8 appends the group to `_nodeid`, which pytest 9.2 no longer reads: without this, `--dist loadgroup`
    spreads every group over all processes.
    """
    if getattr(config.option, "loadgroup", False):
        for item in items:
            item._id = NodeId.parse(getattr(item, "_nodeid", item.nodeid))


@pytest.fixture(scope="session", autouse=True)
def lab_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep everything the lab makes away from the clone's own `.lab`, and the person's language out of the tests."""
    folder = tmp_path_factory.mktemp("lab")
    patch = pytest.MonkeyPatch()
    patch.setenv("LAB_HOME", str(folder))
    patch.setenv("LAB_LANG", "en")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    yield folder
    patch.undo()


@pytest.fixture(scope="session")
def local_cloud(lab_home: Path) -> Iterator[Cloud]:
    """Give a running cloud; tests share it and keep apart by names of their own."""
    cloud, _ = process.start(port=0, state_folder=lab_home / "cloud")
    yield cloud
    process.stop()
