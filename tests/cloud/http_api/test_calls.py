"""Calls of an HTTP API over HTTP: where it answers, what its function gets, what the client gets."""

from __future__ import annotations

import base64
import concurrent.futures
import http.client
import json
import socket
import time
import urllib.parse
import urllib.request

import pytest

from tests.cloud.conftest import eventually
from tests.cloud.http_api.conftest import ECHO, Bench


@pytest.fixture(scope="module")
def api(bench: Bench) -> str:
    return bench.api("GET /", "GET /votes", "POST /votes", "GET /votes/{id}", "ANY /any", "GET /files/{proxy+}")


def asked(answer: object) -> str:
    return "/votes?answer=" + urllib.parse.quote(json.dumps(answer))


# --- where it answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/", "/$default", "/$default/", "/%24default/"])
def test_the_root_of_the_default_stage(bench: Bench, api: str, path: str):
    answer = bench.call(api, "GET", path)
    assert answer.status == 200
    assert answer.json["rawPath"] == "/"
    assert answer.json["requestContext"]["stage"] == "$default"


def test_the_id_in_the_host_as_on_aws(bench: Bench, api: str):
    connection = http.client.HTTPConnection("127.0.0.1", bench.cloud.port, timeout=30)
    connection.request("GET", "/votes/1", headers={"Host": f"{api}.execute-api.localhost:{bench.cloud.port}"})
    assert json.load(connection.getresponse())["rawPath"] == "/votes/1"
    connection.close()


def test_a_browser_is_led_to_the_slash_so_that_relative_links_work(bench: Bench, api: str):
    answer = bench.call(api, "GET", "?a=b", Accept="text/html,*/*")
    assert (answer.status, answer.header("location")) == (308, f"/_aws/execute-api/{api}/?a=b")
    assert bench.call(api, "GET", "/", Accept="text/html,*/*").status == 200


def test_the_endpoint_that_is_told_opens(bench: Bench, api: str):
    endpoints = {
        bench.clients.apigatewayv2.get_api(ApiId=api)["ApiEndpoint"],
        *(a["ApiEndpoint"] for a in bench.clients.apigatewayv2.get_apis()["Items"] if a.get("ApiId") == api),
        bench.clients.apigatewayv2.update_api(ApiId=api, Description="x")["ApiEndpoint"],
    }
    assert endpoints == {f"{bench.cloud.url}/_aws/execute-api/{api}"}
    with urllib.request.urlopen(f"{endpoints.pop()}/votes", timeout=30) as response:
        assert json.load(response)["routeKey"] == "GET /votes"


def test_a_named_stage_is_part_of_the_path(bench: Bench):
    api = bench.api("GET /votes/{id}", stage={"StageName": "prod", "StageVariables": {"colour": "red"}})
    event = bench.call(api, "GET", "/prod/votes/7").json
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/prod/votes/7"
    assert event["requestContext"]["stage"] == "prod"
    assert event["stageVariables"] == {"colour": "red"}
    assert bench.call(api, "GET", "/votes/7").said == (404, {"message": "Not Found"})


def test_a_stage_that_was_never_deployed_answers_nothing(bench: Bench):
    api = bench.api("GET /votes", stage={"AutoDeploy": False})
    assert bench.call(api, "GET", "/votes").said == (404, {"message": "Not Found"})


def test_unknown_routes(bench: Bench, api: str):
    for method, path in (("GET", "/nothing"), ("DELETE", "/votes"), ("GET", "/votes/1/2"), ("GET", "/files/"),
                         ("OPTIONS", "/votes"), ("HEAD", "/nothing")):  # fmt: skip
        answer = bench.call(api, method, path)
        assert answer.status == 404, (method, path)
        assert method == "HEAD" or answer.json == {"message": "Not Found"}


def test_a_disabled_endpoint(bench: Bench):
    api = bench.api("GET /votes", DisableExecuteApiEndpoint=True)
    assert bench.call(api, "GET", "/votes").said == (404, {"message": "Not Found"})


# --- what the function gets -------------------------------------------------------------------------------------------


