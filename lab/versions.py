"""Which versions are at work."""

from __future__ import annotations

import platform
import tomllib
from importlib.metadata import version

from lab import workspace

PACKAGES = ("pulumi", "ministack")
"""Packages that decide how the lab behaves."""


def versions() -> dict[str, str]:
    """Return the versions of the lab, of Python, and of the packages that decide how the lab behaves."""
    project = tomllib.loads((workspace.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        project["name"]: project["version"],
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }
