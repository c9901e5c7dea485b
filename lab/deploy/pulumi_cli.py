"""The Pulumi CLI on the local cloud: its environment, its state, and who of the two drivers was last.

The CLI keeps a state of its own, in a file backend under `.lab/pulumi`. Whichever of the two states was written last
tells what is deployed: each driver takes over from the other before it changes anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from lab import workspace
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lab.deploy.stack_files import StackFiles

PLUGIN_FOLDER = workspace.ROOT / "lab" / "deploy" / "plugin"

NAMES = (
    "PATH",
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
    "PULUMI_HOME",
    "PULUMI_SKIP_UPDATE_CHECK",
    "PULUMI_STACK",
)
"""The variables that `variables` gives."""

MISLEADING = (
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_DEBUG_PROVIDERS",
    "PULUMI_DIY_BACKEND_GZIP",
    "PULUMI_DIY_BACKEND_ZSTD",
    "PULUMI_IGNORE_AMBIENT_PLUGINS",
)
"""Variables that would lead the CLI elsewhere, or make its state unreadable here."""

_ACTS = frozenset({"destroy", "dn", "down", "pre", "preview", "refresh", "up", "update", "watch"})
"""The CLI's commands that work on what is deployed; what else it does needs no care of ours."""
_MAKES_IT_TRUE = frozenset({"destroy", "dn", "down", "refresh"})
"""Those of them that find out by themselves that something is gone."""


class PulumiCli:
    """The Pulumi CLI, driving one stack.

    Args:
        files: the stack's.
    """

    def __init__(self, files: StackFiles) -> None:
        self._files = files
        self._folder = workspace.lab_folder().absolute() / "pulumi"

    @property
    def is_installed(self) -> bool:
        """Whether it is on PATH."""
        return shutil.which("pulumi") is not None

    def variables(self) -> dict[str, str]:
        """Return the environment variables by which it deploys this stack to the local cloud, beside AWS's."""
        return {
            "PATH": path_with_plugin(),
            "PULUMI_BACKEND_URL": self._folder.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(self._folder / "home"),  # a person's `pulumi login` and selected stacks stay theirs
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_STACK": self._files.name,
        }

    def make_stack(self, environment: Mapping[str, str]) -> None:
        """Make the stack in the CLI's backend where it is not there yet.

        Raises:
            LabError: the CLI could not make it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._state.exists():
            self._call(("stack", "select", self._files.name, "--create"), environment)
            if self._files.state.exists():
                self._files.state.touch()  # an empty state that has only just been made is not the last word

    def hand_over(self, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Give the CLI a state to go on from.

        Raises:
            LabError: it does not take it.
        """
        self._call(("stack", "import", "--stack", self._files.name), environment, json.dumps(document))

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run the CLI in the project's folder, in this terminal, and return its exit code."""
        before = signal.getsignal(signal.SIGINT)
        command = [_executable(), *arguments]
        with subprocess.Popen(command, cwd=workspace.ROOT, env=environment) as process:
            # Ctrl-C reaches the CLI too, which must come to its end; we wait for it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                return process.wait()
            finally:
                signal.signal(signal.SIGINT, before)

    # ---- the two states ----

    @property
    def document(self) -> dict[str, Any]:
        """Its state as `pulumi stack export` prints it, secrets encrypted; without resources when there is none.

        Raises:
            LabError: it cannot be read.
        """
        try:
            checkpoint = json.loads(self._state.read_bytes())
            return {"version": checkpoint["version"], "deployment": checkpoint["checkpoint"].get("latest") or {}}
        except FileNotFoundError:
            return {"version": 3, "deployment": {}}
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise LabError(
                _("The state of the Pulumi CLI in {path} cannot be read.").format(path=self._state),
                why=str(error),
                next_step=_("See what the CLI says of it: lab pulumi -- stack"),
            ) from error

    @property
    def has_anything(self) -> bool:
        """Whether it knows of anything that exists."""
        return bool(_made(self.document))

    @property
    def was_last(self) -> bool:
        """Whether it has changed what is deployed since the lab did."""
        if not self._folder.exists():  # as for nearly everybody
            return False
        return _time_of(self._state) > _time_of(self._files.state) and self._differs()

    @property
    def is_behind(self) -> bool:
        """Whether the lab has changed what is deployed since it did."""
        return _time_of(self._files.state) > _time_of(self._state) and self._differs()

    def _differs(self) -> bool:
        ours: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):  # there is none, or the engine says what is wrong with it
            ours = json.loads(self._files.state.read_bytes())
        return _made(ours) != _made(self.document)

    @property
    def _state(self) -> Path:
        return self._folder / ".pulumi" / "stacks" / self._files.project_name / f"{self._files.name}.json"

    def _call(self, arguments: Sequence[str], environment: Mapping[str, str], given: str = "") -> None:
        command = (_executable(), *arguments, "--non-interactive")
        done = subprocess.run(
            command, cwd=workspace.ROOT, env=environment, input=given, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabError(
                _("`{command}` failed.").format(command=" ".join(("pulumi", *arguments))),
                why=(done.stderr or done.stdout).strip(),
                next_step=_("See whether it works at all: pulumi version"),
            )


def command_of(arguments: Sequence[str]) -> str:
    """Return the command among the CLI's arguments: their first word that is no option."""
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def acts(arguments: Sequence[str]) -> bool:
    """Say whether the CLI would work on what is deployed."""
    return command_of(arguments) in _ACTS


def looks_by_itself(arguments: Sequence[str]) -> bool:
    """Say whether the CLI would find out by itself what is gone."""
    return command_of(arguments) in _MAKES_IT_TRUE or "--refresh" in arguments or "-r" in arguments


def stack_of(arguments: Sequence[str]) -> str | None:
    """Return the name of the stack that the CLI's arguments name, None when they name none."""
    for position, argument in enumerate(arguments):
        following = arguments[position + 1] if position + 1 < len(arguments) else ""
        if argument in {"-s", "--stack"}:
            return _short(following)
        if argument.startswith("--stack="):
            return _short(argument.removeprefix("--stack="))
        if argument.startswith("-s") and not argument.startswith("--"):
            return _short(argument[2:].removeprefix("="))
        if argument in {"init", "rm", "select"} and "stack" in arguments[:position] and following[:1] not in ("", "-"):
            return _short(following)
    return None


def path_with_plugin() -> str:
    """Return PATH with the plugin's folder, once."""
    return os.pathsep.join((str(PLUGIN_FOLDER), path_without_plugin()))


def path_without_plugin() -> str:
    """Return PATH as it is without us."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder != str(PLUGIN_FOLDER))


def _executable() -> str:
    found = shutil.which("pulumi")
    if found is None:
        raise LabError(
            _("The Pulumi CLI is not installed: there is no `pulumi` on PATH."),
            why=_("The lab does not need it: `lab up` runs the same program."),
            next_step=_("Deploy with `lab up basic`, or install the CLI as Pulumi's documentation says."),
        )
    return found


def _short(name: str) -> str:
    """Return a stack's name without organization and project."""
    return name.rpartition("/")[2]


def _time_of(path: Path) -> int:
    """Return when a file was last written, in nanoseconds; 0 when it does not exist."""
    return path.stat().st_mtime_ns if path.exists() else 0


def _made(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a state says exists: id and inputs by urn."""
    resources = document.get("deployment", {}).get("resources") or ()
    return {resource["urn"]: (resource["id"], resource.get("inputs")) for resource in resources if resource.get("id")}