def test_the_event(bench: Bench, api: str):
    before_ms = int(time.time() * 1000)
    answer = bench.call(
        api, "POST", "/votes?a=1&a=2&b=%C3%A9%20x&empty", b'{"vote": "x"}',
        Content_Type="application/json", Cookie="one=1; two=2", X_Mixed="Value", User_Agent="test",
    )  # fmt: skip
    event = answer.json
    context, headers = event.pop("requestContext"), event.pop("headers")
    assert event == {
        "version": "2.0",
        "routeKey": "POST /votes",
        "rawPath": "/votes",
        "rawQueryString": "a=1&a=2&b=%C3%A9%20x&empty",
        "cookies": ["one=1", "two=2"],
        "queryStringParameters": {"a": "1,2", "b": "é x", "empty": ""},
        "body": '{"vote": "x"}',
        "isBase64Encoded": False,
    }
    assert headers["x-mixed"] == "Value"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert "cookie" not in headers
    assert not [name for name in headers if name != name.lower() or name.startswith("x-ministack")]
    assert before_ms <= context.pop("timeEpoch") <= time.time() * 1000
    assert context.pop("time").endswith(" +0000")
    assert context.pop("requestId") == answer.header("apigw-requestid")
    assert context == {
        "accountId": "000000000000",
        "apiId": api,
        "domainName": f"{api}.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": api,
        "http": {
            "method": "POST",
            "path": "/votes",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "test",
        },
        "routeKey": "POST /votes",
        "stage": "$default",
    }


def test_what_a_request_does_not_have_is_left_out(bench: Bench, api: str):
    event = bench.call(api, "GET", "/votes").json
    assert set(event) == {
        "version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded",
    }  # fmt: skip


def test_path_parameters(bench: Bench, api: str):
    assert bench.call(api, "GET", "/votes/a%20b").json["pathParameters"] == {"id": "a b"}
    assert bench.call(api, "GET", "/files/a/b%252Fc").json["pathParameters"] == {"proxy": "a/b%252Fc"}


@pytest.mark.parametrize(
    ("content_type", "text"),
    [("application/json; charset=utf-8", True), ("text/plain", True), ("application/xml", True), ("", False),
     ("application/x-www-form-urlencoded", False), ("application/octet-stream", False)],
)  # fmt: skip
def test_a_body_is_text_or_base64_by_its_content_type(bench: Bench, api: str, content_type: str, text: bool):
    sent = {"Content_Type": content_type} if content_type else {}
    event = bench.call(api, "POST", "/votes", b"vote=x", **sent).json
    assert event["isBase64Encoded"] is not text
    assert event["body"] == ("vote=x" if text else base64.b64encode(b"vote=x").decode())


# --- what the client gets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "status", "content_type", "body"),
    [
        ({"a": 1}, 200, "application/json", b'{"a": 1}'),
        ([1, 2], 200, "application/json", b"[1, 2]"),
        ("Hello", 200, "application/json", b"Hello"),
        (None, 200, "application/json", b"null"),
        ({"statusCode": 201}, 201, "text/plain;charset=UTF-8", b""),
        ({"statusCode": "404", "body": "é"}, 404, "text/plain;charset=UTF-8", "é".encode()),
        ({"statusCode": 200, "headers": {"Content-Type": "image/png", "x-n": 1}, "body": "/wA=",
          "isBase64Encoded": True}, 200, "image/png", b"\xff\x00"),
        ({"statusCode": 204, "body": "never sent"}, 204, "text/plain;charset=UTF-8", b""),
    ],
)  # fmt: skip
def test_answers(bench: Bench, api: str, returned: object, status: int, content_type: str, body: bytes):
    answer = bench.call(api, "GET", asked(returned))
    assert (answer.status, answer.header("content-type"), answer.body) == (status, content_type, body)


def test_cookies(bench: Bench, api: str):
    answer = bench.call(api, "GET", asked({"statusCode": 200, "cookies": ["a=1; Secure", "b=2"]}))
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1; Secure", "b=2"]


@pytest.mark.parametrize(
    "returned",
    [
        {"statusCode": "ok"}, {"statusCode": None}, {"statusCode": 99}, {"statusCode": True},
        {"statusCode": 200, "body": {"an": "object"}},
        {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["x"]}, {"statusCode": 200, "headers": {"x": {"y": 1}}},
        {"statusCode": 200, "headers": {"bad name": "x"}}, {"statusCode": 200, "headers": {"x": "a\r\nb: c"}},
        {"statusCode": 200, "cookies": "a=1"},
    ],
)  # fmt: skip
def test_answers_that_cannot_be_understood(bench: Bench, api: str, returned: object):
    assert bench.call(api, "GET", asked(returned)).said == (500, {"message": "Internal Server Error"})


