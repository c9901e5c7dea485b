"""Paths of `ignore_changes` and `replace_on_changes`."""

import pytest

from lab.deploy.engine.property_paths import keep_old, matches, parse


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tags", ("tags",)),
        ("a.b.c", ("a", "b", "c")),
        ("a[0].b", ("a", 0, "b")),
        ('tags["a.b"]', ("tags", "a.b")),
        ('tags["say \\"x\\""].y', ("tags", 'say "x"', "y")),
        ("a[*].b", ("a", "*", "b")),
        ("*", ("*",)),
    ],
)
def test_paths_are_parsed(text, parts):
    assert parse(text) == parts


@pytest.mark.parametrize("text", ["a[", "a[x]", 'a["x]', "]"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(ValueError, match="is no path"):
        parse(text)


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a", "a", True),
        ("a.b", "a", True),
        ("a", "a.b", True),
        ("ab", "a", False),
        ("a.c", "a.b", False),
        ("a[1].b", "a[*].b", True),
        ("anything", "*", True),
    ],
)
def test_a_change_is_matched(path, pattern, expected):
    assert matches(path, [pattern]) is expected


@pytest.mark.parametrize(
    ("new", "old", "path", "expected"),
    [
        ({"a": 2}, {"a": 1}, "a", {"a": 1}),
        ({"a": 2}, {}, "a", {}),
        ({}, {"a": 1}, "a", {"a": 1}),
        ({"a": {"x": 2, "y": 2}}, {"a": {"x": 1, "y": 1}}, "a.x", {"a": {"x": 1, "y": 2}}),
        ({"a": {"x": 2}}, {"a": {}}, "a.x", {"a": {}}),
        ({}, {"a": {"x": 1}}, "a.x", {}),
        ({"a": [1, 2]}, {"a": [3, 4]}, "a[1]", {"a": [1, 4]}),
        ({"a": [1]}, {"a": [3, 4]}, "a[1]", {"a": [1]}),
        ({"a": [{"x": 2}]}, {"a": [{"x": 1}]}, "a[*].x", {"a": [{"x": 1}]}),
        ({"a": 2, "b": 2}, {"a": 1, "c": 1}, "*", {"a": 1, "c": 1}),
    ],
)
def test_ignored_changes_keep_the_old(new, old, path, expected):
    assert keep_old(new, old, [path]) == expected


def test_nothing_given_is_changed():
    new, old = {"a": {"x": 2}}, {"a": {"x": 1}}
    keep_old(new, old, ["a.x"])
    assert (new, old) == ({"a": {"x": 2}}, {"a": {"x": 1}})
