"""Values between wire and Python, and hashes: these were made with Pulumi's own archive package (sdk v3.260.0)."""

import hashlib
import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.deploy import property_values as pv

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_plain_values_survive_the_wire(values):
    assert pv.to_plain(pv.to_struct(values)) == values


def test_whole_numbers_are_integers():
    assert repr(pv.to_plain(pv.to_struct({"n": 3.0, "half": 0.5}))) == "{'half': 0.5, 'n': 3}"


def test_names_come_sorted():
    assert list(pv.to_plain(pv.to_struct({"b": 1, "c": 2, "a": 3}))) == ["a", "b", "c"]


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="object"):
        pv.to_struct({"x": object()})


def test_secrets_are_stripped_and_unknowns_found_at_any_depth():
    value = {"a": [pv.secret({"b": pv.secret(1)})], "c": {pv.SIGNATURE: pv.OUTPUT}}
    assert pv.strip_secrets(value) == {"a": [{"b": 1}], "c": pv.UNKNOWN}
    assert pv.contains_secret(value)
    assert pv.contains_unknown(value)
    assert not pv.contains_secret({"a": [1, {"b": "c"}]})
    assert not pv.contains_unknown({"a": [1, {"b": "c"}]})


@pytest.fixture
def folder(tmp_path):
    """Everything that an archive's walk has an opinion about."""
    root = tmp_path / "t"
    (root / "a" / "b").mkdir(parents=True)
    (root / ".pulumi").mkdir()
    files = {"z.txt": "one", "a/b/two.py": "two", ".pulumi/x": "hid", "_u": "under", "a-b": "dash"}
    for name, content in files.items():
        (root / name).write_text(content)
    (root / "link").symlink_to("z.txt")
    (root / "linkdir").symlink_to("a")
    return root


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("pkg/m.py", "print(1)"), ("a.txt", "a")):
            archive.writestr(zipfile.ZipInfo(name), content)
    return path


def archive(path):
    return {pv.SIGNATURE: pv.ARCHIVE, "path": str(path)}


def text(content):
    return {pv.SIGNATURE: pv.ASSET, "text": content}


def collection(assets):
    return {pv.SIGNATURE: pv.ARCHIVE, "assets": assets}


def test_hash_of_a_folder(folder):
    expected = "6410b1b18d68051f644bac5fa76823dc66ffba2051c996a575640a7846480710"
    assert pv.archive_hash(folder) == expected
    assert pv.archive_hash(archive(folder)) == expected
    assert pv.archive_hash(collection({".": archive(folder)})) == expected


def test_hash_of_an_archive_file_is_that_of_its_bytes(package):
    package.write_bytes(b"not looked into")
    assert pv.archive_hash(package) == hashlib.sha256(b"not looked into").hexdigest()


def test_hash_of_a_collection(folder, package):
    assets = {"lib": archive(package), ".": archive(folder), "x/y.txt": text("hello")}
    # The zip of the fixture is another than the one hashed by Go, its content the same, and only that counts here.
    assert pv.archive_hash(collection(assets)) == "19756b17ef955db0e33a09872a779cdb63de115dc5723401838ac887afc264ca"


def test_hash_of_an_asset():
    assert pv.asset_hash(text("hello")) == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"a.py": "print(1)\n", "b/c.txt": "x" * 513, "empty": ""},
            "2768ea3fdf50e26e3cf0c0525967db4cf41e8a42d421432ca08362990252f6e3",
        ),
        (
            {"d" * 60 + "/" + "e" * 60 + ".txt": "long"},
            "432e7529a9d386175bde4599e317f42b5393e4c00d3095b2cfdbf7a2a6fe53bc",
        ),
        (
            {"d" * 120 + "/" + "e" * 30 + "/" + "f" * 90: "longer"},
            "68605f2f01dba3bcf1438a6df13a7b8c77fae224e23c317fe9ac535fa4d933f4",
        ),
    ],
    ids=["plain", "long name", "longest name"],
)
def test_stream_is_that_of_gos_archive_tar(files, expected):
    assert pv.archive_hash(collection({name: text(content) for name, content in files.items()})) == expected


def test_header_is_read_by_others():
    content = b"print(1)\n"
    block = pv._ustar_header("handlers/basic/app.py", len(content)) + content + bytes(512 - len(content)) + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(block)) as read:
        (member,) = read.getmembers()
    assert (member.name, member.mode, member.size, member.mtime) == ("handlers/basic/app.py", 0o600, 9, 0)


@pytest.mark.parametrize(
    ("given_archive", "told"),
    [
        (collection({"ñ": text("x")}), "must be ASCII"),
        (collection({"n" * 101: text("x")}), "at most 100 characters"),
        ({pv.SIGNATURE: pv.ARCHIVE, "uri": "https://x"}, "not one from a URI"),
        (collection({"a": {pv.SIGNATURE: pv.ASSET, "uri": "https://x"}}), "not one from a URI"),
        (archive(__file__), "is no archive"),
    ],
)
def test_what_cannot_be_hashed_as_pulumi_does_is_refused(given_archive, told):
    with pytest.raises(ValueError, match=told):
        pv.archive_hash(given_archive)
