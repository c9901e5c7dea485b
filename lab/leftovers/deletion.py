"""Deleting what is left: kind by kind in the order that lets each go, telling each failure and going on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lab.deploy.provider.errors import missing_is_fine
from lab.errors import LabError
from lab.failures import told_of
from lab.leftovers.kinds import KINDS
from lab.leftovers.search import OTHER
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.deploy.provider.account import Account
    from lab.leftovers.kinds import Kind
    from lab.leftovers.search import Leftover
    from lab.terminal import Progress

_AT_ONCE = 4  # Kinesis takes five DeleteStream calls a second


@dataclass(frozen=True)
class Deleted:
    """What became of one: gone where there is no error."""

    leftover: Leftover
    error: LabError | None


def delete(account: Account, leftovers: Iterable[Leftover], progress: Progress) -> list[Deleted]:
    """Delete some leftovers, each kind when the one before it is done.

    Args:
        account: where they are.
        leftovers: which.
        progress: advanced by one for each.
    """
    wanted = list(leftovers)
    done = [Deleted(each, _unknown()) for each in wanted if each.thing.kind == OTHER]
    progress.advance(len(done))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for kind in KINDS:
            of_kind = [each for each in wanted if each.thing.kind == kind.name]
            progress.describe(
                _("Deleting …") if not of_kind else _("Deleting {name} …").format(name=of_kind[0].thing.name)
            )
            done += pool.map(partial(_delete, account, progress, kind), of_kind)
    return done


def _delete(account: Account, progress: Progress, kind: Kind, leftover: Leftover) -> Deleted:
    try:
        with missing_is_fine():  # somebody else may be tidying up too
            kind.delete(account, leftover.thing)
    except Exception as error:  # noqa: BLE001  (told, and the rest goes on)
        return Deleted(leftover, told_of(error))
    finally:
        progress.advance()
    return Deleted(leftover, None)


def _unknown() -> LabError:
    return LabError(
        _("The lab does not know how to delete it."), next_step=_("Delete it in AWS's console, or with the AWS CLI.")
    )
