"""Lambda: functions, what may call them, and what feeds them."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from lab.deploy.provider.archives import zip_of
from lab.deploy.provider.errors import code_of, undone_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import as_said, given, is_object, part, parts, tags_of, to_aws, told
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_CODE_OUTPUTS = ("codeSha256", "lastModified", "sourceCodeHash", "sourceCodeSize")
_CODE = ("code", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash", "architectures")
_CONFIGURATION: Mapping[str, Any] = {
    "deadLetterConfig": {"targetArn": ""},
    "description": "",
    "environment": {"variables": {}},
    "ephemeralStorage": {"size": 512},
    "handler": None,
    "layers": [],
    "loggingConfig": {"logFormat": "Text"},
    "memorySize": 128,
    "role": None,
    "runtime": None,
    "timeout": 3,
    "tracingConfig": {"mode": "PassThrough"},
}
"""A function's settings, and what stands for a setting that is taken away."""


# Lambda notes the time of every change.
_Setting = functools.partial(Input, affects=("lastModified",))
_Code = functools.partial(Input, affects=_CODE_OUTPUTS)


class Function(Resource):
    """A function; its id is its name."""

    pulumi_type = "aws:lambda/function:Function"
    name = AutoName("name", longest=64, pattern=r"[A-Za-z0-9_-]+")
    inputs = {
        "name": Input(replaces=True),
        "code": _Code(told=False),
        "s3Bucket": _Code(told=False),
        "s3Key": _Code(told=False),
        "s3ObjectVersion": _Code(told=False),
        "sourceCodeHash": _Code(told=False),
        "architectures": _Code(default=["x86_64"]),
        "role": _Setting(required=True),
        "runtime": _Setting(required=True),
        "handler": _Setting(required=True),
        "timeout": _Setting(default=3, allowed=range(1, 901)),
        "memorySize": _Setting(default=128, allowed=range(128, 10_241)),
        "description": _Setting(default=""),
        "environment": _Setting(),
        "layers": _Setting(),
        "loggingConfig": _Setting(),
        "ephemeralStorage": _Setting(default={"size": 512}),
        "tracingConfig": _Setting(default={"mode": "PassThrough"}),
        "deadLetterConfig": _Setting(),
        "packageType": Input(default="Zip", allowed={"Zip"}, replaces=True),
        "reservedConcurrentExecutions": Input(default=-1),
        "tags": TAGS,
    }
    computed = ("arn", "invokeArn", "qualifiedArn", "version", *_CODE_OUTPUTS)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["name"]
        settings = {key: inputs[key] for key in _CONFIGURATION if inputs.get(key) is not None}
        function = aws.lambda_.create_function(
            FunctionName=name,
            Code=_code(inputs),
            Architectures=inputs["architectures"],
            PackageType=inputs["packageType"],
            **to_aws(settings),
            **given(Tags=tags_of(inputs) or None),
        )
        with undone_on_failure(lambda: aws.lambda_.delete_function(FunctionName=name)):
            if inputs["reservedConcurrentExecutions"] >= 0:
                _reserve(aws, name, inputs["reservedConcurrentExecutions"])
        return name, _function_outputs(aws, function, inputs)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        answer = aws.lambda_.get_function(FunctionName=id_)
        function: Mapping[str, Any] = answer["Configuration"]
        settings = told(function)
        outputs = _function_outputs(aws, function, known)
        # Code that somebody else put there is not the program's: without a hash it will be deployed again.
        ours = not known.get("codeSha256") or known["codeSha256"] == outputs["codeSha256"]
        return {
            **{name: settings[name] for name in _CONFIGURATION if name in settings},
            "name": id_,
            **{name: known.get(name) if ours else None for name in _CODE if name != "architectures"},
            "architectures": settings.get("architectures"),
            "packageType": settings.get("packageType", "Zip"),
            "environment": settings.get("environment") if part(settings, "environment").get("variables") else None,
            "layers": [layer["arn"] for layer in parts(settings, "layers")] or None,
            "loggingConfig": _logging_as_told(settings.get("loggingConfig"), id_, known.get("loggingConfig")),
            "reservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1),
            "tags": answer.get("Tags") or None,
            **outputs,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        name, new = change.id, change.new
        function: Mapping[str, Any] | None = None
        settings = {key: new.get(key, reset) for key, reset in _CONFIGURATION.items() if change.of(key)}
        if settings:
            _wait_until_changeable(aws, name)
            function = aws.lambda_.update_function_configuration(FunctionName=name, **to_aws(settings))
        if change.of(*_CODE):
            code = _code(new)
            _wait_until_changeable(aws, name)
            function = aws.lambda_.update_function_code(FunctionName=name, Architectures=new["architectures"], **code)
        if change.of("reservedConcurrentExecutions"):
            _reserve(aws, name, new["reservedConcurrentExecutions"])
        arn = change.known["arn"]
        change.retag(
            lambda tags: aws.lambda_.tag_resource(Resource=arn, Tags=tags),
            lambda keys: aws.lambda_.untag_resource(Resource=arn, TagKeys=keys),
        )
        return _function_outputs(aws, function, new) if function else {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.lambda_.delete_function(FunctionName=id_)


class Permission(Resource):
    """Who may call a function; its id is the statement's id. Every change is another permission."""

    pulumi_type = "aws:lambda/permission:Permission"
    name = AutoName("statementId", longest=100, pattern=r"[A-Za-z0-9_-]+")
    inputs = {
        "statementId": Input(replaces=True),
        "action": Input(required=True, replaces=True),
        "function": Input(required=True, replaces=True),
        "principal": Input(required=True, replaces=True),
        "sourceArn": Input(replaces=True),
        "sourceAccount": Input(replaces=True),
        "principalOrgId": Input(replaces=True),
        "qualifier": Input(replaces=True),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        arguments = {name: value for name, value in inputs.items() if name not in {"function", "principalOrgId"}}
        aws.lambda_.add_permission(
            FunctionName=inputs["function"],
            **to_aws(arguments),
            **given(PrincipalOrgID=inputs.get("principalOrgId")),
        )
        return inputs["statementId"], {}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        function = known.get("function") or id_.split("/", 1)[0]  # an import names `<function>/<statement>`
        statement_id = id_.rsplit("/", 1)[-1]
        qualifier = known.get("qualifier")
        policy = aws.lambda_.get_policy(FunctionName=function, **given(Qualifier=qualifier))["Policy"]
        statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
        statement = next((item for item in statements if item["Sid"] == statement_id), None)
        if statement is None:
            return None
        conditions: dict[str, str] = {}
        for test in statement.get("Condition", {}).values():
            conditions |= {key.lower(): value for key, value in test.items()}
        principal = statement["Principal"]
        if is_object(principal):
            principal = next(iter(principal.values()))
        return {
            "id": statement_id,
            "statementId": statement_id,
            "function": function,
            "action": statement["Action"],
            "principal": principal,
            "sourceArn": conditions.get("aws:sourcearn"),
            "sourceAccount": conditions.get("aws:sourceaccount"),
            "principalOrgId": conditions.get("aws:principalorgid"),
            "qualifier": qualifier,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.lambda_.remove_permission(
            FunctionName=known["function"], StatementId=id_, **given(Qualifier=known.get("qualifier"))
        )


_MAPPING_DEFAULTS: Mapping[str, Any] = {
    "batchSize": 100,
    "bisectBatchOnFunctionError": False,
    "destinationConfig": {"onFailure": {}},
    "enabled": True,
    "filterCriteria": {},
    "functionName": None,
    "functionResponseTypes": [],
    "maximumBatchingWindowInSeconds": 0,
    "maximumRecordAgeInSeconds": -1,
    "maximumRetryAttempts": -1,
    "metricsConfig": {"metrics": []},
    "parallelizationFactor": 1,
    "scalingConfig": {},
    "tumblingWindowInSeconds": 0,
}
"""What an update may change of a mapping, and what stands for a setting that is taken away (for a stream)."""


class EventSourceMapping(Resource):
    """What reads a stream or a queue and calls a function with what it read; its id is its UUID."""

    pulumi_type = "aws:lambda/eventSourceMapping:EventSourceMapping"
    # AWS refuses a second mapping from the same source to the same function.
    delete_before_replace = True
    inputs = {
        "eventSourceArn": Input(required=True, replaces=True),
        "functionName": Input(required=True, affects=("functionArn", "lastModified")),
        "startingPosition": Input(allowed={"LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"}, replaces=True),
        "startingPositionTimestamp": Input(replaces=True),
        "enabled": Input(default=True, affects=("lastModified", "state", "stateTransitionReason")),
        "batchSize": _Setting(allowed=range(1, 10_001)),
        "maximumBatchingWindowInSeconds": _Setting(allowed=range(301)),
        "parallelizationFactor": _Setting(allowed=range(1, 11)),
        "maximumRetryAttempts": _Setting(allowed=range(-1, 10_001)),
        "maximumRecordAgeInSeconds": _Setting(allowed=range(-1, 604_801)),
        "bisectBatchOnFunctionError": _Setting(),
        "functionResponseTypes": _Setting(),
        "tumblingWindowInSeconds": _Setting(allowed=range(901)),
        "destinationConfig": _Setting(),
        "filterCriteria": _Setting(),
        "scalingConfig": _Setting(),
        "metricsConfig": _Setting(),
        "tags": TAGS,
    }
    computed = (
        "arn",
        "functionArn",
        "lastModified",
        "lastProcessingResult",
        "state",
        "stateTransitionReason",
        "uuid",
    )

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        arguments = {name: value for name, value in inputs.items() if name != "destinationConfig"}
        uuid = aws.lambda_.create_event_source_mapping(
            **to_aws(arguments), **given(DestinationConfig=_destination(inputs.get("destinationConfig")))
        )["UUID"]
        with undone_on_failure(lambda: self.delete(aws, uuid, {})):
            return uuid, _mapping_as_told(_wait_until_settled(aws, uuid), inputs)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        mapping = aws.lambda_.get_event_source_mapping(UUID=id_)
        if mapping["State"] == "Deleting":
            return None
        properties = _mapping_as_told(mapping, known)
        return {**properties, "tags": aws.lambda_.list_tags(Resource=properties["arn"]).get("Tags") or None}

    def update(self, aws: Account, change: Change) -> Properties:
        arguments = {name: change.new.get(name, reset) for name, reset in _MAPPING_DEFAULTS.items() if change.of(name)}
        arn = change.known["arn"]
        change.retag(
            lambda tags: aws.lambda_.tag_resource(Resource=arn, Tags=tags),
            lambda keys: aws.lambda_.untag_resource(Resource=arn, TagKeys=keys),
        )
        if not arguments:
            return {}
        destination = _destination(arguments.pop("destinationConfig", None))
        aws.lambda_.update_event_source_mapping(
            UUID=change.id, **to_aws(arguments), **given(DestinationConfig=destination)
        )
        return _mapping_as_told(_wait_until_settled(aws, change.id), change.new)

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        try:
            aws.lambda_.delete_event_source_mapping(UUID=id_)
        except Exception as error:
            if code_of(error) != "ResourceInUseException":
                raise
            _wait_until_settled(aws, id_)  # a mapping that is being made or changed cannot be deleted
            aws.lambda_.delete_event_source_mapping(UUID=id_)
        aws.wait_until_gone(lambda: aws.lambda_.get_event_source_mapping(UUID=id_), id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        pages = aws.lambda_.get_paginator("list_event_source_mappings").paginate(
            EventSourceArn=inputs["eventSourceArn"], FunctionName=inputs["functionName"]
        )
        mappings = (mapping for page in pages for mapping in page["EventSourceMappings"])
        return next((mapping.get("UUID") for mapping in mappings if mapping.get("State") != "Deleting"), None)


def _code(inputs: Properties) -> Any:
    """Return where Lambda finds a function's code."""
    if "code" in inputs:
        return {"ZipFile": zip_of(inputs["code"])}
    if "s3Bucket" in inputs and "s3Key" in inputs:
        version = inputs.get("s3ObjectVersion")
        return given(S3Bucket=inputs["s3Bucket"], S3Key=inputs["s3Key"], S3ObjectVersion=version)
    raise LabError(_("a function needs code: give `code`, or `s3Bucket` and `s3Key`"))


def _reserve(aws: Account, name: str, executions: int) -> None:
    """Reserve concurrent executions for a function; a negative number gives them back."""
    if executions < 0:
        aws.lambda_.delete_function_concurrency(FunctionName=name)
    else:
        aws.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=executions)


def _wait_until_changeable(aws: Account, name: str) -> None:
    """Wait until the last change of a function is done: before that, Lambda refuses the next.

    Nothing waits after a change: the local cloud calls a function at once, its half second of `Pending` is for show.
    """

    def settled() -> bool | None:
        function = aws.lambda_.get_function_configuration(FunctionName=name)
        busy = function.get("State") == "Pending" or function.get("LastUpdateStatus") == "InProgress"
        return None if busy else True

    aws.wait_for(settled, name)


def _function_outputs(aws: Account, function: Mapping[str, Any], inputs: Properties) -> Properties:
    arn = function["FunctionArn"]
    return {
        "arn": arn,
        "invokeArn": f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "qualifiedArn": f"{arn}:{function['Version']}",
        "version": function["Version"],
        "lastModified": function["LastModified"],
        "codeSha256": function["CodeSha256"],
        "sourceCodeHash": inputs.get("sourceCodeHash") or function["CodeSha256"],
        "sourceCodeSize": function["CodeSize"],
    }


def _logging_as_told(logging: Properties | None, name: str, said: Properties | None) -> Properties | None:
    """Return where a function logs, in the detail in which the program says it."""
    if said:
        return as_said(logging, said)
    usual = {"logFormat": "Text", "logGroup": f"/aws/lambda/{name}"}
    return None if logging is None or {**usual, **logging} == usual else logging


def _destination(destination: Properties | None) -> Any:
    """Return a mapping's destination as Lambda takes it; None when none is said."""
    if destination is None:
        return None
    arn = part(destination, "onFailure").get("destinationArn")
    return {"OnFailure": {"Destination": arn} if arn else {}}


def _wait_until_settled(aws: Account, uuid: str) -> Mapping[str, Any]:
    """Wait until a mapping has become what was asked, and return it."""

    def settled() -> Mapping[str, Any] | None:
        mapping = aws.lambda_.get_event_source_mapping(UUID=uuid)
        return mapping if mapping["State"] in {"Enabled", "Disabled"} else None

    return aws.wait_for(settled, f"event source mapping {uuid}")


def _mapping_as_told(mapping: Mapping[str, Any], said: Properties) -> Properties:
    """Return a mapping as Pulumi says it: settings and computed outputs."""
    settings = told(mapping)
    uuid, function_arn = mapping["UUID"], mapping["FunctionArn"]
    name: str = said.get("functionName", "")
    failure = part(part(mapping, "DestinationConfig"), "OnFailure").get("Destination")
    return {
        **{key: settings[key] for key in EventSourceMapping.inputs if key in settings},
        "functionName": name if name and function_arn.endswith(name) else function_arn,
        "enabled": mapping["State"] in {"Enabled", "Enabling", "Creating"},
        "startingPositionTimestamp": said.get("startingPositionTimestamp"),
        "destinationConfig": {"onFailure": {"destinationArn": failure}} if failure else None,
        "arn": mapping.get("EventSourceMappingArn", ""),
        "functionArn": function_arn,
        "lastModified": str(mapping.get("LastModified", "")),
        "lastProcessingResult": mapping.get("LastProcessingResult", ""),
        "state": mapping["State"],
        "stateTransitionReason": mapping.get("StateTransitionReason", ""),
        "uuid": uuid,
    }
