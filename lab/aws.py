"""AWS's APIs as typed clients: one object per endpoint and region, shared by every thread of a command.

Importing this module costs nothing; the first client costs 0.4 s, because botocore is imported then. The clients are
botocore's own: what boto3 adds to them (`upload_file`, `Table`, …) is not there, and not needed.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session
    from mypy_boto3_apigatewayv2.client import ApiGatewayV2Client
    from mypy_boto3_athena.client import AthenaClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodbstreams.client import DynamoDBStreamsClient
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_resourcegroupstaggingapi.client import ResourceGroupsTaggingAPIClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sts.client import STSClient

LOCAL_REGION = "us-east-1"
LOCAL_KEY = "test"
"""Access key and secret key of the local cloud's account root."""

_READ_TIMEOUT_SECONDS = {"lambda": 910}  # a synchronous invocation may take 15 minutes and must not be sent twice

_NO_PROFILE: dict[str, Any] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Settings of a botocore session (key in the file, variable, default, conversion) that leave a person's own aside."""


def local_variables(cloud_url: str, region: str) -> dict[str, str]:
    """Return the environment variables by which every AWS SDK and the AWS CLI find a local cloud."""
    return {
        "AWS_ENDPOINT_URL": cloud_url,
        "AWS_ACCESS_KEY_ID": LOCAL_KEY,
        "AWS_SECRET_ACCESS_KEY": LOCAL_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


class Clients:
    """Clients of one endpoint and region, each made when it is first asked for and then shared; thread-safe.

    Args:
        endpoint_url: where every service answers, as the local cloud does; None is AWS itself.
        region: such as `us-east-1`.
        access_key: None leaves the credentials to botocore's usual search (environment, profile, …).
        secret_key: belongs to `access_key`.
        profile: of the person's AWS configuration, on AWS; None is the usual one.
    """

    def __init__(
        self,
        endpoint_url: str | None,
        region: str,
        access_key: str | None = None,
        secret_key: str | None = None,
        profile: str | None = None,
    ) -> None:
        self.endpoint_url = endpoint_url
        self.region = region
        self._access_key = access_key
        self._secret_key = secret_key
        self._profile = profile
        self._session: Session | None = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def local(cls, cloud_url: str, region: str = LOCAL_REGION) -> Clients:
        """Return the clients of a local cloud, as its account root."""
        return cls(cloud_url, region, LOCAL_KEY, LOCAL_KEY)

    @property
    def apigatewayv2(self) -> ApiGatewayV2Client:
        """HTTP APIs."""
        return self._client("apigatewayv2")

    @property
    def athena(self) -> AthenaClient:
        """Queries over objects."""
        return self._client("athena")

    @property
    def cloudwatch(self) -> CloudWatchClient:
        """Metrics and alarms."""
        return self._client("cloudwatch")

    @property
    def dynamodb(self) -> DynamoDBClient:
        """Tables."""
        return self._client("dynamodb")

    @property
    def dynamodbstreams(self) -> DynamoDBStreamsClient:
        """Streams of changes of tables."""
        return self._client("dynamodbstreams")

    @property
    def glue(self) -> GlueClient:
        """The catalogue that Athena reads."""
        return self._client("glue")

    @property
    def iam(self) -> IAMClient:
        """Roles and policies."""
        return self._client("iam")

    @property
    def kinesis(self) -> KinesisClient:
        """Streams."""
        return self._client("kinesis")

    @property
    def lambda_(self) -> LambdaClient:
        """Functions and event source mappings."""
        return self._client("lambda")

    @property
    def logs(self) -> CloudWatchLogsClient:
        """Log groups."""
        return self._client("logs")

    @property
    def s3(self) -> S3Client:
        """Buckets and objects."""
        return self._client("s3")

    @property
    def sns(self) -> SNSClient:
        """Topics."""
        return self._client("sns")

    @property
    def sqs(self) -> SQSClient:
        """Queues."""
        return self._client("sqs")

    @property
    def sts(self) -> STSClient:
        """Who is calling."""
        return self._client("sts")

    @property
    def tagging(self) -> ResourceGroupsTaggingAPIClient:
        """Tags, of the resources of most services."""
        return self._client("resourcegroupstaggingapi")

    def _client(self, service: str) -> Any:
        # Without the lock only for what is already there: making a client is not thread-safe in botocore.
        if client := self._clients.get(service):
            return client
        with self._lock:
            if service not in self._clients:
                self._session = self._session or self._new_session()
                self._clients[service] = self._session.create_client(
                    service, region_name=self.region, endpoint_url=self.endpoint_url, config=self._config(service)
                )
            return self._clients[service]

    def _new_session(self) -> Session:
        from botocore.session import Session

        # The person's own profile must neither reach nor break what is said to the local cloud.
        session = Session(session_vars=_NO_PROFILE if self.endpoint_url else None, profile=self._profile)
        if self._access_key and self._secret_key:
            session.set_credentials(self._access_key, self._secret_key)
        return session

    def _config(self, service: str) -> Config:
        from botocore.config import Config

        shared: dict[str, Any] = {
            "read_timeout": _READ_TIMEOUT_SECONDS.get(service, 60),
            "max_pool_connections": 32,
            "s3": {"addressing_style": "path"},
        }
        if self.endpoint_url is None:
            return Config(**shared, connect_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})
        return Config(
            **shared,
            connect_timeout=3,
            retries={"mode": "standard", "total_max_attempts": 2},
            proxies={},  # a proxy cannot see this machine's loopback
            use_dualstack_endpoint=False,
            use_fips_endpoint=False,
        )
