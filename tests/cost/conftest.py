from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import workspace
from lab.deploy.planning import PlannedResource
from lab.deploy.stack import Stack
from lab.deploy.stack_files import StackFiles
from lab.target import LESSONS


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory):
    """Return a way to plan the stack `dev` with other settings, each once."""

    known: dict[str, list[PlannedResource]] = {}

    def run(**settings: Any) -> list[PlannedResource]:
        text = yaml.safe_dump(settings)
        if text not in known:
            stack = yaml.safe_load((workspace.ROOT / "Pulumi.dev.yaml").read_text())
            stack["config"] |= {f"streamlab:{name}": value for name, value in settings.items()}
            file: Path = tmp_path_factory.mktemp("plan") / "Pulumi.plan.yaml"
            file.write_text(yaml.safe_dump(stack))
            result, known[text] = Stack(StackFiles("plan", file)).plan(LESSONS)
            assert result.ok, result.errors
        return known[text]

    return run
