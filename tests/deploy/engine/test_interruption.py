"""An engine killed (-9) at any moment: the next `up` or `down` finishes, nothing is orphaned, nothing is lost."""

import json
import subprocess
import sys
from subprocess import PIPE

import pytest

from lab.workspace import ROOT
from tests.deploy.engine.conftest import Bench
from tests.deploy.engine.fake import Cloud

CREATE = 'a = Thing("a")\nb = Thing("b", of=a.address)\nThing("c", of=b.address)\nThing("d", name="fixed")'
REPLACE = (
    'a = Thing("a", kind="x")\nThing("b", of=a.address)\nThing("old")',
    'a = Thing("a", kind="y")\nThing("b", of=a.address)',
)
REPLACE_FIRST = (
    'a = Thing("a", kind="x", exclusive=True)\nThing("b", kind=a.address)',
    'a = Thing("a", kind="y", exclusive=True)\nThing("b", kind=a.address)',
)
CALLS = [(number, moment) for number in range(1, 5) for moment in ("before", "between", "after")]
SAVES = [(number, moment) for number in range(1, 6) for moment in ("saving", "saved")]


@pytest.fixture(scope="module")
def dying():
    """Give the function that runs a program in a process that is killed; see `dying.py`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.deploy.engine.dying"], cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True
    )

    def run(folder, body, kill_at):
        process.stdin.write(json.dumps([str(folder), body, kill_at]) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield run
    process.stdin.close()
    assert process.wait(10) == 0


@pytest.fixture
def aftermath(tmp_path):
    """Give what looks at a folder after its engine was killed."""
    return lambda: Bench(tmp_path, Cloud(tmp_path / "cloud.json"))


@pytest.mark.parametrize("kill_at", [*CALLS, *SAVES], ids=str)
@pytest.mark.parametrize(
    ("before", "after"), [(None, CREATE), REPLACE, REPLACE_FIRST], ids=["create", "replace", "delete first"]
)
def test_up_finishes_what_was_cut_off(tmp_path, dying, aftermath, before, after, kill_at):
    if before:
        assert aftermath().up(before).ok
    dying(tmp_path, after, kill_at)
    bench = aftermath()
    result = bench.up(after)
    assert result.ok, result.errors
    bench.assert_consistent()
    assert not [name for name in bench.state if name.endswith("!")]
    assert bench.up(after).changed is False


@pytest.mark.slow
@pytest.mark.parametrize("kill_at", [*CALLS, *SAVES], ids=str)
@pytest.mark.parametrize(
    ("before", "after"), [(None, CREATE), REPLACE, REPLACE_FIRST], ids=["create", "replace", "delete first"]
)
def test_down_removes_what_was_cut_off(tmp_path, dying, aftermath, before, after, kill_at):
    if before:
        assert aftermath().up(before).ok
    dying(tmp_path, after, kill_at)
    bench = aftermath()
    result = bench.destroy()
    assert result.ok, result.errors
    assert bench.cloud.things == {}
    assert bench.state == {}
    assert bench.pending == []


@pytest.mark.parametrize("kill_at", [*CALLS, *SAVES], ids=str)
def test_up_makes_again_what_a_cut_off_down_had_deleted(tmp_path, dying, aftermath, kill_at):
    assert aftermath().up(CREATE).ok
    dying(tmp_path, "", kill_at)
    bench = aftermath()
    result = bench.up(CREATE)
    assert result.ok, result.errors
    bench.assert_consistent()
    assert len(bench.cloud.things) == 4
    assert bench.pending == []
    assert bench.up(CREATE).changed is False


def test_the_moments_are_real(tmp_path, dying):
    """The two tests above mean nothing if nothing is ever killed."""
    died = [dying(tmp_path / f"{number}{moment}", CREATE, (number, moment)) for number, moment in CALLS]
    assert died == [True] * len(CALLS)
    saved = [dying(tmp_path / f"{number}{moment}", CREATE, (number, moment)) for number, moment in SAVES[:6]]
    assert saved == [True] * 6


def test_what_was_being_created_is_on_the_disk_before_it_is_asked_for(tmp_path, dying, aftermath):
    dying(tmp_path, 'Thing("a", name="fixed")', (1, "before"))
    assert aftermath().pending == ["urn:pulumi:local::demo::fake:index:Thing::a"]


def test_what_was_made_is_taken_over_not_made_twice(tmp_path, dying, aftermath):
    dying(tmp_path, CREATE, (2, "after"))
    made = set(aftermath().cloud.things)
    bench = aftermath()
    bench.up(CREATE)
    assert made <= set(bench.cloud.things)
    assert len(bench.cloud.things) == 4


def test_what_was_half_made_is_finished(tmp_path, dying, aftermath):
    body = 'Thing("a", name="fixed", kind="x", size=1, key=pulumi.Output.secret("open-sesame"))'
    assert dying(tmp_path, body, (1, "between"))
    bench = aftermath()
    assert bench.cloud.things == {"fixed": {"name": "fixed", "kind": "x"}}
    assert bench.preview(body).counts["update"] == 1
    assert bench.up(body).counts["update"] == 1
    assert bench.cloud.things == {"fixed": {"name": "fixed", "kind": "x", "size": 1, "key": "open-sesame"}}
    bench.assert_consistent()
    assert bench.up(body).changed is False


def test_what_only_looks_like_what_was_being_made_is_not_taken_for_it(tmp_path, dying, aftermath):
    """A replacement under the same name was cut off before it began: what has that name is still the old one."""
    body = 'Thing("a", name="fixed", kind="{kind}")'
    aftermath().up(body.format(kind="x"))
    dying(tmp_path, body.format(kind="y"), (1, "before"))
    bench = aftermath()
    assert "there is a fixed already" in bench.up(body.format(kind="y")).errors[0]
    bench.assert_consistent()
    assert bench.cloud.things["fixed"]["kind"] == "x"
    assert bench.up(body.format(kind="x")).counts == {"same": 2}


def test_a_preview_after_it_knows_what_was_made_and_writes_nothing(tmp_path, dying, aftermath):
    dying(tmp_path, 'Thing("a")', (1, "after"))
    bench = aftermath()
    before = bench.state_file.read_bytes()
    assert bench.preview('Thing("a")').counts.get("create", 0) == 0
    assert bench.state_file.read_bytes() == before


def test_what_left_the_program_meanwhile_is_deleted(tmp_path, dying, aftermath):
    dying(tmp_path, CREATE, (3, "after"))
    bench = aftermath()
    assert bench.up('Thing("other")').ok
    assert len(bench.cloud.things) == 1
    bench.assert_consistent()


def test_the_lock_of_a_killed_run_does_not_stay(tmp_path, dying, aftermath):
    assert dying(tmp_path, CREATE, (1, "before"))
    assert aftermath().destroy().ok
