"""Tags of streams and of consumers, by the older calls and by the newer ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis.consumers import consumer_of_arn
from lab.cloud.kinesis.errors import invalid, not_found

if TYPE_CHECKING:
    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Stream

MOST_TAGS = 50
_PAGE = 50
_CHARACTERS = re.compile(r"[\w\s.:/=+\-@]*")


def check_tags(tags: dict[str, str], whose: str, known: dict[str, str]) -> None:
    """Refuse tags with characters that AWS does not take, or too many of them."""
    if not all(_CHARACTERS.fullmatch(text) for pair in tags.items() for text in pair):
        raise invalid(
            "Some tags contain invalid characters. Valid characters: "
            "Unicode letters, digits, white space, _ . / = + - % @ :."
        )
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid(f"Failed to add tags to {whose} because keys that begin with aws: are reserved.")
    if len(known.keys() | tags.keys()) > MOST_TAGS:
        raise invalid(
            f"Failed to add tags to {whose} because a given stream cannot have more than {MOST_TAGS} tags "
            "associated with it."
        )


def add_tags_to_stream(call: Call) -> None:
    """Add tags, or change their values."""
    stream = call.stream()
    _add(call, stream, stream.tags, call.get("Tags"))


def remove_tags_from_stream(call: Call) -> None:
    """Remove tags."""
    stream = call.stream()
    _remove(call, stream, stream.tags, call.get("TagKeys"))


def list_tags_for_stream(call: Call) -> dict[str, Any]:
    """List a stream's tags by key, a page of them."""
    stream, after = call.stream(), call.get("ExclusiveStartTagKey")
    tags = [pair for pair in sorted(stream.tags.items()) if after is None or pair[0] > after]
    page = tags[: call.get("Limit", _PAGE)]
    return {"Tags": [{"Key": key, "Value": value} for key, value in page], "HasMoreTags": len(page) < len(tags)}


def tag_resource(call: Call) -> None:
    """Add tags to a stream or a consumer."""
    stream, tags = _resource(call)
    _add(call, stream, tags, call.get("Tags"))


def untag_resource(call: Call) -> None:
    """Remove tags from a stream or a consumer."""
    stream, tags = _resource(call)
    _remove(call, stream, tags, call.get("TagKeys"))


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    """List the tags of a stream or a consumer."""
    _stream, tags = _resource(call)
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _resource(call: Call) -> tuple[Stream, dict[str, str]]:
    arn: str = call.get("ResourceARN")
    stream = call.world.store.by_arn(arn)
    if stream and stream.arn == arn:
        return stream, stream.tags
    if stream and (consumer := consumer_of_arn(stream, arn)):
        return stream, stream.tags_of_consumers.setdefault(consumer.name, {})
    raise not_found(f"Resource {arn} not found.")


def _add(call: Call, stream: Stream, tags: dict[str, str], new: dict[str, str]) -> None:
    check_tags(new, f"stream {stream.name} under account {stream.account}", tags)
    tags.update(new)
    call.changed(stream)


def _remove(call: Call, stream: Stream, tags: dict[str, str], keys: list[str]) -> None:
    for key in keys:
        tags.pop(key, None)
    call.changed(stream)