def test_a_function_that_fails_says_nothing_to_the_client(bench: Bench, api: str):
    assert bench.call(api, "GET", "/votes?error=secret").said == (500, {"message": "Internal Server Error"})


def test_a_function_that_takes_too_long(bench: Bench):
    api = bench.api("GET /votes", integration={"TimeoutInMillis": 200})
    assert bench.call(api, "GET", "/votes?seconds=0.6").said == (503, {"message": "Service Unavailable"})


def test_a_function_without_free_concurrency(bench: Bench):
    api, lambda_ = bench.api("GET /votes"), bench.clients.lambda_
    lambda_.put_function_concurrency(FunctionName=bench.function, ReservedConcurrentExecutions=0)
    try:
        assert bench.call(api, "GET", "/votes").said == (503, {"message": "Service Unavailable"})
    finally:
        lambda_.delete_function_concurrency(FunctionName=bench.function)


def test_a_body_that_is_too_large(bench: Bench, api: str):
    for megabytes in (7, 11):  # more than Lambda takes, more than API Gateway takes
        answer = bench.call(api, "POST", "/votes", b"x" * (megabytes << 20), Content_Type="text/plain")
        assert answer.said == (413, {"message": "Request Entity Too Large"})
    assert bench.call(api, "POST", "/votes", b"x" * (1 << 20), Content_Type="text/plain").status == 200


def test_a_client_that_goes_away_while_it_sends(bench: Bench):
    """What came of its body is no request: the function is not invoked with half of it."""
    function = bench.workshop.function(ECHO, bench.workshop.role())
    bench.permit(function)
    api = bench.api("POST /votes", integration={"IntegrationUri": function})
    with socket.create_connection(("127.0.0.1", bench.cloud.port)) as client:
        head = f"POST /_aws/execute-api/{api}/votes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
        client.sendall(head.encode() + b'{"vote"')
    assert bench.call(api, "POST", "/votes", b"{}").status == 200
    assert bench.invocations(function) == 1


def test_head_and_options_go_to_the_function_where_a_route_takes_them(bench: Bench, api: str):
    head = bench.call(api, "HEAD", "/any")
    assert (head.status, head.body) == (200, b"")
    assert int(head.header("content-length") or 0) > 0
    assert bench.call(api, "OPTIONS", "/any", Origin="https://a.example").json["requestContext"]["http"]["method"] == (
        "OPTIONS"
    )


def test_many_at_once(bench: Bench, api: str):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: bench.call(api, "GET", f"/votes/{n}"), range(60)))
    assert [answer.json["pathParameters"]["id"] for answer in answers] == [str(n) for n in range(60)]


# --- cross-origin requests --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(bench: Bench) -> str:
    return bench.api(
        "POST /votes",
        CorsConfiguration={
            "AllowOrigins": ["https://page.example"],
            "AllowMethods": ["POST", "OPTIONS"],
            "AllowHeaders": ["content-type"],
            "MaxAge": 60,
        },
    )


def cors(answer: object) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name.startswith("access-control-")}  # type: ignore[attr-defined]


def test_a_preflight_is_answered_by_the_gateway(bench: Bench, shared: str):
    for path in ("/votes", "/no-route"):
        answer = bench.call(
            shared, "OPTIONS", path, Origin="https://page.example", Access_Control_Request_Method="POST"
        )
        assert (answer.status, answer.body) == (204, b"")
        assert cors(answer) == {
            "access-control-allow-origin": "https://page.example",
            "access-control-allow-methods": "POST,OPTIONS",
            "access-control-allow-headers": "content-type",
            "access-control-max-age": "60",
        }


def test_another_origin_gets_no_headers(bench: Bench, shared: str):
    for origin in ("https://evil.example", "null", "https://page.example.evil.example", ""):
        headers = {"Origin": origin, "Access_Control_Request_Method": "POST"}
        answer = bench.call(shared, "OPTIONS", "/votes", **headers)
        assert (answer.status, cors(answer)) == (204, {})
        assert cors(bench.call(shared, "POST", "/votes", b"{}", Origin=origin)) == {}


