"""The state file: Pulumi's own schema, there and back."""

import json

import pytest

from lab.deploy.engine.state import Deployment, Resource
from lab.deploy.engine.store import Store
from lab.deploy.property_values import SECRET, SIGNATURE
from lab.errors import LabError
from tests.deploy import recorded

EXPORT = json.loads((recorded.FOLDER / "12-stack-export-show-secrets.json").read_text())


def test_an_export_of_the_real_cli_comes_back_as_it_was():
    found = Deployment.from_json(EXPORT).to_json()
    assert json.dumps(found["deployment"]["resources"]) == json.dumps(EXPORT["deployment"]["resources"])


def test_the_manifest_is_valid():
    manifest = Deployment().to_json()["deployment"]["manifest"]
    assert manifest["version"] == "v3.272.0"
    assert len(manifest["magic"]) == 64
    assert manifest["time"].endswith("Z")
    assert len(manifest["time"]) == len(EXPORT["deployment"]["manifest"]["time"])


def test_every_member_survives(tmp_path):
    resource = Resource(
        urn="urn:pulumi:s::p::t$a:b:C::n",
        type="a:b:C",
        custom=True,
        id="1",
        inputs={"x": [1, {"y": None}]},
        outputs={"z": {SIGNATURE: SECRET, "value": {"deep": [1]}}},
        parent="urn:pulumi:s::p::t::parent",
        protect=True,
        delete=True,
        external=True,
        dependencies=("urn:1", "urn:2"),
        init_errors=("why",),
        provider="urn:3::id",
        property_dependencies={"x": ("urn:1",), "w": ()},
        additional_secret_outputs=("z",),
        aliases=("urn:4",),
        retain_on_delete=True,
        deleted_with="urn:5",
        created="2026-11-22T02:46:03.072355956Z",
        modified="2026-11-22T02:46:04.072355956Z",
    )
    store = Store(tmp_path / "deep" / "state.json")
    store.save(Deployment((resource,), (resource,)))
    assert store.load() == Deployment((resource,), (resource,))


def test_no_state_is_an_empty_one(tmp_path):
    assert Store(tmp_path / "none.json").load() == Deployment()


def test_encrypted_secrets_are_refused():
    text = json.dumps(EXPORT).replace('"plaintext"', '"ciphertext"')
    with pytest.raises(LabError, match="show-secrets"):
        Deployment.from_json(json.loads(text))


def test_another_schema_version_is_refused():
    with pytest.raises(LabError, match="schema version 2"):
        Deployment.from_json({**EXPORT, "version": 2})


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_save_that_fails_leaves_the_last_state(tmp_path, monkeypatch, step):
    store = Store(tmp_path / "state.json")
    store.save(Deployment.from_json(EXPORT))

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, full)
    with pytest.raises(LabError, match="No space left"):
        store.save(Deployment())
    assert store.load() == Deployment.from_json(EXPORT)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="cannot be written"):
        Store(tmp_path / "file" / "state.json").save(Deployment())
