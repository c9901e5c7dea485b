"""What fails, what is told of it, and that the next run goes on from there."""

import os
import threading

import grpc
import pytest

from lab.errors import LabError

BRANCHES = """
a = Thing("a")
b = Thing("b", of=a.address)
c = Thing("c", of=b.address.apply(lambda address: address.upper()))
d = Thing("d", opts=Options(depends_on=[b]))
e = Thing("e", opts=Options(parent=b))
Thing("free")
pulumi.export("a", a.address)
pulumi.export("c", c.address)
"""


def test_what_needs_a_failed_resource_is_skipped_and_the_rest_goes_on(bench):
    bench.cloud.fail["Create", "b"] = "no room"
    result = bench.up(BRANCHES)
    assert not result.ok
    assert result.errors == ("b (fake:index:Thing): no room",)
    assert bench.told("failed") == ["b"]
    assert sorted(bench.told("skipped")) == ["c", "d", "e"]
    assert sorted(bench.cloud.named("Create")) == ["a", "b", "free"]
    assert result.outputs["a"].startswith("fake:north:a")
    bench.assert_consistent()


def test_the_next_run_makes_what_was_missing(bench):
    bench.cloud.fail["Create", "b"] = "no room"
    bench.up(BRANCHES)
    bench.cloud.fail.clear()
    result = bench.up(BRANCHES)
    assert result.counts == {"same": 3, "create": 4}
    bench.assert_consistent()


@pytest.mark.parametrize(
    "lost",
    [grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, None, RuntimeError("oh")],
    ids=str,
)
def test_what_was_made_without_an_answer_is_taken_over_and_finished(bench, lost):
    bench.cloud.lost["a"] = lost or LabError("the provider's own error, beside its protocol")
    body = 'Thing("a", size=1)'
    result = bench.up(body)
    assert not result.ok
    assert bench.pending == ["urn:pulumi:local::demo::fake:index:Thing::a"]
    made = list(bench.cloud.things)
    bench.cloud.lost.clear()
    assert bench.up(body).counts == {"same": 1, "update": 1}
    assert list(bench.cloud.things) == made
    bench.assert_consistent()


def test_what_was_made_without_an_answer_is_deleted_with_the_rest(bench):
    bench.cloud.lost["a"] = grpc.StatusCode.UNKNOWN
    assert not bench.up('Thing("a", size=1)').ok
    assert bench.destroy().ok
    assert bench.cloud.things == {}
    assert bench.pending == []


def test_what_gave_no_answer_and_was_not_made_is_made_by_the_next_run(bench):
    bench.cloud.fail["Create", "a"] = RuntimeError("no room")
    result = bench.up('Thing("a")')
    assert result.errors == ("a (fake:index:Thing): The provider failed unexpectedly: RuntimeError: no room",)
    assert bench.pending == ["urn:pulumi:local::demo::fake:index:Thing::a"]
    bench.cloud.fail.clear()
    assert bench.up('Thing("a")').counts["create"] == 1
    bench.assert_consistent()


def test_what_was_refused_is_not_looked_for(bench):
    """What has the same name is another's: it must not be taken over by a later run."""
    bench.cloud.things["fixed"] = {"name": "fixed"}
    assert bench.up('Thing("a", name="fixed")').errors == ("a (fake:index:Thing): there is a fixed already",)
    assert bench.pending == []
    assert bench.destroy().ok
    assert bench.cloud.things == {"fixed": {"name": "fixed"}}


def test_a_failed_run_deletes_nothing(bench):
    bench.up('Thing("old")')
    bench.cloud.fail["Create", "new"] = "no room"
    bench.up('Thing("new")')
    assert not bench.cloud.named("Delete")
    assert "old" in bench.state
    bench.cloud.fail.clear()
    bench.up('Thing("new")')
    assert bench.cloud.named("Delete") == ["old"]


