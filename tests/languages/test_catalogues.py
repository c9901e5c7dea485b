from __future__ import annotations

import ast
import subprocess
import sys

import pytest

import languages
from languages import catalogues


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_the_catalogue_is_complete(language):
    assert catalogues.problems(language) == []


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_the_catalogue_is_as_make_catalogues_writes_it(language):
    known = catalogues.read(language)
    fresh = catalogues.brought_up_to_date(language)
    assert [message.id for message in known] == [message.id for message in fresh]
    assert [message.string for message in known if message.id] == [message.string for message in fresh if message.id]


@pytest.mark.parametrize("language", ["es", "pt"])
def test_little_is_left_in_english(language):
    same = [m.id for m in catalogues.read(language) if m.id and m.string == m.id and " " in str(m.id)]
    assert same == []


def test_every_text_is_a_literal_and_is_collected():
    collected = {text for message in catalogues.texts() for text in _all_forms(message.id)}
    for path in catalogues.source_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                texts = node.args[:1] if node.func.id == "_" else node.args[:2]
                for text in texts:
                    where = f"{path}:{text.lineno}"
                    assert isinstance(text, ast.Constant), where
                    assert isinstance(text.value, str), where
                    # Babel finds no text inside an f-string.
                    assert text.value in collected, where


def _all_forms(message_id) -> tuple[str, ...]:
    return message_id if isinstance(message_id, tuple) else (message_id,)


def test_placeholders_are_names():
    for message in catalogues.texts():
        for text in _all_forms(message.id):
            for name, _format, _conversion in catalogues.placeholders(text):
                assert name.isidentifier(), text


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "es_PE.UTF-8"}, "es"),
        ({"LANG": "pt_BR.UTF-8"}, "pt"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "es_PE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "es_PE.UTF-8", "LAB_LANG": "pt"}, "pt"),
        ({"LAB_LANG": "pt-BR"}, "pt"),
    ],
)
def test_the_language_is_the_terminals_or_lab_lang(monkeypatch, variables, language):
    for name in ("LAB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert languages.language() == language


def test_a_count_is_told_in_the_right_form(monkeypatch):
    text = ("{count} item in table {table}", "{count} items in table {table}")
    for language, one, two in (("en", "item", "items"), ("es", "ítem", "ítems"), ("pt", "item", "itens")):
        monkeypatch.setenv("LAB_LANG", language)
        assert one in languages.ngettext(*text, 1).split()
        assert two in languages.ngettext(*text, 2).split()


def test_a_catalogue_that_was_changed_is_compiled_anew(monkeypatch, tmp_path):
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    monkeypatch.setenv("LAB_LANG", "es")
    languages._translations.cache_clear()
    source = tmp_path / "es.po"
    try:
        for translation in ("uno", "otro"):
            source.write_text(
                f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "a"\nmsgstr "{translation}"\n'
            )
            languages._translations.cache_clear()
            assert languages.gettext("a") == translation
            assert languages.gettext("unknown") == "unknown"
    finally:
        monkeypatch.undo()
        languages._translations.cache_clear()


@pytest.mark.slow
def test_the_tool_says_what_is_left(tmp_path):
    code = (
        "import sys, pathlib; from languages import catalogues; "
        "catalogues.FOLDER = pathlib.Path(sys.argv[1]); sys.exit(catalogues.main())"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "en: " in done.stdout
    assert "not translated" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"en.po", "es.po", "pt.po"}
