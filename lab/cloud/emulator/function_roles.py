"""A function's role as Lambda takes it when the function is made or changed; MiniStack takes any."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.authorization import lambda_may_assume
from lab.cloud.execution.outcome import RoleCannotBeAssumed
from lab.json_values import is_object

if TYPE_CHECKING:
    from lab.cloud.emulator.app import Answer, Handler

_CREATE = re.compile(r"/2015-03-31/functions/?")
_UPDATE = re.compile(r"/2015-03-31/functions/[^/]+/configuration")
_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/\S+")


def checked_roles(handler: Handler) -> Handler:
    """Return Lambda's handler; CreateFunction and UpdateFunctionConfiguration refuse a role that it may not assume."""

    async def checked(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        takes_role = (method == "POST" and _CREATE.fullmatch(path)) or (method == "PUT" and _UPDATE.fullmatch(path))
        if takes_role and (role := _role(body)) and not lambda_may_assume(role):
            error = {"Content-Type": "application/json", "x-amzn-ErrorType": "InvalidParameterValueException"}
            message = str(RoleCannotBeAssumed())
            return 400, error, json.dumps({"Type": "User", "Message": message, "message": message}).encode()
        return await handler(method, path, headers, body, query)

    return checked


def _role(body: bytes) -> str | None:
    """Return the role that a request names; None where there is none, or what is no role's ARN."""
    try:
        request: Any = json.loads(body or b"{}")
    except ValueError:
        return None
    role: Any = request.get("Role") if is_object(request) else None
    return role if isinstance(role, str) and _ROLE.fullmatch(role) else None
