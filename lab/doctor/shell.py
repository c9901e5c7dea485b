"""What this shell tells every AWS SDK and tool: endpoints, proxies, keys. Nothing here uses the network."""

from __future__ import annotations

import configparser
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lab.aws import LOCAL_KEY
from lab.doctor.finding import Finding, ok, warn, wrong
from lab.numbers import whole
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from lab.cloud.client import Cloud

ENDPOINT = "AWS_ENDPOINT_URL"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_LEARNER_LAB_MINUTES = 4 * 60
_TEMPORARY = "ASIA"
"""How the ids of temporary keys begin; those that last begin with AKIA."""


def endpoints(cloud: Cloud | None) -> Finding:
    """Where this shell sends calls of AWS's."""
    one = os.environ.get(ENDPOINT, "")
    single = sorted(name for name in os.environ if name.startswith(f"{ENDPOINT}_") and os.environ[name])
    take_back = _('Take it back: eval "$(lab env --unset)"')
    if single:
        text = _("{variables} lead single services elsewhere, whatever {variable} says")
        return warn("endpoints", text.format(variables=", ".join(single), variable=ENDPOINT),
                    _("Unset them: unset {variables}").format(variables=" ".join(single)))  # fmt: skip
    if not one:
        return ok(
            "endpoints", _('the AWS CLI and SDKs reach AWS from this shell; for the local cloud: eval "$(lab env)"')
        )
    host = urlsplit(one).hostname or ""
    if host not in ("127.0.0.1", "localhost", "::1"):
        return warn("endpoints", _("{variable} is {url}, which is not this machine").format(variable=ENDPOINT, url=one),
                    take_back)  # fmt: skip
    if cloud is None or urlsplit(one).port != cloud.port:
        text = _("{variable} is {url}, where this clone's local cloud does not listen")
        return warn("endpoints", text.format(variable=ENDPOINT, url=one), _('Point it there: eval "$(lab env)"'))
    return ok("endpoints", _("this shell talks to the local cloud, not to AWS ({variable})").format(variable=ENDPOINT))


def proxies() -> Finding:
    """Whether a proxy stands between this shell and the local cloud."""
    set_ = [name for name in _PROXIES if os.environ.get(name) or os.environ.get(name.lower())]
    if not set_:
        return ok("proxies", _("no proxy is set"))
    spared = os.environ.get("NO_PROXY", "") + "," + os.environ.get("no_proxy", "")
    names = ", ".join(set_)
    if "127.0.0.1" in spared or "*" in spared:
        return ok("proxies", _("{names}; calls to this machine are spared").format(names=names))
    text = _("{names} would take calls to this machine too, and the AWS CLI would not reach the local cloud")
    return warn("proxies", text.format(names=names), "export NO_PROXY=127.0.0.1,localhost")


def keys() -> Finding:
    """Since when there are keys of an AWS account here, and whether they last."""
    given = os.environ.get("AWS_ACCESS_KEY_ID", "")
    if given == LOCAL_KEY:
        return ok("keys", _("the local cloud's, in this shell: nothing can reach an account"))
    if given:
        if not given.startswith(_TEMPORARY):
            return ok("keys", _("in this shell (AWS_ACCESS_KEY_ID)"))
        if not os.environ.get("AWS_SESSION_TOKEN"):
            return wrong("keys", _("AWS_ACCESS_KEY_ID is temporary, and AWS_SESSION_TOKEN, its third part, is missing"),
                         _("Copy all three lines."))  # fmt: skip
        return warn("keys", _("temporary, in this shell; nobody knows since when. A Learner Lab's last about 4 hours"))
    file = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    try:
        found = configparser.RawConfigParser()
        found.read_string(file.read_text(encoding="utf-8"))
        minutes = max(int((time.time() - file.stat().st_mtime) // 60), 0)
    except FileNotFoundError:
        return ok("keys", _("none; the local cloud needs none"))
    except configparser.Error as error:
        # Not in the parser's words: they quote the line, which may hold a secret key.
        what = _("{file} cannot be read: line {line} is not as it should be").format(file=file, line=_line_of(error))
        return wrong("keys", what, _("A profile is a line [default], and below it lines NAME = VALUE."))
    except (OSError, ValueError) as error:
        return wrong("keys", _("{file} cannot be read: {why}").format(file=file, why=" ".join(str(error).split())),
                     _("Mend it, or move it away."))  # fmt: skip
    return _keys_of(found, file, minutes)


def _keys_of(found: configparser.RawConfigParser, file: Path, minutes: int) -> Finding:
    """Say what is to be said of a file of profiles that was written so many minutes ago."""
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
    if not found.has_section(profile):
        return ok("keys", _("none of profile {profile} in {file}; the local cloud needs none").format(
            profile=profile, file=file))  # fmt: skip
    since = ngettext("set {count} minute ago", "set {count} minutes ago", minutes).format(count=whole(minutes))
    text = _("profile {profile} in {file}, {since}").format(profile=profile, file=file, since=since)
    if not found.has_option(profile, "aws_session_token"):
        return ok("keys", text)
    if minutes >= _LEARNER_LAB_MINUTES:
        return warn("keys", _("{keys}: temporary, and a Learner Lab's last about 4 hours").format(keys=text),
                    _("Get new ones before you work on AWS: Start Lab, AWS Details, Show."))  # fmt: skip
    left = _("{keys}: temporary; in a Learner Lab about {minutes} minutes are left")
    return ok("keys", left.format(keys=text, minutes=whole(_LEARNER_LAB_MINUTES - minutes)))


def _line_of(error: configparser.Error) -> int:
    """Return the first line that a parser did not like."""
    errors: list[tuple[int, str]] = getattr(error, "errors", [])
    return errors[0][0] if errors else getattr(error, "lineno", 0) or 0
