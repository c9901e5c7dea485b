"""Which environment serves an invocation, and when environments begin and end."""

import asyncio
import dataclasses
import json
import time

import pytest

from lab.cloud.execution import Limits, Throttled

SLEEPS = """
    import os, time
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        time.sleep(event or 0)
        return [os.getpid(), calls]
"""


async def call(environments, function, event=0):
    outcome = await environments.invoke(function, json.dumps(event).encode())
    assert outcome.function_error is None, outcome.payload
    return tuple(json.loads(outcome.payload))


def other(function, name="other"):
    return dataclasses.replace(function, name=name, arn=function.arn.replace("sensor", name))


def test_each_invocation_at_the_same_time_has_an_environment_of_its_own(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        first = await asyncio.gather(*(call(environments, function, 0.3) for _ in range(3)))
        assert len({pid for pid, _ in first}) == 3
        again = await asyncio.gather(*(call(environments, function, 0.1) for _ in range(3)))
        assert {pid for pid, _ in again} == {pid for pid, _ in first}
        assert len(stage.processes()) == 3

    stage.play(scene)


def test_the_environment_that_was_used_last_is_used_next(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        (early, _), (late, _) = await asyncio.gather(
            call(environments, function, 0.1), call(environments, function, 0.4)
        )
        assert early != late
        assert [await call(environments, function) for _ in range(3)] == [(late, 2), (late, 3), (late, 4)]

    stage.play(scene)


def test_functions_and_versions_do_not_share_environments(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        versions = [function, other(function), dataclasses.replace(function, version="1")]
        return {(await call(environments, version))[0] for version in versions}

    assert len(stage.play(scene)) == 3


@pytest.mark.parametrize("change", [{"memory_mb": 256}, {"environment": (("A", "1"),)}, {"handler": "app.again"}])
def test_a_changed_configuration_ends_the_environments(stage, change):
    source = SLEEPS + "    again = handler\n"
    before = stage.function(source)
    after = dataclasses.replace(before, **change)

    async def scene(environments):
        busy = asyncio.create_task(call(environments, before, 0.2))
        idle, _ = await call(environments, before)
        changed, calls = await call(environments, after)
        assert calls == 1
        still, _ = await busy
        await asyncio.sleep(0.1)
        assert len({idle, changed, still}) == 3
        assert stage.processes() == [changed]

    stage.play(scene)


def test_new_code_ends_the_environments(stage):
    before, after = stage.function("def handler(e, c): return 1"), stage.function("def handler(e, c): return 2")

    async def scene(environments):
        return [(await environments.invoke(version, b"{}")).payload for version in (before, after)]

    assert stage.play(scene) == [b"1", b"2"]


def test_a_deleted_function_leaves_no_environment(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        await call(environments, function)
        busy = asyncio.create_task(call(environments, function, 0.3))
        await asyncio.sleep(0.05)
        environments.forget(function.arn)
        await busy
        await asyncio.sleep(0.1)
        assert stage.processes() == []

    stage.play(scene)


def test_idle_environments_end(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        await call(environments, function)
        await asyncio.sleep(0.1)
        assert len(stage.processes()) == 1
        await asyncio.sleep(0.4)
        assert stage.processes() == []
        await call(environments, function)

    stage.play(scene, limits=Limits(environments=2, idle_seconds=0.2))


def test_an_environment_that_died_while_idle_is_replaced(stage):
    function = stage.function("""
        import os, threading, time
        def handler(event, context):
            threading.Timer(0.1, os._exit, [1]).start()
    """)

    async def scene(environments):
        for _ in range(2):
            assert (await environments.invoke(function, b"{}")).function_error is None
            await asyncio.sleep(0.3)

    stage.play(scene)


def test_expiring_credentials_are_not_used_again(stage):
    from lab.cloud.execution.credentials import Credentials

    keys = iter(["FIRST", "SECOND", "THIRD"])
    stage.credentials = lambda _: Credentials(next(keys), "s", "t", expires_at=time.time() + 60)
    function = stage.function("import os\ndef handler(e, c): return os.environ['AWS_ACCESS_KEY_ID']")
    assert [outcome.payload for outcome in stage.invoke(function, 1, 2)] == [b'"FIRST"', b'"SECOND"']


def test_an_idle_environment_of_another_function_makes_room(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        first, _ = await call(environments, function)
        second, _ = await call(environments, other(function))
        third, _ = await call(environments, other(function, "third"))
        await asyncio.sleep(0.1)
        assert sorted(stage.processes()) == sorted([second, third])
        assert first not in stage.processes()

    stage.play(scene, limits=Limits(environments=2))


def test_beyond_the_limit_invocations_wait_in_their_order(stage):
    function = stage.function(SLEEPS)
    ended = []

    async def scene(environments):
        async def one(number, version):
            await call(environments, version, 0.1)
            ended.append(number)

        tasks = []
        for number in range(6):
            tasks.append(asyncio.create_task(one(number, other(function, f"f{number % 3}"))))
            await asyncio.sleep(0.01)
        await asyncio.gather(*tasks)
        assert len(stage.processes()) <= 1

    stage.play(scene, limits=Limits(environments=1))
    assert ended == [0, 1, 2, 3, 4, 5]


def test_a_limit_per_function_does_not_hold_up_others(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        slow = [asyncio.create_task(call(environments, function, 0.2)) for _ in range(3)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await call(environments, other(function))
        assert time.monotonic() - began < 0.25
        assert len({pid for pid, _ in await asyncio.gather(*slow)}) == 1

    stage.play(scene, limits=Limits(environments=3, per_function=1))


def test_who_waits_too_long_is_throttled_so_that_nothing_waits_for_itself(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        busy = asyncio.create_task(call(environments, function, 0.4))
        await asyncio.sleep(0.05)
        with pytest.raises(Throttled) as caught:
            await call(environments, function)
        assert caught.value.reason == "ConcurrentInvocationLimitExceeded"
        await busy
        await call(environments, function)

    stage.play(scene, limits=Limits(environments=1, wait_seconds=0.1))


def test_a_burst_of_short_invocations_is_served_by_the_few_environments_that_are_ready_first(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        answers = await asyncio.gather(*(call(environments, function) for _ in range(40)))
        assert len({pid for pid, _ in answers}) < 10

    stage.play(scene, limits=Limits(environments=40, starts=1))


def test_long_invocations_have_one_each_however_few_are_started_at_once(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        answers = await asyncio.gather(*(call(environments, function, 2) for _ in range(4)))
        assert len({pid for pid, _ in answers}) == 4

    stage.play(scene, limits=Limits(environments=4, starts=1))


def test_a_slow_initialization_holds_nobody_up(stage):
    slow = stage.function("import time\ntime.sleep(1)\ndef handler(event, context): return [0, 0]")
    function = other(stage.function(SLEEPS))

    async def scene(environments):
        waits = asyncio.create_task(call(environments, slow))
        await call(environments, function)
        assert not waits.done()
        await waits

    stage.play(scene, limits=Limits(environments=4, starts=1, start_seconds=0.1))


def test_reserved_concurrency(stage):
    function = stage.function(SLEEPS)
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"

    def admit(version, running):
        return reason if version.name == "sensor" and running >= 2 else None

    async def scene(environments):
        results = await asyncio.gather(
            *(call(environments, version, 0.2) for version in (function, function, function, other(function))),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [tuple, tuple, Throttled, tuple]
        assert results[2].reason == reason
        await call(environments, function)

    stage.play(scene, admit=admit)


def test_a_cancelled_invocation_ends_its_environment(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        task = asyncio.create_task(call(environments, function, 30))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.1)
        assert stage.processes() == []
        await call(environments, function)

    stage.play(scene)


def test_a_cancelled_wait_keeps_no_place(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        busy = asyncio.create_task(call(environments, function, 0.3))
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(call(environments, function)) for _ in range(3)]
        await asyncio.sleep(0.05)
        waiting[0].cancel()
        await asyncio.gather(busy, *waiting[1:])
        await call(environments, other(function))

    stage.play(scene, limits=Limits(environments=1))


def test_close_ends_what_is_busy(stage):
    function = stage.function(SLEEPS)

    async def scene(environments):
        task = asyncio.create_task(environments.invoke(function, b"30"))
        await asyncio.sleep(0.3)
        return task

    async def whole(environments):
        task = await scene(environments)
        await environments.close()
        assert (await task).error_type == "Runtime.ExitError"

    stage.play(whole)
