"""What tests of event source mappings are given."""

from __future__ import annotations

import pytest

from tests.cloud.conftest import Workshop


@pytest.fixture
def stream(workshop: Workshop) -> str:
    return workshop.stream()
