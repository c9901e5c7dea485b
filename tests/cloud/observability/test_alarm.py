"""What an alarm makes of data points: the tables of "Configuring how CloudWatch alarms treat missing data"."""

from __future__ import annotations

import json

import pytest

from lab.cloud.cloudwatch.alarm import COMPARISONS, Datapoint, Rule, evaluate, reason_data

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def points(picture: str) -> list[Datapoint | None]:
    """Read the guide's pictures: 0 is within the threshold, X beyond it, - missing; oldest first."""
    values = {"0": 0.0, "X": 9.0}
    return [Datapoint(60.0 * n, values[c], 1) if c in values else None for n, c in enumerate(picture.split())]


@pytest.mark.parametrize(
    ("enough", "picture", "expected"),
    [
        (3, "0 - X - X", ("OK", "OK", "OK", "OK")),
        (3, "- - - - 0", ("OK", "OK", "OK", "OK")),
        (3, "- - - - -", ("INSUFFICIENT_DATA", "as before", "ALARM", "OK")),
        (3, "0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (3, "- - X - -", ("ALARM", "as before", "ALARM", "OK")),
        (2, "0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 - X - -", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - - 0", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - X -", ("ALARM", "as before", "ALARM", "OK")),
    ],
)
@pytest.mark.parametrize("before", ["OK", "ALARM", "INSUFFICIENT_DATA"])
def test_missing_data_of_three_periods(enough: int, picture: str, expected: tuple[str, ...], before: str):
    for treatment, state in zip(TREATMENTS, expected, strict=True):
        rule = Rule("GreaterThanThreshold", 5, 3, enough, treatment)
        verdict = evaluate(rule, points(picture), before)  # pyright: ignore[reportArgumentType]
        assert verdict.state == (before if state == "as before" else state), treatment


def test_the_newest_point_alone_begins_no_alarm_of_three():
    rule = Rule("GreaterThanThreshold", 5, 3, 3, "missing")
    assert evaluate(rule, points("- - - - X"), "OK").state == "OK"


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_comparisons(comparison: str, below: str, equal: str, above: str):
    assert comparison in COMPARISONS
    for value, state in ((4.9, below), (5.0, equal), (5.1, above)):
        verdict = evaluate(Rule(comparison, 5, 1, 1, "missing"), [None, None, Datapoint(0, value, 1)], "OK")
        assert verdict.state == state


def test_reasons_are_in_the_words_of_aws():
    rule = Rule("GreaterThanThreshold", 1.0, 1, 1, "notBreaching")
    assert evaluate(rule, [Datapoint(0, 3.0, 1)], "OK").reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [3.0 (01/01/70 00:00:00)] was greater than the threshold "
        "(1.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert evaluate(rule, [Datapoint(60, 1.0, 1)], "ALARM").reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/01/70 00:01:00)] was not greater than the "
        "threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )
    assert evaluate(rule, [None], "ALARM").reason == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )
    two = Rule("LessThanThreshold", 5.0, 2, 2, "missing")
    assert evaluate(two, [None, None], "OK").reason == "Insufficient Data: 2 datapoints were unknown."
    assert evaluate(two, points("0 0"), "OK").reason == (
        "Threshold Crossed: 2 out of the last 2 datapoints [0.0 (01/01/70 00:01:00), 0.0 (01/01/70 00:00:00)] were "
        "less than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )


def test_reason_data_holds_the_datapoints():
    rule = Rule("GreaterThanThreshold", 1.0, 1, 1, "missing")
    verdict = evaluate(rule, [Datapoint(0, 3.0, 2)], "OK")
    data = json.loads(reason_data(rule, verdict, statistic="Sum", period=60, now=61.5))
    assert data["recentDatapoints"] == [3.0]
    assert data["threshold"] == 1.0
    assert data["statistic"] == "Sum"
    assert data["startDate"] == "1970-01-01T00:00:00.000+0000"
    assert data["queryDate"] == "1970-01-01T00:01:01.500+0000"
