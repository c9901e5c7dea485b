"""Pulumi's property values: the wire's Structs, the plain Python form of them, and the hashes of assets and archives.

A *plain* value is what JSON holds: None, bool, int, float, str, list, dict. Special values keep the wire's form, a dict
whose key `SIGNATURE` says what it is:

    {SIGNATURE: SECRET, "value": …}                                      a secret
    {SIGNATURE: ASSET, "path" | "text": …, "hash": …}                    a file, or a text
    {SIGNATURE: ARCHIVE, "path": … | "assets": {name: …}, "hash": …}     a folder, a zip, or a collection
    {SIGNATURE: OUTPUT, "value": …, "secret": …, "dependencies": […]}    an output with what it depends on
    {SIGNATURE: RESOURCE, "urn": …, "id": …}                             a reference to a resource
    UNKNOWN                                                              not known before it is created

Nothing here imports pulumi, which takes most of a second. The signatures are Pulumi's (sdk/go/common/resource).
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from google.protobuf import struct_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Plain: TypeAlias = Any
"""A plain value (see the module's description)."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a published signature, not a password
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def is_object(value: Plain) -> TypeGuard[dict[str, Any]]:
    """Say whether a value is an object, special values included."""
    return isinstance(value, dict)


def is_list(value: Plain) -> TypeGuard[list[Any]]:
    """Say whether a value is a list."""
    return isinstance(value, list)


def signature_of(value: Plain) -> str | None:
    """Return the signature of a special value, None for any other value."""
    return value.get(SIGNATURE) if is_object(value) else None


def secret(value: Plain) -> dict[str, Plain]:
    """Return the value as a secret."""
    return {SIGNATURE: SECRET, "value": value}


def to_plain(struct: struct_pb2.Struct) -> dict[str, Plain]:
    """Return a Struct as a plain dict, its names sorted (the wire has no order); whole numbers become int."""
    return {name: _plain(struct.fields[name]) for name in sorted(struct.fields)}


def _plain(value: struct_pb2.Value) -> Plain:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return to_plain(value.struct_value)
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None


def to_struct(values: Mapping[str, Plain]) -> struct_pb2.Struct:
    """Return a plain dict as a Struct; raise TypeError for a value that JSON cannot hold."""
    struct = struct_pb2.Struct()
    _fill_struct(struct, values)
    return struct


def _fill_struct(struct: struct_pb2.Struct, values: Mapping[str, Plain]) -> None:
    fields = struct.fields
    for name, value in values.items():
        _fill(fields[name], value)


def _fill(target: struct_pb2.Value, value: Plain) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif is_object(value):
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, value)
    elif is_list(value):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item)
    else:
        raise TypeError(f"{type(value).__name__} is no property value")


def strip_secrets(value: Plain) -> Plain:
    """Return the value with secrets and outputs replaced by what they hold (an output without a value by UNKNOWN)."""
    if is_object(value):
        kind = signature_of(value)
        if kind in (SECRET, OUTPUT):
            return strip_secrets(value["value"]) if "value" in value else UNKNOWN
        return {name: strip_secrets(item) for name, item in value.items()}
    if is_list(value):
        return [strip_secrets(item) for item in value]
    return value


def contains_secret(value: Plain) -> bool:
    """Say whether a secret stands anywhere in the value."""
    if is_object(value):
        kind = signature_of(value)
        if kind == SECRET or (kind == OUTPUT and value.get("secret")):
            return True
        return any(contains_secret(item) for item in value.values())
    return is_list(value) and any(contains_secret(item) for item in value)


def contains_unknown(value: Plain) -> bool:
    """Say whether anything in the value is not known yet."""
    if isinstance(value, str):
        return value == UNKNOWN
    if is_object(value):
        if signature_of(value) == OUTPUT and "value" not in value:
            return True
        return any(contains_unknown(item) for item in value.values())
    return is_list(value) and any(contains_unknown(item) for item in value)


# ---- hashes -------------------------------------------------------------------------------------------------------


def asset_hash(asset: Mapping[str, Plain]) -> str:
    """Return the SHA-256 of an asset's content, as hexadecimal digits.

    Args:
        asset: a special value of kind ASSET, with a path or a text.

    Raises:
        ValueError: the asset is of a kind that is not supported (a URI).
        OSError: its file cannot be read.
    """
    return hashlib.sha256(_asset_content(asset)).hexdigest()