def test_the_gateways_headers_replace_the_functions(bench: Bench, shared: str, api: str):
    answer = bench.call(shared, "POST", "/votes", b"{}", Origin="https://page.example")
    assert cors(answer) == {"access-control-allow-origin": "https://page.example"}
    refused = bench.call(shared, "GET", "/votes", Origin="https://page.example")
    assert (refused.status, cors(refused)) == (404, {"access-control-allow-origin": "https://page.example"})
    own = bench.call(api, "POST", "/votes", b"{}", Origin="https://page.example")  # nothing configured
    assert cors(own) == {"access-control-allow-origin": "https://of-the-function.example"}


# --- throttling -------------------------------------------------------------------------------------------------------


def test_a_stage_takes_no_more_than_its_burst_and_rate(bench: Bench):
    limits = {"ThrottlingBurstLimit": 3, "ThrottlingRateLimit": 0.01}
    api = bench.api("GET /votes", "POST /votes", stage={"DefaultRouteSettings": limits})
    answers = [bench.call(api, "GET", "/votes") for _ in range(8)]
    assert [answer.status for answer in answers] == [200] * 3 + [429] * 5
    assert answers[-1].json == {"message": "Too Many Requests"}
    assert bench.call(api, "POST", "/votes").status == 200  # each route by itself
    bench.clients.apigatewayv2.update_stage(
        ApiId=api,
        StageName="$default",
        RouteSettings={"GET /votes": {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 20}},
    )
    assert bench.call(api, "GET", "/votes").status == 200


# --- what is told -----------------------------------------------------------------------------------------------------


def test_what_is_deleted_of_a_stage_is_not_the_stage(bench: Bench):
    gateway = bench.clients.apigatewayv2
    log = {"DestinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:x", "Format": "$context.status"}
    limits = {"GET /votes": {"ThrottlingBurstLimit": 0}}
    api = bench.api("GET /votes", stage={"AccessLogSettings": log, "RouteSettings": limits})
    gateway.delete_access_log_settings(ApiId=api, StageName="$default")
    gateway.delete_route_settings(ApiId=api, StageName="$default", RouteKey="GET /votes")
    left = gateway.get_stage(ApiId=api, StageName="$default")
    assert "AccessLogSettings" not in left
    assert left["RouteSettings"] == {}
    assert bench.call(api, "GET", "/votes").status == 200
    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.delete_access_log_settings(ApiId=api, StageName="gone")


def test_metrics_and_access_log(bench: Bench):
    group = bench.workshop.name("/aws/apigateway/votes")
    bench.clients.logs.create_log_group(logGroupName=group)
    told = {"route": "routeKey", "status": "status", "ip": "identity.sourceIp", "e": "error.message"}
    line = json.dumps({key: f"$context.{variable}" for key, variable in told.items()})
    api = bench.api(
        "GET /votes",
        stage={
            "AccessLogSettings": {
                "DestinationArn": f"arn:aws:logs:us-east-1:000000000000:log-group:{group}",
                "Format": line,
            }
        },
    )
    bench.call(api, "GET", "/votes")
    bench.call(api, "GET", "/votes?error=x")
    bench.call(api, "GET", "/nothing")

    def lines() -> list[str]:
        return [e.get("message", "") for e in bench.clients.logs.filter_log_events(logGroupName=group)["events"]]

    eventually(lambda: len(lines()) == 3)
    assert [json.loads(each) for each in lines()] == [
        {"route": "GET /votes", "status": "200", "ip": "127.0.0.1", "e": "-"},
        {"route": "GET /votes", "status": "500", "ip": "127.0.0.1", "e": "Internal Server Error"},
        {"route": "-", "status": "404", "ip": "127.0.0.1", "e": "Not Found"},
    ]

    def measured(name: str, statistic: str = "Sum") -> float:
        return bench.metric("AWS/ApiGateway", name, "ApiId", api, statistic)

    assert [measured("Count"), measured("4xx"), measured("5xx"), measured("Latency", "SampleCount")] == [3, 1, 1, 3]