def test_what_failed_still_knows_what_it_needs_under_its_new_name(bench):
    bench.up('a = Thing("a")\nThing("b", of=a.address, size=1)')
    bench.cloud.fail["Update", "b"] = "not now"
    result = bench.up(
        'a = Thing("new", opts=Options(aliases=[pulumi.Alias(name="a")]))\nThing("b", of=a.address, size=2)'
    )
    assert not result.ok
    assert bench.state["b"]["dependencies"] == [bench.state["new"]["urn"]]
    bench.assert_consistent()


def test_a_failed_update_keeps_what_was_known(bench):
    bench.up(BRANCHES)
    before, outputs = bench.state["a"], bench.state["demo-local"]["outputs"]
    bench.cloud.fail["Update", "a"] = "not now"
    result = bench.up(BRANCHES.replace('Thing("a")', 'Thing("a", size=2)'))
    assert not result.ok
    assert bench.state["a"] == before
    assert bench.state["demo-local"]["outputs"] == outputs
    bench.cloud.fail.clear()
    assert bench.up(BRANCHES.replace('Thing("a")', 'Thing("a", size=2)')).counts["update"] == 1


def test_inputs_that_the_provider_refuses_are_told_by_name(bench):
    result = bench.up('Thing("a", name="two words")')
    assert result.errors == ("a (fake:index:Thing): name: a name has no spaces",)


def test_a_resource_that_came_up_incomplete_is_kept_and_mended(bench):
    bench.cloud.incomplete.add("a")
    body = 'a = Thing("a", size=1)\nThing("b", of=a.address)'
    result = bench.up(body)
    assert not result.ok
    assert "it does not answer" in result.errors[0]
    assert bench.state["a"]["initErrors"] == ["it does not answer"]
    assert bench.told("skipped") == ["b"]
    bench.assert_consistent()
    bench.cloud.incomplete.clear()
    assert bench.up(body).ok
    assert bench.cloud.named("Update") == ["a"]
    assert "initErrors" not in bench.state["a"]


def test_what_a_failed_delete_needs_is_kept(bench):
    bench.up('a = Thing("a")\nb = Thing("b", of=a.address)\nThing("c", of=b.address)\nThing("free")')
    bench.cloud.fail["Delete", "b"] = "still in use"
    result = bench.destroy()
    assert not result.ok
    assert set(bench.state) == {"demo-local", "default", "a", "b"}
    assert "a" in bench.told("skipped")
    bench.cloud.fail.clear()
    assert bench.destroy().ok
    assert bench.cloud.things == {}


def test_a_provider_that_cannot_be_configured_is_told_once_for_each_resource(bench):
    bench.cloud.fail["Configure", "default"] = "no such region"
    result = bench.up('Thing("a")')
    assert not result.ok
    assert "no such region" in result.errors[0]
    assert bench.state == {} or list(bench.state) == ["demo-local"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1 / 0", "__main__.py:2: ZeroDivisionError: division by zero"),
        ('Thing("a").address.apply(lambda a: 1 / 0)', "__main__.py:2: ZeroDivisionError: division by zero"),
        (
            'def wrong(value):\n    return value["x"]\nThing("b", of=Thing("a").address.apply(wrong))',
            "__main__.py:3: TypeError: string indices must be integers, not 'str'",
        ),
        (
            'pulumi.export("x", Thing("a").address.apply(lambda a: 1 / 0))',
            "__main__.py:2: ZeroDivisionError: division by zero",
        ),
        ("x = (", "__main__.py:2: SyntaxError: '(' was never closed"),
        ("import nowhere", "__main__.py:2: ModuleNotFoundError: No module named 'nowhere'"),
        ("from broken import x", "broken.py:1: NameError: name 'undefined' is not defined"),
        ('raise pulumi.RunError("settings are wrong")', "settings are wrong"),
        ('raise Exception("plain words")', "__main__.py:2: plain words"),
        ("import sys; sys.exit(3)", "The program ended itself: 3"),
        ('Thing("a", size=object())', "ValueError: While processing resource: 'a', type: 'fake:index:Thing'"),
        ('pulumi.Config().require("missing")', "Missing required configuration variable 'demo:missing'"),
        (
            'pulumi.runtime.invoke("fake:index:say", {"fail": True}).value',
            "__main__.py:2: invoke of fake:index:say failed: asked to (fail)",
        ),
    ],
)
def test_a_program_that_fails_is_told_by_its_own_line(bench, body, told):
    folder = bench.folder / "program"
    folder.mkdir()
    (folder / "broken.py").write_text("undefined\n")
    result = bench.up(body)
    assert not result.ok
    assert len(result.errors) == 1
    assert result.errors[0].startswith(told), result.errors
    assert "Traceback" not in result.errors[0]


