"""The API around a query: its life, its result, workgroups, named queries, and what callers may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.aws import Clients
from tests.cloud.athena.conftest import Lake
from tests.cloud.conftest import Workshop

TOKEN = "a-token-of-at-least-thirty-two-characters"


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"
    return error.value.response["Error"]["Message"]


# --- results ---------------------------------------------------------------------------------------------------------


def test_a_result_lies_in_the_bucket(lake: Lake) -> None:
    answer = lake.query("SELECT 'a\"b' AS x, NULL AS n, '' AS e, 'two\nlines' AS l")
    location = answer.execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://{lake.bucket}/results/{answer.execution['QueryExecutionId']}.csv"
    key = location.removeprefix(f"s3://{lake.bucket}/")
    body = lake.clients.s3.get_object(Bucket=lake.bucket, Key=key)["Body"].read()
    assert body == b'"x","n","e","l"\n"a""b",,"","two\nlines"\n'
    assert lake.clients.s3.head_object(Bucket=lake.bucket, Key=f"{key}.metadata")
    assert answer.rows == [['a"b', None, "", "two\nlines"]]
    lake.clients.s3.delete_object(Bucket=lake.bucket, Key=key)
    id_ = answer.execution["QueryExecutionId"]
    assert refused(lake.clients.athena.get_query_results, QueryExecutionId=id_).startswith("Could not find results")


def test_a_result_comes_in_pages_and_the_header_is_a_row(lake: Lake) -> None:
    id_ = lake.query("SELECT x FROM UNNEST(sequence(1, 7)) AS t(x)").execution["QueryExecutionId"]
    pages = lake.clients.athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=id_, PaginationConfig={"PageSize": 3}
    )
    rows = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in pages]
    assert rows == [["x", "1", "2"], ["3", "4", "5"], ["6", "7"]]
    assert "token" in refused(lake.clients.athena.get_query_results, QueryExecutionId=id_, NextToken="x")


def test_decimals_tell_their_digits(lake: Lake) -> None:
    id_ = lake.query("SELECT CAST(1 AS decimal(18,2)) AS d").execution["QueryExecutionId"]
    (column,) = lake.clients.athena.get_query_results(QueryExecutionId=id_)["ResultSet"]["ResultSetMetadata"][
        "ColumnInfo"
    ]
    assert (column["Type"], column.get("Precision"), column.get("Scale")) == ("decimal", 18, 2)


# --- executions ------------------------------------------------------------------------------------------------------


def test_the_same_token_starts_one_query(lake: Lake) -> None:
    first = lake.start("SELECT 1", ClientRequestToken=TOKEN)
    assert lake.start("SELECT 1", ClientRequestToken=TOKEN) == first
    assert lake.start("SELECT 1") != first
    start = lake.clients.athena.start_query_execution
    assert refused(start, QueryString="SELECT 2", ClientRequestToken=TOKEN) == "Idempotent parameters do not match"


def test_what_cannot_be_started(lake: Lake) -> None:
    start = lake.clients.athena.start_query_execution
    assert refused(start, QueryString="SELECT 1").startswith("No output location provided.")
    results = {"OutputLocation": "s3://no-such-bucket-at-all/"}
    assert refused(start, QueryString="SELECT 1", ResultConfiguration=results).startswith("Unable to verify/create")
    assert refused(start, QueryString="SELECT 1", WorkGroup="nosuch") == "WorkGroup is not found."
    assert "outputLocation is not a valid S3 path" in refused(
        start, QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "file:///tmp"}
    )
    assert "'queryString' failed to satisfy constraint" in refused(start, QueryString="x" * 262_145)
    assert "was not found" in refused(lake.clients.athena.get_query_execution, QueryExecutionId="nosuch")


def test_a_query_can_be_stopped_and_others_go_on(lake: Lake) -> None:
    endless = "SELECT count(*) FROM UNNEST(sequence(1, 200000)) a(x), UNNEST(sequence(1, 200000)) b(y) WHERE x * y = 7"
    ids = [lake.start(endless) for _ in range(3)]  # one of them waits
    assert "has not yet finished" in refused(lake.clients.athena.get_query_results, QueryExecutionId=ids[0])
    for id_ in ids:
        lake.clients.athena.stop_query_execution(QueryExecutionId=id_)
    for id_ in ids:
        assert lake.wait(id_)["Status"]["State"] == "CANCELLED"
    assert lake.query("SELECT 1").rows == [["1"]]


def test_executions_are_listed_and_told_together(lake: Lake) -> None:
    id_ = lake.query("SELECT 1").execution["QueryExecutionId"]
    assert id_ in lake.clients.athena.list_query_executions(MaxResults=5)["QueryExecutionIds"]
    found = lake.clients.athena.batch_get_query_execution(QueryExecutionIds=[id_, "nosuch"])
    assert [each["QueryExecutionId"] for each in found["QueryExecutions"]] == [id_]
    assert [each["QueryExecutionId"] for each in found["UnprocessedQueryExecutionIds"]] == ["nosuch"]


# --- workgroups ------------------------------------------------------------------------------------------------------


def workgroup(lake: Lake, name: str, **configuration: Any) -> str:
    lake.clients.athena.create_work_group(Name=name, Configuration=configuration)
    return name


def test_an_enforced_workgroup_says_where_results_go(lake: Lake) -> None:
    results = {"OutputLocation": f"s3://{lake.bucket}/enforced"}
    group = workgroup(lake, "enforced", ResultConfiguration=results)
    location = lake.query("SELECT 1", WorkGroup=group).execution["ResultConfiguration"]["OutputLocation"]
    assert location.startswith(f"s3://{lake.bucket}/enforced/")
    lake.clients.athena.update_work_group(
        WorkGroup=group, ConfigurationUpdates={"EnforceWorkGroupConfiguration": False}
    )
    location = lake.query("SELECT 1", WorkGroup=group).execution["ResultConfiguration"]["OutputLocation"]
    assert location.startswith(f"s3://{lake.bucket}/results/")
    delete = lake.clients.athena.delete_work_group
    assert refused(delete, WorkGroup=group) == "WorkGroup enforced is not empty"
    delete(WorkGroup=group, RecursiveDeleteOption=True)
    assert refused(lake.clients.athena.get_work_group, WorkGroup=group) == "WorkGroup is not found."


def test_a_query_that_reads_too_much_is_cancelled(lake: Lake) -> None:
    group = workgroup(lake, "cheap", BytesScannedCutoffPerQuery=10_000_000, EnforceWorkGroupConfiguration=False)
    lake.put("large/x.json", body=b'{"a": "' + b"x" * 10_000_000 + b'"}')
    lake.table("large", "a string", folder="large")
    answer = lake.query("SELECT count(*) FROM large", WorkGroup=group)
    assert (answer.state, answer.reason) == ("CANCELLED", "Bytes scanned limit was exceeded")
    lake.clients.athena.update_work_group(
        WorkGroup=group, ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True}
    )
    assert lake.query("SELECT count(*) FROM large", WorkGroup=group).rows == [["1"]]


def test_a_disabled_workgroup_runs_nothing(lake: Lake) -> None:
    group = workgroup(lake, "closed")
    lake.clients.athena.update_work_group(WorkGroup=group, State="DISABLED")
    start = lake.clients.athena.start_query_execution
    assert refused(start, QueryString="SELECT 1", WorkGroup=group) == "WorkGroup closed is disabled."
    assert refused(lake.clients.athena.create_work_group, Name=group) == "WorkGroup is already created"


def test_named_queries(lake: Lake) -> None:
    athena = lake.clients.athena
    group = workgroup(lake, "named")
    query: Any = {"Name": "q", "Database": "lake", "QueryString": "SELECT 1", "WorkGroup": group}
    id_ = athena.create_named_query(**query, ClientRequestToken=TOKEN)["NamedQueryId"]
    assert athena.create_named_query(**query, ClientRequestToken=TOKEN)["NamedQueryId"] == id_
    assert athena.get_named_query(NamedQueryId=id_)["NamedQuery"] == query | {"NamedQueryId": id_, "Description": ""}
    assert athena.list_named_queries(WorkGroup=group)["NamedQueryIds"] == [id_]
    assert athena.batch_get_named_query(NamedQueryIds=[id_, "x"])["UnprocessedNamedQueryIds"][0]["NamedQueryId"] == "x"
    assert refused(athena.create_named_query, **query | {"WorkGroup": "nosuch"}) == "WorkGroup is not found."
    athena.delete_named_query(NamedQueryId=id_)
    assert "does not exist" in refused(athena.get_named_query, NamedQueryId=id_)


# --- permissions -----------------------------------------------------------------------------------------------------

NEEDED: list[tuple[str, list[str], str]] = [
    ("glue:GetTable", ["arn:aws:glue:us-east-1:000000000000:catalog",
                       "arn:aws:glue:us-east-1:000000000000:database/lake",
                       "arn:aws:glue:us-east-1:000000000000:table/lake/compras"], "Insufficient permissions to"),
    ("s3:ListBucket", ["arn:aws:s3:::athena-lake"], "PERMISSION_DENIED: Permission denied on S3 path: s3://athena-la"),
    ("s3:GetObject", ["arn:aws:s3:::athena-lake/compras/*"], "PERMISSION_DENIED: Permission denied on S3 path: s3://"),
    ("s3:PutObject", ["arn:aws:s3:::athena-lake/results/*"], "Access denied when writing output to url: s3://athena-l"),
]  # fmt: skip
ALWAYS = [("athena:StartQueryExecution", ["arn:aws:athena:us-east-1:000000000000:workgroup/primary"]),
          ("s3:GetBucketLocation", ["arn:aws:s3:::athena-lake"])]  # fmt: skip


def user(lake: Lake, *statements: tuple[str, list[str]]) -> Clients:
    name = Workshop(lake.clients).name("user")
    lake.clients.iam.create_user(UserName=name)
    said = [{"Effect": "Allow", "Action": action, "Resource": resources} for action, resources in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": said})
    lake.clients.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = lake.clients.iam.create_access_key(UserName=name)["AccessKey"]
    return Clients(lake.clients.endpoint_url, "us-east-1", key["AccessKeyId"], key["SecretAccessKey"])


def test_exactly_these_permissions_are_enough(lake: Lake) -> None:
    caller = user(lake, *ALWAYS, *((action, resources) for action, resources, _ in NEEDED))
    answer = lake.query("SELECT count(*) FROM compras", caller)
    assert answer.rows == [["6"]], answer.reason
    # Results are read with a permission on them.
    with pytest.raises(ClientError):
        caller.athena.get_query_results(QueryExecutionId=answer.execution["QueryExecutionId"])


@pytest.mark.parametrize("missing", range(len(NEEDED)))
def test_without_one_of_them_the_query_fails_in_athenas_words(lake: Lake, missing: int) -> None:
    given = [(action, resources) for n, (action, resources, _) in enumerate(NEEDED) if n != missing]
    answer = lake.query("SELECT count(*) FROM compras", user(lake, *ALWAYS, *given))
    assert answer.state == "FAILED"
    assert answer.reason.startswith(NEEDED[missing][2])


def test_without_the_workgroup_nothing_starts(lake: Lake) -> None:
    with pytest.raises(ClientError) as error:
        lake.start("SELECT 1", user(lake, ALWAYS[1]))
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert refused(
        user(lake, ALWAYS[0]).athena.start_query_execution,
        QueryString="SELECT 1",
        ResultConfiguration={"OutputLocation": f"s3://{lake.bucket}/results/"},
    ).startswith("Unable to verify/create output bucket athena-lake")
