from __future__ import annotations

import pytest

from lab.numbers import decimal, whole


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ("7", "12,345", "0.3", "1,234.50")),
        ("es", ("7", "12.345", "0,3", "1.234,50")),
        ("pt", ("7", "12.345", "0,3", "1.234,50")),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(monkeypatch, language, told):
    monkeypatch.setenv("LAB_LANG", language)
    assert (whole(7), whole(12345), decimal(0.3), decimal(1234.5, 2)) == told


def test_babel_is_imported_only_for_numbers_that_need_it(lab_process):
    assert "babel.numbers" not in lab_process("--help", LAB_LANG="es", PYTHONPROFILEIMPORTTIME="1").err
