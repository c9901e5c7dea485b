"""What is written down about a stack: Pulumi's files, which the learner owns, and ours under `.lab/stacks`."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lab import workspace
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lab.cloud.client import Cloud

LESSONS_KEY = "streamlab:lessons"
REGION_KEY = "aws:region"
PROFILE_KEY = "aws:profile"
_OURS = ("local", "dev", "exercises")
"""The stacks whose files come with the project."""
ENDPOINTS_KEY = "aws:endpoints"


@dataclass(frozen=True)
class StackFiles:
    """The files of one stack; each is read when it is first needed.

    Args:
        name: the stack's name.
        file: `Pulumi.<name>.yaml`.
    """

    name: str
    file: Path

    @classmethod
    def find(cls, name: str) -> StackFiles:
        """Return the files of a stack.

        Raises:
            LabError: there is no such stack.
        """
        file = workspace.ROOT / f"Pulumi.{name}.yaml"
        files = cls(name, file)
        if not file.is_file() and not files.state.is_file():
            if name in _OURS:
                raise files._missing()
            known = sorted(path.name.split(".")[1] for path in workspace.ROOT.glob("Pulumi.*.yaml"))
            raise LabError(
                _("There is no stack {name}: {file} does not exist.").format(name=name, file=file.name),
                next_step=_("Stacks there are: {names}").format(names=", ".join(known)),
            )
        return files

    def _missing(self) -> LabError:
        """Return what to say of a stack whose file is not there."""
        file = self.file.name
        return LabError(
            _("{file} does not exist; it holds the settings of stack {name}.").format(file=file, name=self.name),
            next_step=_("Get it back: git checkout {file}").format(file=file) if self.name in _OURS else "",
        )

    @property
    def state(self) -> Path:
        """The file with what is deployed."""
        return workspace.stack_file(self.name)

    @cached_property
    def project_name(self) -> str:
        """The project's name, from `Pulumi.yaml`."""
        return str(_read_yaml(workspace.ROOT / "Pulumi.yaml")["name"])

    @cached_property
    def _content(self) -> Mapping[str, Any]:
        if not self.file.is_file():
            raise self._missing()
        return _read_yaml(self.file)

    @property
    def _settings(self) -> Mapping[str, Any]:
        return self._content.get("config") or {}

    @property
    def encryption_salt(self) -> str:
        """What the Pulumi CLI checks the passphrase of the stack's secrets by; "" before it has worked on the stack."""
        return str(self._content.get("encryptionsalt") or "") if self.file.is_file() else ""

    def config(self, lessons: Sequence[str] | None) -> dict[str, str]:
        """Return the stack's configuration as Pulumi hands it to a program: texts, objects as JSON.

        Args:
            lessons: see `lessons`.

        Raises:
            LabError: the file cannot be read, or holds an encrypted value.
        """
        config: dict[str, str] = {}
        for key, value in self._settings.items():
            if isinstance(value, dict) and "secure" in value:
                raise LabError(
                    _("{file} holds an encrypted value, {key}, which only the Pulumi CLI can read.").format(
                        file=self.file.name, key=key
                    ),
                    next_step=_("Write it in plain text: the local cloud has no secrets."),
                )
            config[key if ":" in key else f"{self.project_name}:{key}"] = _text(value)
        chosen = self._chosen(lessons)
        # What the file says stays as it is there, right or wrong: the program checks it.
        return config if chosen is None else {**config, LESSONS_KEY: json.dumps(list(chosen))}

    def lessons(self, named: Sequence[str] | None) -> Sequence[str]:
        """Return the lessons to deploy: those named now, else those named last, else those of the stack's file."""
        chosen = self._chosen(named)
        if chosen is not None:
            return chosen
        return self.written_lessons or []

    @property
    def written_lessons(self) -> list[str] | None:
        """The lessons of the stack's file; None where it holds no list of them, which the program refuses."""
        written = self._settings.get(LESSONS_KEY)
        if isinstance(written, str):
            # As `pulumi config set streamlab:lessons '["basic"]'` leaves it.
            with contextlib.suppress(ValueError):
                written = json.loads(written)
        return [str(name) for name in written] if isinstance(written, list) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    @property
    def remembers_others(self) -> bool:
        """Whether the lessons named last are others than those of the stack's file."""
        named = self._chosen(None)
        return named is not None and set(named) != set(self.written_lessons or [])

    @property
    def region(self) -> str:
        """The region of the stack; the usual one where its file names none."""
        from lab.aws import LOCAL_REGION

        return self.named_region or LOCAL_REGION

    @property
    def named_region(self) -> str:
        """The region that the stack's file names, "" where it names none."""
        return str(self._settings.get(REGION_KEY) or "")

    @property
    def profile(self) -> str | None:
        """The profile of the person's AWS configuration that the stack's file names, None where it names none."""
        named = self._settings.get(PROFILE_KEY)
        return str(named) if named else None

    @property
    def is_on_aws(self) -> bool:
        """Whether the stack's file gives no endpoint, so that its calls go to AWS."""
        return not self._settings.get(ENDPOINTS_KEY)

    def _chosen(self, named: Sequence[str] | None) -> Sequence[str] | None:
        return named if named is not None else _read_json(self._kept_config).get(LESSONS_KEY)

    def save_lessons(self, lessons: Sequence[str]) -> None:
        """Keep the lessons named, for a later run that names none; those of the stack's file need no keeping."""
        if set(lessons) == set(self.written_lessons or []):
            self.forget_lessons()
        else:
            _write_json(self._kept_config, {LESSONS_KEY: list(lessons)})

    def forget_lessons(self) -> None:
        """Let the stack's file say again which lessons to deploy."""
        self._kept_config.unlink(missing_ok=True)

    @property
    def cloud(self) -> tuple[str, int, int] | None:
        """Id, epoch and interruptions of the cloud that the stack was last deployed to, None before that."""
        known = _read_json(self._cloud_file)
        return (known["id"], known["epoch"], known["interruptions"]) if known else None

    def save_cloud(self, cloud: Cloud) -> None:
        """Keep which cloud the stack is deployed to."""
        if self.cloud != (cloud.id, cloud.epoch, cloud.interruptions):
            known = {"id": cloud.id, "epoch": cloud.epoch, "interruptions": cloud.interruptions}
            _write_json(self._cloud_file, known)

    def refuse_unless_local(self) -> None:
        """Refuse a stack that could reach anything but this machine.

        Raises:
            LabError: it gives no endpoint, or one elsewhere.
        """
        from lab.deploy.provider.configuration import is_loopback

        if self.is_on_aws:
            raise LabError(
                _("Stack {name} is not for the local cloud: {file} gives no {key}.").format(
                    name=self.name, file=self.file.name, key=ENDPOINTS_KEY
                ),
                next_step=_(
                    "To deploy it to AWS: pulumi up --stack {name} (what it costs: lab cost --stack {name})"
                ).format(name=self.name),
            )
        endpoints: Sequence[Mapping[str, str]] = self._settings[ENDPOINTS_KEY]
        for url in (url for services in endpoints for url in services.values()):
            if not is_loopback(url):
                raise LabError(
                    _("Nothing was called: {file} names an endpoint that is not on this machine, {url}.").format(
                        file=self.file.name, url=url
                    ),
                    next_step=_("Give a loopback address, such as http://127.0.0.1:4566."),
                )

    @property
    def _kept_config(self) -> Path:
        return self.state.with_suffix(".config.json")

    @property
    def _cloud_file(self) -> Path:
        return self.state.with_suffix(".cloud.json")


