"""Where leftovers are looked for: a local cloud, or the region of an AWS account that a stack's file names.

A stack on AWS is only reached when that is said plainly, and never through a shell that points at a local cloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.aws import LOCAL_KEY
from lab.deploy import aws_stack
from lab.deploy.provider.account import Account
from lab.deploy.stack_files import StackFiles
from lab.errors import UsageError
from languages import gettext as _

if TYPE_CHECKING:
    from typing import ClassVar


class AwsAccount(Account):
    """An account on AWS: far away, so it is asked less often and waited for longer than a local cloud."""

    longest_pause_seconds: ClassVar[float] = 3.0
    patience: ClassVar[float] = 5.0


@dataclass(frozen=True)
class Place:
    """An account and region."""

    stack: str
    project: str
    account: Account
    is_local: bool


def find_place(stack: str, *, aws: bool) -> Place:
    """Return where a stack is.

    Args:
        stack: its name.
        aws: whether the person has said that an AWS account may be asked.

    Raises:
        LabError: there is no such stack, no local cloud runs, or AWS cannot be reached.
        UsageError: the stack is on AWS and nobody said that its account may be asked, or the other way round.
    """
    files = StackFiles.find(stack)
    if files.is_on_aws:
        if not aws:
            raise UsageError(
                _("Nothing was asked: stack {name} is on AWS.").format(name=stack),
                next_step=_("To look into the account of your AWS credentials, say so: --aws"),
            )
        return Place(stack, files.project_name, _aws_account(files), is_local=False)
    files.refuse_unless_local()
    if aws:
        raise UsageError(
            _("Stack {name} is on the local cloud, not on AWS.").format(name=stack),
            next_step=_("Leave --aws out, or name a stack on AWS: --stack dev"),
        )
    from lab.cloud.client import require_cloud

    account = Account(require_cloud().url, files.region, LOCAL_KEY, LOCAL_KEY)
    return Place(stack, files.project_name, account, is_local=True)


def _aws_account(files: StackFiles) -> AwsAccount:
    account = AwsAccount(None, aws_stack.region(files), profile=files.profile)
    account.account_id  # noqa: B018  (fails here, once, where keys are missing or have expired)
    return account
