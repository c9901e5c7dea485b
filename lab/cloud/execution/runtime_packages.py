"""What Lambda's Python runtimes bring along: boto3 and what it needs, and nothing else of this installation."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
"""The distributions of "Runtime-included SDK versions"."""
PRIVATE_MODULES = frozenset({"__pycache__", "bin", ".."})


def runtime_packages(folder: Path) -> Path:
    """Return a folder with links to the runtime's packages, and to nothing beside them.

    Args:
        folder: where such folders are kept; one is made for each set of versions, those of other versions are removed.
    """
    links = dict(sorted(_links().items()))
    made = folder / hashlib.sha256(repr(links).encode()).hexdigest()[:16]
    if not made.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        unfinished = made.with_suffix(f".{os.getpid()}")
        unfinished.mkdir(parents=True)
        for name, target in links.items():
            (unfinished / name).symlink_to(target)
        unfinished.rename(made)
    return made


def _links() -> dict[str, str]:
    """Return the packages' own top-level modules and their metadata, by name."""
    links: dict[str, str] = {}
    for package in PACKAGES:
        distribution = importlib.metadata.distribution(package)
        for name in {path.parts[0] for path in distribution.files or ()} - PRIVATE_MODULES:
            links[name] = str(distribution.locate_file(name))
    return links