def _text(value: Any) -> str:
    """Return a value of a stack's file as Pulumi's configuration holds it, to the letter: providers compare it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    # The C loader reads these files ten times as fast, where there is one. A time stays the text it is written as.
    fast: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolvers = {
        first: [(tag, form) for tag, form in known if tag != "tag:yaml.org,2002:timestamp"]
        for first, known in fast.yaml_implicit_resolvers.items()
    }
    loader = type("_Loader", (fast,), {"yaml_implicit_resolvers": resolvers})
    try:
        content = yaml.load(path.read_bytes(), loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise _not_yaml(path, error) from error
    except OSError as error:
        raise LabError(_("{file} cannot be read.").format(file=path.name), why=str(error)) from error
    if not isinstance(content, dict):
        raise LabError(_("{file} holds no settings.").format(file=path.name))
    return content  # pyright: ignore[reportUnknownVariableType]


def _not_yaml(path: Path, error: Exception) -> LabError:
    """Return what to say of a file that is no YAML: where, for nobody reads the parser's own words."""
    mark: Any = getattr(error, "problem_mark", None)
    what = _("{file} is not valid YAML.").format(file=path.name)
    if mark:
        what = _("{file} is not valid YAML: line {line}, column {column}.").format(
            file=path.name, line=mark.line + 1, column=mark.column + 1
        )
    next_step = _("Look there, and at the line before, for a bracket, a quote or an indent that is not right.")
    return LabError(what, next_step=next_step)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise LabError(
            _("{file} cannot be read.").format(file=path), why=str(error), next_step=_("Remove it and try again.")
        ) from error


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)
