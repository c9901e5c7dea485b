"""What the engine does to property values: secrets and archives on their way to a provider, a program and the state.

Inside the engine a secret is `{SIGNATURE: SECRET, "value": …}`, as on the wire. The state keeps it as Pulumi does when
it is asked to show secrets: `{SIGNATURE: SECRET, "plaintext": JSON}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lab.deploy.property_values import Plain

Properties = dict[str, Any]
"""The inputs or outputs of a resource, plain."""

MASK = "[secret]"


def to_state(value: Plain) -> Plain:
    """Return a value as the state file holds it, its names sorted."""
    if pv.is_object(value):
        if pv.signature_of(value) == pv.SECRET:
            text = json.dumps(value["value"], separators=(",", ":"), sort_keys=True, ensure_ascii=False)
            return {pv.SIGNATURE: pv.SECRET, "plaintext": text}
        return {name: to_state(value[name]) for name in sorted(value)}
    if pv.is_list(value):
        return [to_state(item) for item in value]
    return value


def from_state(value: Plain) -> Plain:
    """Return a value of the state file as the engine uses it.

    Raises:
        LabError: it holds a secret that was exported encrypted.
    """
    if pv.is_object(value):
        if pv.signature_of(value) == pv.SECRET:
            if "plaintext" not in value:
                raise LabError(
                    _("The state holds an encrypted secret, which cannot be read here."),
                    next_step=_("Export it again with `pulumi stack export --show-secrets`."),
                )
            return pv.secret(json.loads(value["plaintext"]))
        return {name: from_state(item) for name, item in value.items()}
    if pv.is_list(value):
        return [from_state(item) for item in value]
    return value


def masked(value: Plain) -> Plain:
    """Return a value to show: secrets as `MASK`, what is unknown as None."""
    if pv.is_object(value):
        if pv.contains_secret(value) and pv.signature_of(value) in (pv.SECRET, pv.OUTPUT):
            return MASK
        return {name: masked(item) for name, item in value.items()}
    if pv.is_list(value):
        return [masked(item) for item in value]
    return None if value == pv.UNKNOWN else value


def secret_texts(value: Plain) -> Iterator[str]:
    """Yield every text inside a secret, to be masked in messages."""
    for part in _secrets_in(value):
        yield from _texts_in(part["value"])


def _secrets_in(value: Plain) -> Iterator[Properties]:
    if pv.signature_of(value) == pv.SECRET:
        yield value
    else:
        for item in _items(value):
            yield from _secrets_in(item)


def _texts_in(value: Plain) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for item in _items(value):
            yield from _texts_in(item)


def _items(value: Plain) -> Iterable[Plain]:
    if pv.is_object(value):
        return value.values()
    return value if pv.is_list(value) else ()


def with_hashes(value: Plain) -> Plain:
    """Return a value whose assets and archives say their hash, as the engine owes it to a provider.

    Raises:
        ValueError: an asset or archive is of a kind that is not supported.
        OSError: its file cannot be read.
    """

    def add_hash(special: Properties) -> Properties:
        if pv.signature_of(special) == pv.ASSET:
            return {**special, "hash": special.get("hash") or pv.asset_hash(special)}
        hashed = {name: _map_special(item, add_hash) for name, item in special.items()}
        return {**hashed, "hash": special.get("hash") or pv.archive_hash(special)}

    return _map_special(value, add_hash)


def without_contents(value: Plain) -> Plain:
    """Return a value whose assets and archives say their hash alone: what a provider compares."""
    return _map_special(value, lambda special: {key: special[key] for key in (pv.SIGNATURE, "hash") if key in special})


def restore_contents(value: Plain, known: Plain) -> Plain:
    """Give assets and archives that came back as a hash alone the contents they are known by."""
    if pv.is_object(value) and pv.is_object(known):
        if pv.signature_of(value) in (pv.ASSET, pv.ARCHIVE):
            return known if value.get("hash") == known.get("hash") else value
        return {name: restore_contents(item, known.get(name)) for name, item in value.items()}
    return value


def _map_special(value: Plain, change: Callable[[Properties], Properties]) -> Plain:
    if pv.is_object(value):
        if pv.signature_of(value) in (pv.ASSET, pv.ARCHIVE):
            return change(value)
        return {name: _map_special(item, change) for name, item in value.items()}
    if pv.is_list(value):
        return [_map_special(item, change) for item in value]
    return value


def annotate_secrets(values: Mapping[str, Plain], like: Mapping[str, Plain]) -> Properties:
    """Return values, which a provider answered without secrets, with those marked that are secret in `like`.

    Inside objects each property is marked by itself; a list with any secret becomes a secret as a whole, because a
    provider may have reordered it. So does Pulumi.
    """
    return {name: _annotated(value, like[name]) if name in like else value for name, value in values.items()}


def _annotated(value: Plain, like: Plain) -> Plain:
    if not pv.contains_secret(like) or pv.signature_of(value) == pv.SECRET:
        return value
    if pv.is_object(value) and pv.is_object(like) and pv.signature_of(like) != pv.SECRET:
        return annotate_secrets(value, like)
    return pv.secret(value)


def mark_secret(values: Mapping[str, Plain], names: Iterable[str]) -> Properties:
    """Return values with the named ones made secret."""
    secret_names = set(names)
    return {
        name: pv.secret(value) if name in secret_names and pv.signature_of(value) != pv.SECRET else value
        for name, value in values.items()
    }
