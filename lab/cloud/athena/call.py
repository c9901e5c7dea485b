"""One call to the API: what was asked, by whom, and what there is."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.cloud import emulator
from lab.cloud.athena.errors import invalid
from lab.cloud.emulator.athena import AthenaRecords, athena_records

if TYPE_CHECKING:
    from lab.cloud.emulator.callers import Caller


@dataclass(slots=True)
class Call:
    """One call.

    Attributes:
        operation: its name.
        request: its members, checked.
        caller: who calls.
        records: what Athena keeps for this account and region.
    """

    operation: str
    request: dict[str, Any]
    caller: Caller
    records: AthenaRecords = field(default_factory=athena_records)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member of the request."""
        return self.request.get(name, default)

    def arn(self, resource: str) -> str:
        """Return the ARN of one of Athena's resources."""
        account, region = emulator.current_scope()
        return f"arn:aws:athena:{region}:{account}:{resource}"

    def workgroup(self) -> dict[str, Any]:
        """Return the workgroup that the request names, `primary` when it names none.

        Raises:
            AthenaError: there is none.
        """
        found = self.records.workgroups.get(self.get("WorkGroup", "primary"))
        if found is None:
            raise invalid("WorkGroup is not found.")
        return found

    def page(self, items: list[Any], most: int) -> tuple[list[Any], dict[str, str]]:
        """Return the part of a list that the request asks for, and the token of the next one if there is one.

        Args:
            items: all of them.
            most: how many when the request does not say.
        """
        start = self._start()
        end = start + self.get("MaxResults", most)
        token = base64.urlsafe_b64encode(json.dumps([self.operation, end]).encode()).decode()
        return items[start:end], {"NextToken": token} if end < len(items) else {}

    def _start(self) -> int:
        token = self.get("NextToken")
        if token is None:
            return 0
        try:
            operation, start = json.loads(base64.urlsafe_b64decode(token))
        except (ValueError, TypeError):
            operation, start = "", None
        if operation != self.operation or not isinstance(start, int):
            raise invalid("Invalid pagination token", "INVALID_NEXT_TOKEN")
        return start
