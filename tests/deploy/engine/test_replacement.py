"""Replacing: what is made first, what must go first, and what goes with it."""


def verbs(bench):
    return [(method, request.name) for method, request in bench.cloud.calls if method in ("Create", "Update", "Delete")]


def test_the_new_one_is_made_before_the_old_one_goes(bench):
    bench.up('a = Thing("a", kind="x")\nThing("b", of=a.address)')
    old = bench.state["a"]["id"]
    result = bench.up('a = Thing("a", kind="y")\nThing("b", of=a.address)')
    assert result.counts == {"same": 1, "replace": 1, "update": 1}
    assert verbs(bench) == [("Create", "a"), ("Update", "b"), ("Delete", "a")]
    assert bench.cloud.requests("Delete")[0].id == old
    assert [event.changes for event in bench.events if event.kind == "replace"] == [("kind",), ("kind",)]
    bench.assert_consistent()


def test_a_replacement_gets_a_new_name(bench):
    bench.up('Thing("a", kind="x")')
    old = bench.state["a"]["inputs"]["name"]
    bench.up('Thing("a", kind="y")')
    assert bench.state["a"]["inputs"]["name"] != old


def test_the_program_may_ask_to_delete_first(bench):
    bench.up('Thing("a", kind="x")')
    bench.up('Thing("a", kind="y", opts=Options(delete_before_replace=True))')
    assert verbs(bench) == [("Delete", "a"), ("Create", "a")]
    bench.assert_consistent()


def test_the_provider_may_ask_to_delete_first(bench):
    bench.up('Thing("a", name="fixed", exclusive=True, kind="x")')
    result = bench.up('Thing("a", name="fixed", exclusive=True, kind="y")')
    assert result.ok, result.errors
    assert verbs(bench) == [("Delete", "a"), ("Create", "a")]
    assert bench.cloud.things["fixed"]["kind"] == "y"


def test_the_program_has_the_last_word_about_the_order(bench):
    bench.up('Thing("a", exclusive=True, kind="x")')
    bench.up('Thing("a", exclusive=True, kind="y", opts=Options(delete_before_replace=False))')
    assert verbs(bench) == [("Create", "a"), ("Delete", "a")]


CHAIN = """
a = Thing("a", kind="{kind}", exclusive=True)
b = Thing("b", kind=a.address)
c = Thing("c", of=b.address)
d = Thing("d", kind=b.address)
Thing("e")
"""


def test_what_cannot_live_without_it_goes_first_and_comes_back(bench):
    bench.up(CHAIN.format(kind="x"))
    result = bench.up(CHAIN.format(kind="y"))
    assert result.ok, result.errors
    deletes = bench.cloud.named("Delete")
    assert deletes == ["d", "b", "a"]  # c only refers to b and is updated
    assert [name for method, name in verbs(bench)][:3] == deletes
    assert sorted(bench.cloud.named("Create")) == ["a", "b", "d"]
    assert bench.cloud.named("Update") == ["c"]
    assert sorted(bench.told("replace")) == ["a", "b", "d"]
    bench.assert_consistent()


def test_a_preview_of_such_a_replacement_deletes_nothing(bench):
    bench.up(CHAIN.format(kind="x"))
    before = dict(bench.cloud.things)
    result = bench.preview(CHAIN.format(kind="y"))
    assert result.counts["replace"] == 3
    assert bench.cloud.things == before
    assert not bench.cloud.requests("Delete")


def test_nothing_is_deleted_first_where_a_dependent_is_protected(bench):
    body = 'a = Thing("a", kind="{kind}", exclusive=True)\nThing("b", kind=a.address, opts=Options(protect=True))'
    bench.up(body.format(kind="x"))
    before = dict(bench.cloud.things)
    result = bench.up(body.format(kind="y"))
    assert not result.ok
    assert "fake:index:Thing::b" in result.errors[0]
    assert bench.cloud.things == before


def test_the_program_can_ask_for_a_replacement_on_changes(bench):
    body = 'Thing("a", size={size}, inner={{"x": {x}}}, opts=Options(replace_on_changes=["inner.x"]))'
    bench.up(body.format(size=1, x=1))
    assert bench.up(body.format(size=2, x=1)).counts == {"same": 1, "update": 1}
    assert bench.up(body.format(size=2, x=2)).counts == {"same": 1, "replace": 1}


def test_every_change_can_ask_for_a_replacement(bench):
    body = 'Thing("a", size={size}, opts=Options(replace_on_changes=["*"]))'
    bench.up(body.format(size=1))
    assert bench.up(body.format(size=1)).counts == {"same": 2}
    assert bench.up(body.format(size=2)).counts == {"same": 1, "replace": 1}


def test_a_replaced_one_that_cannot_be_deleted_is_not_forgotten(bench):
    bench.up('Thing("a", kind="x")')
    old = bench.state["a"]["id"]
    bench.cloud.fail["Delete", "a"] = "still in use"
    result = bench.up('Thing("a", kind="y")')
    assert not result.ok
    assert bench.state["a!"]["id"] == old
    bench.cloud.fail.clear()
    assert bench.up('Thing("a", kind="y")').ok
    assert bench.cloud.named("Delete") == ["a"]
    bench.assert_consistent()


def test_a_failed_replacement_keeps_the_old_one(bench):
    bench.up('Thing("a", kind="x")')
    before = bench.state["a"]
    bench.cloud.fail["Create", "a"] = "no room"
    assert not bench.up('Thing("a", kind="y")').ok
    assert bench.state["a"] == before
    bench.assert_consistent()
