"""The AWS account of a stack: which one, as whom, in which region, and whether the clocks agree.

The only part of the doctor that uses the network, for a stack on AWS alone; each call is given up after a few seconds.
"""

from __future__ import annotations

import datetime as dt
import difflib
import email.utils
import os
from typing import TYPE_CHECKING, Any

from lab.aws import Clients
from lab.doctor.finding import Finding, ok, warn, wrong
from lab.errors import LabError
from lab.failures import told_of
from lab.numbers import whole
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.deploy.stack_files import StackFiles

_SIGNATURE_SECONDS = 300
"""From this difference of clocks on, AWS refuses requests (its general reference, "Signature Version 4")."""
_NOTABLE_SECONDS = 30
_LEARNER_LAB_ROLES = ("/voclabs/",)
_USUAL_CONCURRENCY = 1000


class QuickClients(Clients):
    """Clients that give up soon: who asks what is wrong does not want to wait."""

    def _config(self, service: str) -> Any:
        from botocore.config import Config

        once = Config(connect_timeout=3, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 1})
        return super()._config(service).merge(once)


def findings(files: StackFiles) -> Iterator[Finding]:
    """Yield what is to be said of a stack on AWS."""
    region = files.named_region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    yield (found := _region(files, region))
    if found.verdict == "wrong":
        return
    variable = next(
        (name for name in sorted(os.environ) if name.startswith("AWS_ENDPOINT_URL") and os.environ[name]), ""
    )
    if variable:
        text = _("nothing was asked: {variable} sends this shell's calls to {url}")
        yield wrong("account", text.format(variable=variable, url=os.environ[variable]),
                    _('Take it back: eval "$(lab env --unset)"'))  # fmt: skip
        return
    clients = QuickClients(None, region, profile=files.profile)
    try:
        answer: dict[str, Any] = {**clients.sts.get_caller_identity()}
    except Exception as error:  # noqa: BLE001  (told as what it is)
        told = told_of(error)
        yield wrong("account", f"{told.what} {told.why}".strip(), told.next_step)
        yield from _clock(getattr(error, "response", {}))
        return
    arn: str = answer["Arn"]
    yield ok("account", answer["Account"])
    yield from _role(files, arn, clients)
    yield from _clock(answer)
    yield from _concurrency(clients)


def _region(files: StackFiles, region: str) -> Finding:
    from botocore.session import Session

    set_it = _("Set it: pulumi config set aws:region us-east-1 --stack {name}").format(name=files.name)
    if not region:
        return wrong("region", _("{file} names none").format(file=files.file.name), set_it)
    known = Session().get_available_regions("kinesis")  # botocore's own list: nobody is asked
    if region not in known:
        similar = difflib.get_close_matches(region, known, n=1)
        text = _("{region} is no region that has Kinesis.").format(region=region)
        guess = _("Did you mean {names}?").format(names=similar[0]) if similar else ""
        return wrong("region", f"{text} {guess}".strip(), set_it)
    return ok("region", region)


def _role(files: StackFiles, arn: str, clients: Clients) -> Iterator[Finding]:
    if arn.endswith(":root"):
        yield warn("role", _("{arn}: the account's root user").format(arn=arn),
                   _("Work as a user or role that may do less (IAM Identity Center)."))  # fmt: skip
        return
    is_learner_lab = any(role in arn for role in _LEARNER_LAB_ROLES)
    mode = _role_mode(files)
    if is_learner_lab and mode != "existing":
        text = _("{arn}: a Learner Lab, where no role can be made, and the stack is set to make some")
        yield wrong(
            "role", text.format(arn=arn), f"pulumi config set streamlab:role_mode existing --stack {files.name}"
        )
    else:
        yield ok("role", arn)
    if mode != "existing":
        return
    try:
        clients.iam.get_role(RoleName="LabRole")
    except Exception as error:  # noqa: BLE001
        told = told_of(error)
        yield wrong("lab-role", f"{told.what} {told.why}".strip(),
                    _("Outside of a Learner Lab: pulumi config set streamlab:role_mode create --stack {name}").format(
                        name=files.name))  # fmt: skip
    else:
        yield ok("lab-role", "LabRole")


def _role_mode(files: StackFiles) -> str:
    try:
        return files.config(None).get(f"{files.project_name}:role_mode", "create")
    except LabError:  # an encrypted value, which only the Pulumi CLI reads
        return "create"


def _clock(answer: dict[str, Any]) -> Iterator[Finding]:
    """Compare this machine's clock with AWS's, which every answer tells."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not date:
        return
    seconds = round((dt.datetime.now(dt.UTC) - email.utils.parsedate_to_datetime(date)).total_seconds())
    text = _("this machine's clock differs by {seconds} s from AWS's").format(seconds=whole(seconds))
    next_step = _("Set it: sudo timedatectl set-ntp true (in WSL after sleep: wsl --shutdown, then open it again)")
    if abs(seconds) >= _SIGNATURE_SECONDS:
        yield wrong("clock", _("{text}; from 300 s on, AWS refuses every call").format(text=text), next_step)
    elif abs(seconds) >= _NOTABLE_SECONDS:
        yield warn("clock", text, next_step)
    else:
        yield ok("clock", text)


def _concurrency(clients: Clients) -> Iterator[Finding]:
    try:
        limit = clients.lambda_.get_account_settings().get("AccountLimit", {}).get("ConcurrentExecutions", 0)
    except Exception as error:  # noqa: BLE001
        told = told_of(error)
        yield warn("concurrency", f"{told.what} {told.why}".strip())
        return
    if limit < _USUAL_CONCURRENCY:
        text = _("{limit} functions may run at once in this account and region (usually 1,000): more are throttled")
        yield warn("concurrency", text.format(limit=whole(limit)),
                   _("Deploy few lessons at once; each shard and each API request takes one."))  # fmt: skip
    else:
        yield ok("concurrency", _("{limit} functions may run at once").format(limit=whole(limit)))
