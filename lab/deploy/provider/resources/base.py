"""What every resource type says about itself, and what it must be able to do.

A type is one class: a table of its inputs, the outputs that AWS adds, and a few short methods over an `Account`. All
that follows from the table (checks, names, diffs, previews) is done once, outside.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lab.deploy.provider.values import canonical, is_list, tags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties


@dataclass(frozen=True)
class Input:
    """One input of a resource type.

    Args:
        default: what AWS takes when it is left out.
        required: it must be given.
        replaces: changing it makes another resource.
        allowed: the values it may have: a set, or a range of whole numbers.
        affects: outputs that a change of it changes too.
        kind: `document` is a JSON text, where only the meaning counts; `set` a list whose order means nothing.
        told: AWS tells it back. What it does not tell (`forceDestroy`) stays as it was when a resource is read, unless
            `read` says None of it: it is no longer true.
    """

    default: Any = None
    required: bool = False
    replaces: bool = False
    allowed: Collection[Any] | None = None
    affects: tuple[str, ...] = ()
    kind: str = "value"
    told: bool = True

    def same(self, one: Any, other: Any) -> bool:
        """Say whether two values of this input mean the same."""
        return self._canonical(one) == self._canonical(other)

    def _canonical(self, value: Any) -> Any:
        if self.kind == "document" and isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return value
        value = canonical(value)
        if value in ("", [], {}):
            return None  # nothing is nothing, however it is said
        if self.kind == "set" and is_list(value):
            return sorted(value, key=_as_key)
        return value


def _as_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


TAGS = Input()


@dataclass(frozen=True)
class AutoName:
    """How a type is named when the program does not name it: `<name>-<7 hexadecimal digits>`.

    Args:
        property: the input that holds the physical name.
        longest: the most characters that AWS takes.
        pattern: a regular expression for the names that AWS takes; the emulator underneath takes any.
        lower_case: AWS takes no capitals.
        fifo: the input that, when true, makes AWS ask for the ending `.fifo`.
    """

    property: str
    longest: int
    pattern: str = r".+"
    lower_case: bool = False
    fifo: str = ""


@dataclass(frozen=True)
class Change:
    """An update: the inputs before and after, defaults filled in, and the outputs before."""

    id: str
    old: Properties
    new: Properties
    known: Properties
    table: Mapping[str, Input]

    def of(self, *names: str) -> bool:
        """Say whether any of these inputs changes."""
        return any(not self.table[name].same(self.old.get(name), self.new.get(name)) for name in names)

    def retag(self, tag: Callable[[dict[str, str]], object], untag: Callable[[list[str]], object]) -> None:
        """Bring the tags up to date: `tag` sets some, `untag` takes some away."""
        old, new = tags_of(self.old), tags_of(self.new)
        if gone := sorted(old.keys() - new.keys()):
            untag(gone)
        if changed := {key: value for key, value in new.items() if old.get(key) != value}:
            tag(changed)


class Resource(ABC):
    """A resource type of the local cloud.

    `create`, `read`, … get the inputs with the defaults filled in, and see AWS's errors as they come. A resource that
    does not exist is `None` from `read`; from every other method AWS's own error may say it.
    """

    pulumi_type: ClassVar[str]
    """Pulumi's name of the type."""

    inputs: ClassVar[Mapping[str, Input]]
    """Every input that is understood; any other is refused."""

    computed: ClassVar[tuple[str, ...]] = ()
    """The outputs that are not inputs."""

    name: ClassVar[AutoName | None] = None

    delete_before_replace: ClassVar[bool] = False
    """Two of it cannot exist side by side, whatever they are named."""

    @abstractmethod
    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        """Make it, wait until it can be used, and return its id and computed outputs; leave nothing when it fails."""

    @abstractmethod
    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        """Return inputs and computed outputs as AWS has them; None when it is gone.

        Args:
            aws: where.
            id_: its id.
            known: the outputs as last known; empty for an import.
        """

    @abstractmethod
    def update(self, aws: Account, change: Change) -> Properties:
        """Bring up to date what changed, and return the computed outputs that changed with it."""

    @abstractmethod
    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        """Take it away and wait until it is gone."""

    def find(self, aws: Account, inputs: Properties) -> str | None:
        """Return the id of a resource with these inputs if it exists; most are found by their name, which is the id."""
        if self.name is None:
            raise NotImplementedError(self.pulumi_type)
        id_: str = inputs[self.name.property]
        return id_ if self.read(aws, id_, inputs) else None

    def with_defaults(self, inputs: Properties) -> Properties:
        """Return the inputs with every default filled in."""
        return {name: spec.default for name, spec in self.inputs.items() if spec.default is not None} | inputs
