"""Who may call: the function's resource policy, signed requests on IAM routes, what pages of elsewhere can reach."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from dataclasses import dataclass

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lab.cloud.client import ask
from tests.cloud.http_api.conftest import ECHO, Answer, Bench

FORBIDDEN = (403, {"message": "Forbidden"})
FAILED = (500, {"message": "Internal Server Error"})


# --- Lambda permissions -----------------------------------------------------------------------------------------------


@dataclass
class Guarded:
    bench: Bench
    function: str
    api: str

    def permit(self, **statement: str) -> None:
        """Let API Gateway (or whoever is said) invoke the function; only this."""
        lambda_ = self.bench.clients.lambda_
        with contextlib.suppress(lambda_.exceptions.ResourceNotFoundException):
            lambda_.remove_permission(FunctionName=self.function, StatementId="only")
        arguments = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"} | statement
        lambda_.add_permission(FunctionName=self.function, StatementId="only", **arguments)

    def call(self, method: str = "GET", path: str = "/votes/7") -> int:
        return self.bench.call(self.api, method, path).status

    def arn(self, pattern: str) -> str:
        return f"arn:aws:execute-api:us-east-1:000000000000:{pattern.replace('API', self.api)}"


@pytest.fixture(scope="module")
def guarded(bench: Bench) -> Guarded:
    function = bench.workshop.function(ECHO, bench.workshop.role())
    api = bench.api("GET /votes/{id}", "ANY /any", "$default", integration={"IntegrationUri": function})
    return Guarded(bench, function, api)


def test_without_permission_the_function_is_not_invoked(guarded: Guarded):
    assert guarded.bench.call(guarded.api, "GET", "/votes/7").said == FAILED
    assert guarded.bench.invocations(guarded.function) == 0


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("API/*/*", 200),
        ("API/*/*/votes/{id}", 200),
        ("API/$default/GET/votes/*", 200),
        ("*", 200),
        ("API/*/POST/*", 500),
        ("API/prod/*", 500),
        ("API/*/GET/results", 500),
        ("another/*/*", 500),
    ],
)
def test_the_source_arn_of_a_permission(guarded: Guarded, pattern: str, expected: int):
    guarded.permit(SourceArn=guarded.arn(pattern))
    assert guarded.call() == expected


def test_the_source_arn_of_other_kinds_of_route(guarded: Guarded):
    guarded.permit(SourceArn=guarded.arn("API/*/PUT/any"))
    assert (guarded.call("PUT", "/any"), guarded.call("GET", "/any"), guarded.call("GET", "/other")) == (200, 500, 500)
    guarded.permit(SourceArn=guarded.arn("API/*/$default"))
    assert (guarded.call("PUT", "/any"), guarded.call("GET", "/other")) == (500, 200)


def test_a_permission_for_somebody_else(guarded: Guarded):
    guarded.permit(Principal="s3.amazonaws.com")
    assert guarded.call() == 500
    guarded.permit(SourceAccount="111111111111")
    assert guarded.call() == 500
    guarded.permit(SourceAccount="000000000000")
    assert guarded.call() == 200


def test_a_function_that_is_gone(bench: Bench):
    missing = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    api = bench.api("GET /votes", integration={"IntegrationUri": missing})
    assert bench.call(api, "GET", "/votes").said == FAILED


# --- IAM routes -------------------------------------------------------------------------------------------------------

ROOT = Credentials("test", "test")


@pytest.fixture(scope="module")
def signed_api(bench: Bench) -> str:
    return bench.api("GET /report/{tenant}", "POST /report", authorization="AWS_IAM")


def user(bench: Bench, *resources: str) -> Credentials:
    """Make a user who may call what is said."""
    iam, name = bench.clients.iam, bench.workshop.name("user")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": list(resources)}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def signed(
    bench: Bench,
    api: str,
    credentials: Credentials,
    path: str = "/report/one?from=a%20b&x=1",
    body: bytes = b"",
    *,
    auth: type[SigV4Auth] = SigV4Auth,
    service: str = "execute-api",
) -> tuple[str, str, dict[str, str]]:
    """Return method, path and headers of a signed call."""
    method = "POST" if body else "GET"
    request = AWSRequest(method, f"{bench.cloud.url}/_aws/execute-api/{api}{path}", data=body)
    request.headers["Host"] = f"127.0.0.1:{bench.cloud.port}"
    auth(credentials, service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    return method, prepared.url.split(api, 1)[1], dict(prepared.headers.items())


def send(bench: Bench, api: str, call: tuple[str, str, dict[str, str]], body: bytes | None = None) -> Answer:
    method, path, headers = call
    text = {key: value.decode() if isinstance(value, bytes) else value for key, value in headers.items()}
    return bench.call(api, method, path, body, **text)


def test_an_unsigned_call_is_forbidden(bench: Bench, signed_api: str):
    assert bench.call(signed_api, "GET", "/report/one").said == FORBIDDEN
    for authorization in ("Bearer x", "AWS4-HMAC-SHA256 nonsense", "AWS4-HMAC-SHA256 Credential=test/x", "\xff"):
        assert bench.call(signed_api, "GET", "/report/one", Authorization=authorization).said == FORBIDDEN


def test_the_root_may_call(bench: Bench, signed_api: str):
    answer = send(bench, signed_api, signed(bench, signed_api, ROOT))
    assert answer.status == 200
    assert answer.json["requestContext"]["authorizer"]["iam"] == {
        "accessKey": "test",
        "accountId": "000000000000",
        "callerId": "000000000000",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": "arn:aws:iam::000000000000:root",
        "userId": "000000000000",
    }
    body = b'{"from": "2026-01-01"}'
    assert send(bench, signed_api, signed(bench, signed_api, ROOT, "/report", body), body).status == 200
    assert send(bench, signed_api, signed(bench, signed_api, ROOT, "/$default/report/one")).status == 200


def test_a_signature_is_checked(bench: Bench, signed_api: str):
    wrong_secret = Credentials("test", "wrong")
    assert send(bench, signed_api, signed(bench, signed_api, wrong_secret)).said == FORBIDDEN
    unknown_key = Credentials("AKIAUNKNOWN", "test")
    assert send(bench, signed_api, signed(bench, signed_api, unknown_key)).said == FORBIDDEN
    other_service = signed(bench, signed_api, ROOT, service="s3")
    assert send(bench, signed_api, other_service).said == FORBIDDEN
    method, _, headers = signed(bench, signed_api, ROOT)
    assert send(bench, signed_api, (method, "/report/two?from=a%20b&x=1", headers)).said == FORBIDDEN
    assert send(bench, signed_api, (method, "/report/one?from=a%20b&x=2", headers)).said == FORBIDDEN
    assert send(bench, signed_api, signed(bench, signed_api, ROOT, "/report", b"{}"), b"[]").said == FORBIDDEN


def test_a_signature_expires(bench: Bench, signed_api: str, monkeypatch: pytest.MonkeyPatch):
    then = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=20)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_a, **_k: then.replace(tzinfo=None))
    assert send(bench, signed_api, signed(bench, signed_api, ROOT)).said == FORBIDDEN
    stretched = signed(bench, signed_api, ROOT, "/report/one?X-Amz-Expires=86400")
    assert send(bench, signed_api, stretched).said == FORBIDDEN
    presigned = signed(bench, signed_api, ROOT, "/report/one", auth=SigV4QueryAuth)  # for an hour
    assert send(bench, signed_api, presigned).status == 200


def test_a_presigned_url(bench: Bench, signed_api: str):
    assert send(bench, signed_api, signed(bench, signed_api, ROOT, "/report/one", auth=SigV4QueryAuth)).status == 200
    wrong = signed(bench, signed_api, Credentials("test", "wrong"), "/report/one", auth=SigV4QueryAuth)
    assert send(bench, signed_api, wrong).said == FORBIDDEN


def test_a_user_may_call_what_their_policy_says(bench: Bench, signed_api: str):
    prefix = f"arn:aws:execute-api:us-east-1:000000000000:{signed_api}/$default/GET/report/"
    credentials = user(bench, prefix + "one")
    assert send(bench, signed_api, signed(bench, signed_api, credentials)).status == 200
    assert send(bench, signed_api, signed(bench, signed_api, credentials, "/report/two")).said == FORBIDDEN
    assert send(bench, signed_api, signed(bench, signed_api, credentials, "/report", b"{}"), b"{}").said == FORBIDDEN
    assert send(bench, signed_api, signed(bench, signed_api, user(bench, "arn:aws:s3:::x"))).said == FORBIDDEN


def test_a_role_may_call(bench: Bench, signed_api: str):
    anybody_here = {"AWS": "arn:aws:iam::000000000000:root"}
    statement = {"Effect": "Allow", "Principal": anybody_here, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    role = bench.workshop.role(("execute-api:Invoke", f"arn:aws:execute-api:*:*:{signed_api}/*"), trust=trust)
    keys = bench.clients.sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    answer = send(bench, signed_api, signed(bench, signed_api, credentials))
    assert answer.status == 200
    assert ":assumed-role/" in answer.json["requestContext"]["authorizer"]["iam"]["userArn"]
    without_token = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"])
    assert send(bench, signed_api, signed(bench, signed_api, without_token)).said == FORBIDDEN


def test_a_preflight_of_a_route_that_asks_who_calls_is_forbidden(bench: Bench):
    """As the developer guide warns: ANY takes OPTIONS too, and a preflight is never signed."""
    cors = {"AllowOrigins": ["https://page.example"], "AllowMethods": ["*"]}
    api = bench.api("ANY /report", authorization="AWS_IAM", CorsConfiguration=cors)
    headers = {"Origin": "https://page.example", "Access_Control_Request_Method": "POST"}
    assert bench.call(api, "OPTIONS", "/report", **headers).status == 403
    assert bench.call(api, "OPTIONS", "/elsewhere", **headers).status == 204


# --- the door ---------------------------------------------------------------------------------------------------------


def test_what_is_no_api_stays_closed_to_pages(bench: Bench):
    before = ask(bench.cloud.port)
    for path in ("/../../2015-03-31/functions", "/%2e%2e/%2e%2e/_lab/reset", "/$default/../../../_lab/reset"):
        answer = bench.call("none", "POST", path, Origin="https://evil.example")
        assert answer.status in (403, 404), path
    assert ask(bench.cloud.port) == before
