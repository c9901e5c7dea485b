"""`actualizarComprasStream` on moto: batches, replays, crashes, metrics."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handlers.events import Context, deliver, failed, sequence_number
from tests.handlers.purchases.changes import change, event, of_product, purchase

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_s3.service_resource import Bucket

    Handle = Callable[[Any], Any]

POISON = purchase(productos=...)


def objects(bucket: Bucket) -> dict[str, bytes]:
    return {found.key: found.get()["Body"].read() for found in bucket.objects.all()}


def metrics_of(said: str) -> dict[str, Any]:
    [line] = [found for found in map(json.loads, said.splitlines()) if "_aws" in found]
    return line


def test_every_change_becomes_an_object(handle: Handle, bucket: Bucket):
    before, after = purchase(), of_product(cantidad=3)
    assert handle(event(change(0, new=before), change(1, new=after, old=before), change(2, old=after))) == {
        "batchItemFailures": []
    }
    names = [key.rpartition("/")[2].partition("_")[0] for key in objects(bucket)]
    assert sorted(names) == ["insert", "modify", "remove"]


def test_a_batch_without_records_is_done(handle: Handle, bucket: Bucket):
    assert handle(event()) == {"batchItemFailures": []}
    assert not objects(bucket)


def test_it_stops_at_the_first_failure_and_names_it(handle: Handle, bucket: Bucket):
    records = [change(number, new=POISON if number == 2 else purchase()) for number in range(5)]
    assert failed(handle(event(*records))) == [sequence_number(records[2])]
    assert len(objects(bucket)) == 2


def test_what_was_processed_first_stays_as_it_was(handle: Handle, bucket: Bucket):
    record = change(new=purchase())
    handle(event(record))
    before = objects(bucket)
    handle(event(record))
    assert objects(bucket) == before  # `processed_at` too


def test_a_refusal_of_s3_is_told_of_its_record(stream: ModuleType, handle: Handle, bucket: Bucket):
    records = [change(number, new=purchase()) for number in range(3)]
    refused = ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce your rate"}}, "PutObject")
    with patch.object(stream.BUCKET, "put_object", side_effect=[None, refused]):
        assert failed(handle(event(*records))) == [sequence_number(records[1])]


lives = st.lists(st.sampled_from(["insert", "modify", "remove", "poison"]), max_size=6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=lives, chance=st.randoms(use_true_random=False))
def test_any_replay_and_a_crash_at_any_point_change_nothing(
    lives: list[str], chance: random.Random, stream: ModuleType, bucket: Bucket
):
    bucket.objects.delete()
    images = {"insert": {"new": purchase()}, "modify": {"new": of_product(cantidad=5), "old": purchase()}}
    images |= {"remove": {"old": purchase()}, "poison": {"new": POISON}}
    records = [change(number, **images[kind]) for number, kind in enumerate(lives)]
    put = stream.BUCKET.put_object

    crashes = iter(["before", "after", "before"])

    def now_and_then(**arguments: Any) -> Any:
        crash = next(crashes, "") if chance.random() < 0.3 else ""
        if crash == "before":
            raise RuntimeError("the environment is gone")
        put(**arguments)
        if crash:
            raise RuntimeError("gone after the object was stored")

    with patch.object(stream.BUCKET, "put_object", side_effect=now_and_then):
        given_up = deliver(stream.lambda_handler, records, retries=4)
    assert given_up == [record["eventID"] for record, kind in zip(records, lives, strict=True) if kind == "poison"]
    once = objects(bucket)
    assert len(once) == len(records) - len(given_up)
    for _ in range(2):
        start = chance.randrange(len(records) + 1)
        stream.lambda_handler(event(*records[start : chance.randrange(start, len(records) + 1)]), Context())
    assert objects(bucket) == once


def test_the_metrics_of_a_batch(handle: Handle, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    handle(event(change(0, new=purchase()), change(1, new=purchase()), change(2, new=POISON)))
    found = metrics_of(capsys.readouterr().out)
    assert (found["ComprasProcesadas"], found["ComprasFallidas"]) == ([2.0], [1.0])
    assert [size > 400 for size in found["TamanoDeArchivo"]] == [True, True]
    assert found["TiempoDeProcesamiento"][0] > 0
    [declared] = found["_aws"]["CloudWatchMetrics"]
    assert declared["Namespace"] == "streamlab"
    assert sorted(declared["Dimensions"][0]) == ["FunctionName", "service"]
    assert {metric["Name"]: metric["Unit"] for metric in declared["Metrics"]} == {
        "ComprasProcesadas": "Count",
        "ComprasFallidas": "Count",
        "TiempoDeProcesamiento": "Milliseconds",
        "TamanoDeArchivo": "Bytes",
    }


def test_the_log_holds_no_purchase(handle: Handle, log: Callable[[], list[dict[str, Any]]]):
    handle(event(change(0, new=purchase(user_id="do-not-log-me")), change(1, new=of_product(cantidad="no-log"))))
    failure, batch = log()
    assert (failure["failure"], failure["reason"]) == ("permanent", "cantidad is missing or not a number")
    assert (batch["records"], batch["processed"]) == (2, 1)
    assert "do-not-log-me" not in json.dumps([failure, batch])
    assert "no-log" not in json.dumps([failure, batch])
