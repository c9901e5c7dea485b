"""Whom MiniStack acts for: its stores are divided by account and region."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "000000000000"
REGION = "us-east-1"


@contextmanager
def scope(account: str = ACCOUNT, region: str = REGION) -> Iterator[None]:
    """Act for an account and region, outside of a request."""
    from ministack.core.responses import request_scope

    with request_scope(account, region):
        yield


def current_scope() -> tuple[str, str]:
    """Return the account and region of the request that is being answered."""
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()