def archive_hash(archive: Mapping[str, Plain] | str | os.PathLike[str]) -> str:
    """Return the hash that Pulumi's engine gives an archive, as hexadecimal digits.

    An archive file is hashed as its bytes; a folder or a collection as the USTAR stream that Go's archive/tar writes.

    Args:
        archive: a special value of kind ARCHIVE, or the path of a folder or of an archive file.

    Raises:
        ValueError: the archive is of a kind that is not supported, or a name in it does not fit into USTAR.
        OSError: a file cannot be read.
    """
    if not isinstance(archive, (str, os.PathLike)) and "path" in archive:
        archive = str(archive["path"])
    digest = hashlib.sha256()
    if isinstance(archive, (str, os.PathLike)) and Path(archive).is_file():
        _archive_format(Path(archive))
        digest.update(Path(archive).read_bytes())
        return digest.hexdigest()
    seen: set[str] = set()
    for name, content in archive_members(archive):
        if name not in seen:
            seen.add(name)
            digest.update(_ustar_header(name, len(content)))
            digest.update(content + bytes(-len(content) % _BLOCK))
    digest.update(bytes(2 * _BLOCK))
    return digest.hexdigest()


def archive_members(archive: Mapping[str, Plain] | str | os.PathLike[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file in an archive, in the order of Pulumi's engine.

    Names have forward slashes and are relative; a folder's files come in walk order with each folder's names sorted,
    its `.pulumi` left out, symbolic links to files as the file. Errors as for `archive_hash`.
    """
    if isinstance(archive, (str, os.PathLike)):
        path = Path(archive)
        yield from _folder_members(path, "") if path.is_dir() else _zip_members(path)
    elif "path" in archive:
        yield from archive_members(str(archive["path"]))
    elif "assets" in archive:
        for name, item in sorted(archive["assets"].items()):
            if signature_of(item) == ASSET:
                yield name, _asset_content(item)
            else:
                for inner, content in archive_members(item):
                    yield os.path.normpath(f"{name}/{inner}"), content
    else:
        raise ValueError("only archives with a path or with assets are supported, not one from a URI")


def _asset_content(asset: Mapping[str, Plain]) -> bytes:
    if "path" in asset:
        return Path(asset["path"]).read_bytes()
    if "text" in asset:
        return str(asset["text"]).encode()
    raise ValueError("only assets with a path or a text are supported, not one from a URI")


def _folder_members(folder: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name == ".pulumi":
            continue
        if path.is_dir():
            # As Go's filepath.Walk: a link to a folder is not followed.
            if not path.is_symlink():
                yield from _folder_members(path, f"{prefix}{path.name}/")
        else:
            yield f"{prefix}{path.name}", path.read_bytes()


def _zip_members(path: Path) -> Iterator[tuple[str, bytes]]:
    if _archive_format(path) != "zip":
        raise ValueError(f"{path}: inside another archive only folders and zip files are supported")
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield member.filename, archive.read(member)


def _archive_format(path: Path) -> str:
    if path.suffix in (".zip", ".jar"):
        return "zip"
    if path.name.endswith((".tar", ".tgz", ".tar.gz")):
        return "tar"
    raise ValueError(f"{path} is no archive: it is neither a folder nor a .zip, .jar, .tar, .tgz or .tar.gz file")


_BLOCK = 512


def _ustar_header(name: str, size: int) -> bytes:
    """Return the header block that Go's archive/tar writes for a file of mode 0600 without owner and time."""
    prefix, short_name = _split_name(name)
    device = b"0000000\0"
    header = b"".join(
        (
            short_name.ljust(100, b"\0"),
            b"0000600\0" + device + device,  # mode, owner, group
            f"{size:011o}\0".encode() + b"00000000000\0",  # size, time
            b" " * 8,  # the checksum counts its own field as spaces
            b"0" + bytes(100) + b"ustar\00000" + bytes(64),  # a plain file, no link, no user or group name
            device + device,
            prefix.ljust(155, b"\0") + bytes(12),
        )
    )
    checksum = f"{sum(header):06o}\0 ".encode()
    return header[:148] + checksum + header[156:]


def _split_name(name: str) -> tuple[bytes, bytes]:
    """Split a name as USTAR wants it: at most 100 bytes, and before a slash 155 more."""
    encoded = name.encode()
    if len(encoded) <= 100 and name.isascii():  # noqa: PLR2004 - the field's width
        return b"", encoded
    # Go takes the last slash within the first 156 bytes that leaves something behind it.
    cut = encoded.rfind(b"/", 0, min(len(encoded) - 1, 156))
    if cut <= 0 or len(encoded) - cut - 1 > 100 or not name.isascii():  # noqa: PLR2004 - the field's width
        raise ValueError(f"{name}: a name in an archive must be ASCII and at most 100 characters behind its last slash")
    return encoded[:cut], encoded[cut + 1 :]