def test_what_was_made_before_the_program_failed_is_kept(bench):
    bench.up('Thing("a")\nThing("b")')
    result = bench.up('Thing("a")\nThing("c")\nraise ValueError("halfway")')
    assert not result.ok
    assert not bench.cloud.named("Delete")
    assert {"a", "b", "c"} <= set(bench.state)
    bench.assert_consistent()


def test_a_clean_exit_is_no_failure(bench):
    assert bench.up('Thing("a")\nimport sys; sys.exit(0)').ok


def test_messages_of_the_program_are_told(bench):
    bench.up('a = Thing("a")\npulumi.log.warn("careful")\npulumi.log.info("of a", a)\npulumi.log.debug("quiet")')
    messages = [(event.severity, event.message, event.name) for event in bench.events if event.kind == "log"]
    assert messages == [("warning", "careful", ""), ("info", "of a", "a")]


def test_secrets_in_messages_are_masked(bench):
    bench.cloud.fail["Create", "a"] = "the key open-sesame is wrong"
    result = bench.up('Thing("a", key=pulumi.Output.secret("open-sesame"))')
    assert "the key [secret] is wrong" in result.errors[0]
    assert "open-sesame" not in repr(bench.events)


def test_two_runs_at_once_are_refused(bench):
    bench.up('Thing("a")')
    running, go_on = threading.Event(), threading.Event()
    original = bench.cloud.note

    def wait(*call):
        running.set()
        go_on.wait(10)
        return original(*call)

    bench.cloud.note = wait
    first = bench.engine()
    thread = threading.Thread(target=first.destroy)
    thread.start()
    assert running.wait(10)
    with pytest.raises(LabError, match=rf"Another command \(process {os.getpid()}\) is working on this stack"):
        bench.engine().destroy()
    go_on.set()
    thread.join()
    assert bench.engine().destroy().ok


def test_a_state_that_cannot_be_read_is_told(bench):
    bench.state_file.write_text("{ half")
    with pytest.raises(LabError, match="cannot be read"):
        bench.up('Thing("a")')
    assert bench.cloud.things == {}


def test_an_interrupt_ends_the_run_and_keeps_what_was_made(bench):
    with pytest.raises(KeyboardInterrupt):
        bench.up('a = Thing("a")\ndef stop(address):\n    raise KeyboardInterrupt\na.address.apply(stop)')
    bench.assert_consistent()
    assert bench.cloud.requests("Cancel")
    assert bench.destroy().ok  # the lock is free again


def test_what_was_being_made_when_interrupted_is_found_again(bench):
    bench.cloud.endless.add("endless")
    body = """
import time
Thing("endless")
def stop(address):
    time.sleep(0.1)
    raise KeyboardInterrupt
Thing("a").address.apply(stop)
"""
    with pytest.raises(KeyboardInterrupt):
        bench.up(body)
    assert bench.pending == ["urn:pulumi:local::demo::fake:index:Thing::endless"]
    assert len(bench.cloud.things) == 2
    assert bench.destroy().ok
    assert bench.cloud.things == {}


def test_what_a_module_of_the_program_keeps_does_not_reach_the_next_run(bench):
    (bench.folder / "program").mkdir()
    (bench.folder / "program" / "counting.py").write_text("runs = []\n")
    body = 'import counting\ncounting.runs.append(1)\npulumi.export("runs", len(counting.runs))'
    assert bench.preview(body).outputs == {"runs": 1}
    assert bench.up(body).outputs == {"runs": 1}
