"""The log of an environment: complete when the invocation ends, in AWS's form, bounded."""

import re
import time

PRINTS_EVERYWHERE = """
    import logging, os, subprocess, sys
    log = logging.getLogger()
    log.setLevel(logging.INFO)
    print("loaded")
    def handler(event, context):
        print("one")
        log.info("two: %s", event)
        os.write(1, b"three\\n")
        subprocess.run(["sh", "-c", "echo four; echo five >&2"])
        sys.stderr.write("six\\n")
        print("seven", end="")
"""

REPORT = (
    r"REPORT RequestId: id-1\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
    r"Max Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t"
)


def test_lines_come_complete_and_in_order_between_those_of_the_platform(stage):
    stage.invoke(stage.function(PRINTS_EVERYWHERE), "e", request_id="id-1")
    patterns = [
        r"INIT_START Runtime Version: python:3\.\d+ .*",
        "loaded",
        r"START RequestId: id-1 Version: \$LATEST",
        "one",
        r"\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tid-1\ttwo: e",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "END RequestId: id-1",
        REPORT,
    ]
    assert len(stage.log.lines) == len(patterns), stage.log.lines
    for line, pattern in zip(stage.log.lines, patterns, strict=True):
        assert re.fullmatch(pattern, line), (line, pattern)


def test_it_is_complete_when_the_invocation_ends(stage):
    function = stage.function("def handler(event, context):\n    for n in range(2000): print(event, n)")

    async def scene(environments):
        for number in range(5):
            before = len(stage.log.lines)
            await environments.invoke(function, b"%d" % number)
            own = [line for line in stage.log.lines[before:] if re.fullmatch(rf"{number} \d+", line)]
            assert own == [f"{number} {n}" for n in range(2000)]

    stage.play(scene)


def test_one_stream_for_one_environment(stage):
    function = stage.function("def handler(event, context):\n    return event")
    stage.invoke(function, 1, 2, 3)
    (stream,) = stage.log.streams
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert sum(line.startswith("REPORT") for line in stage.log.lines) == 3
    assert sum("Init Duration" in line for line in stage.log.lines) == 1


def test_a_message_with_several_lines_is_one_event_and_printed_lines_are_several(stage):
    function = stage.function("""
        import logging
        def handler(event, context):
            try:
                1 / 0
            except ZeroDivisionError:
                logging.exception("no\\nresult")
            print("a\\nb")
    """)
    stage.invoke(function)
    message, *printed = stage.log.output()
    assert message.startswith("[ERROR]\t")
    assert "no\nresult\nTraceback" in message
    assert message.endswith("ZeroDivisionError: division by zero")
    assert printed == ["a", "b"]


def test_basic_config_changes_nothing_as_on_aws(stage):
    function = stage.function("""
        import logging
        logging.basicConfig(level=logging.DEBUG, format="%(message)s")
        def handler(event, context):
            logging.info("hidden")
            logging.warning("seen")
    """)
    stage.invoke(function)
    (line,) = stage.log.output()
    assert line.startswith("[WARNING]\t")


def test_an_outcome_carries_the_last_four_kilobytes(stage):
    function = stage.function("def handler(event, context):\n    for n in range(3000): print('line', n)")
    outcome = stage.invoke(function, request_id="id-1")
    assert len(outcome.log_tail.encode()) <= 4096
    assert "line 2999\nEND RequestId: id-1\nREPORT RequestId: id-1" in outcome.log_tail


def test_a_hundred_megabytes_of_output_are_cut(stage):
    function = stage.function("""
        import os
        def handler(event, context):
            block = b"x" * 99_999 + b"\\n"
            for _ in range(event): os.write(1, block)
    """)
    began = time.monotonic()
    stage.invoke(function, 1000, 1)
    assert time.monotonic() - began < 5
    kept = sum(len(line) for line in stage.log.lines)
    assert 3_000_000 < kept < 6_000_000
    assert sum("95.8 MB more were printed and not kept" in line for line in stage.log.lines) == 1


def test_a_million_short_lines_are_cut_too(stage):
    stage.invoke(stage.function("import os\ndef handler(event, context):\n    os.write(1, b'x\\n' * 1_000_000)"))
    assert 10_000 < len(stage.log.lines) < 50_000


def test_a_line_that_is_too_long_for_one_event(stage):
    stage.invoke(stage.function("def handler(event, context):\n    print('x' * 600_000)"))
    assert [len(line) for line in stage.log.output()] == [262_144, 262_144, 75_712]


def test_output_of_a_long_invocation_is_delivered_while_it_runs(stage, monkeypatch):
    monkeypatch.setattr("lab.cloud.execution.log_lines.DELIVERY_SECONDS", 0.1)
    function = stage.function("""
        import time
        def handler(event, context):
            for n in range(5):
                print(n)
                time.sleep(0.1)
    """)
    stage.invoke(function)
    assert stage.log.output() == ["0", "1", "2", "3", "4"]
    assert len(stage.log.written) >= 3


def test_a_silent_handler_is_no_slower_than_one_that_prints(stage):
    async def fastest(environments, source):
        function = stage.function(source)
        best = 1.0
        for _ in range(200):
            began = time.perf_counter()
            await environments.invoke(function, b"{}")
            best = min(best, time.perf_counter() - began)
        return best

    async def scene(environments):
        silent = await fastest(environments, "def handler(event, context): pass")
        prints = await fastest(environments, "def handler(event, context): print('here')")
        return silent, prints

    silent, prints = stage.play(scene)
    assert silent < 1.5 * prints  # of the fastest of 200, so that a busy machine says the same


def test_a_log_that_cannot_be_written_does_not_fail_the_invocation(stage, caplog):
    def refuse(*_):
        raise RuntimeError("no room")

    stage.log.write = refuse
    assert stage.invoke(stage.function("def handler(event, context): return 1")).payload == b"1"
    assert "The log of sensor was not written" in caplog.text
