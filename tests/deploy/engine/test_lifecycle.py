"""Create, leave, update, delete; preview, refresh, destroy."""

import json
import re

import pytest

from lab.deploy.property_values import SECRET, SIGNATURE

THREE = """
a = Thing("a", size=1)
b = Thing("b", of=a.address)
c = Thing("c", of=b.address)
pulumi.export("address", c.address)
"""


def test_everything_is_created_in_the_order_of_its_needs(bench):
    result = bench.up(THREE)
    assert result.ok
    assert result.counts == {"create": 4}  # the stack itself is one
    assert bench.cloud.named("Create") == ["a", "b", "c"]
    assert result.outputs["address"].startswith("fake:north:c-")
    bench.assert_consistent()


def test_a_second_run_changes_nothing(bench):
    bench.up(THREE)
    before = bench.state
    result = bench.up(THREE)
    assert result.ok
    assert not result.changed
    assert result.counts == {"same": 4}
    assert bench.state == before
    assert not bench.cloud.requests("Create")


def test_an_update_changes_only_what_differs_and_says_what(bench):
    bench.up(THREE)
    created = bench.state["a"]["created"]
    result = bench.up(THREE.replace("size=1", "size=2"))
    assert result.counts == {"same": 3, "update": 1}
    assert bench.cloud.named("Update") == ["a"]
    assert [event.changes for event in bench.events if event.kind == "update"] == [("size",), ("size",)]
    assert bench.state["a"]["inputs"]["size"] == 2
    assert bench.state["a"]["created"] == created
    assert bench.state["a"]["modified"] > created


def test_a_preview_tells_the_values_before_and_after(bench, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text("1\n")
    body = """
secret = pulumi.Output.secret
Thing("a", size={size}, tags={tags}, code=pulumi.FileArchive({code!r}), key=secret("{key}"), open={opened})
Thing("b", of=Thing("c", kind={size}).address)
"""
    bench.up(body.format(size=1, tags={"x": 1}, code=str(code), key="open-sesame", opened='secret("was-secret")'))
    (code / "app.py").write_text("2\n")
    bench.preview(body.format(size=2, tags={"y": 2}, code=str(code), key="another-key", opened='"was-secret!"'))
    told = {change.path: change for event in bench.events if event.name == "a" for change in event.differences}
    assert told.keys() == {"code", "key", "open", "size", "tags"}
    assert (told["size"].old, told["size"].new) == (1, 2)
    assert (told["tags"].old, told["tags"].new) == ({"x": 1}, {"y": 2})
    assert (told["key"].old, told["key"].new) == ("[secret]", "[secret]")
    assert (told["open"].old, told["open"].new) == ("[secret]", "[secret]")
    assert re.fullmatch(r"\[archive [0-9a-f]{8}\]", told["code"].old)
    assert re.fullmatch(r"\[archive [0-9a-f]{8}\]", told["code"].new)
    assert told["code"].old != told["code"].new
    changes = {event.name: event.differences for event in bench.events}
    assert [(change.path, change.old, change.new) for change in changes["c"]] == [("kind", 1, 2)]
    assert [change.new for change in changes["b"]] == ["[unknown]"]
    assert "sesame" not in repr(bench.events)
    assert "was-secret" not in repr(bench.events)


def test_an_update_keeps_the_name_that_was_made_up(bench):
    bench.up('Thing("a", size=1)')
    name = bench.state["a"]["inputs"]["name"]
    bench.up('Thing("a", size=2)')
    assert bench.state["a"]["inputs"]["name"] == name


def test_what_leaves_the_program_is_deleted_last_and_in_reverse_order(bench):
    bench.up(THREE)
    result = bench.up('Thing("d")')
    assert result.counts == {"same": 1, "create": 1, "delete": 3}
    assert bench.cloud.named("Delete") == ["c", "b", "a"]
    assert next(method for method, _ in bench.cloud.calls if method in ("Create", "Delete")) == "Create"
    bench.assert_consistent()


def test_an_empty_program_deletes_everything_and_its_provider(bench):
    bench.up(THREE)
    assert bench.up("").ok
    assert list(bench.state) == ["demo-local"]
    assert bench.cloud.things == {}


def test_destroy_deletes_in_reverse_order_without_running_the_program(bench):
    bench.up(THREE)
    result = bench._run("1 / 0", None, "destroy")
    assert result.ok
    assert result.counts == {"delete": 4}
    assert bench.cloud.named("Delete") == ["c", "b", "a"]
    assert bench.state == {}


def test_destroying_twice_is_fine(bench):
    bench.up(THREE)
    bench.destroy()
    result = bench.destroy()
    assert result.ok
    assert not result.changed


def test_a_preview_changes_nothing_and_knows_what_can_be_known(bench):
    result = bench.preview(THREE)
    assert result.ok
    assert result.counts == {"create": 4}
    assert result.outputs == {"address": None}
    assert not bench.state_file.exists()
    assert bench.cloud.things == {}
    assert all(request.preview for request in bench.cloud.requests("Create"))


def test_a_preview_of_an_update_knows_old_outputs(bench):
    bench.up(THREE)
    before = bench.state_file.read_bytes()
    result = bench.preview(THREE.replace("size=1", "size=2"))
    assert result.counts == {"same": 3, "update": 1}
    assert result.outputs["address"].startswith("fake:north:c-")
    assert bench.state_file.read_bytes() == before


def test_the_program_is_told_whether_it_is_a_preview(bench):
    body = 'pulumi.log.info(f"preview: {pulumi.runtime.is_dry_run()}")'
    for verb, expected in (("preview", "preview: True"), ("up", "preview: False")):
        getattr(bench, verb)(body)
        assert [event.message for event in bench.events if event.kind == "log"] == [expected]


def test_components_are_in_the_tree_and_have_outputs(bench):
    bench.up("""
group = Group("g", props={"colour": "red"})
thing = Thing("g-a", opts=Options(parent=group))
group.register_outputs({"address": thing.address})
""")
    assert bench.state["g-a"]["urn"].endswith("::test:index:Group$fake:index:Thing::g-a")
    assert bench.state["g-a"]["parent"] == bench.state["g"]["urn"]
    assert bench.state["g"]["inputs"] == {"colour": "red"}
    assert bench.state["g"]["outputs"]["address"].startswith("fake:north:g-a-")
    bench.destroy()
    assert bench.told("delete") == ["g-a", "g", "demo-local"]


def test_dependencies_and_where_they_come_from_are_in_the_state(bench):
    bench.up('a = Thing("a")\nb = Thing("b")\nThing("c", of=a.address, size=1, opts=Options(depends_on=[b]))')
    urn = {name: resource["urn"] for name, resource in bench.state.items()}
    assert sorted(bench.state["c"]["dependencies"]) == [urn["a"], urn["b"]]
    assert bench.state["c"]["propertyDependencies"] == {"of": [urn["a"]], "size": []}


def test_secrets_are_kept_as_pulumi_does_and_never_told(bench):
    body = 'Thing("a", key=config, inner={"deep": config, "open": 1}, many=[config])\npulumi.export("key", config)\n'
    result = bench.up('config = pulumi.Config().require_secret("password")\n' + body, {"demo:password": "open-sesame"})
    secret = {SIGNATURE: SECRET, "plaintext": '"open-sesame"'}
    for properties in (bench.state["a"]["inputs"], bench.state["a"]["outputs"]):
        assert properties["key"] == secret
        assert properties["inner"] == {"deep": secret, "open": 1}
        assert properties["many"] == {SIGNATURE: SECRET, "plaintext": '["open-sesame"]'}
    assert bench.cloud.things[bench.state["a"]["id"]]["key"] == "open-sesame"
    assert result.outputs == {"key": "[secret]"}
    assert "open-sesame" not in repr((bench.events, result))
    assert bench.up('config = pulumi.Config().require_secret("password")\n' + body, {"demo:password": "open-sesame"})
    assert bench.told("update") == []


def test_refresh_finds_what_changed_and_the_next_up_mends_it(bench):
    bench.up(THREE)
    thing = bench.state["a"]["id"]
    bench.cloud.things[thing] = {"name": thing, "size": 7}
    result = bench.refresh()
    assert result.counts == {"update": 1, "same": 3}
    assert bench.told("update") == ["a"]
    assert bench.state["a"]["inputs"]["size"] == 7
    assert bench.up(THREE).counts == {"update": 1, "same": 3}
    assert bench.cloud.things[thing]["size"] == 1


def test_refresh_forgets_what_is_gone_and_the_next_up_makes_it_again(bench):
    bench.up('Thing("a")\nThing("b")')
    del bench.cloud.things[bench.state["a"]["id"]]
    assert bench.refresh().counts == {"delete": 1, "same": 2}
    assert "a" not in bench.state
    assert bench.up('Thing("a")\nThing("b")').counts == {"create": 1, "same": 2}
    bench.assert_consistent()


def test_refresh_without_differences_changes_nothing(bench):
    bench.up(THREE)
    before = bench.state
    assert bench.refresh().counts == {"same": 4}
    assert bench.state == before


def test_the_provider_is_configured_from_the_stack_and_kept_in_the_state(bench):
    bench.up('Thing("a")', {"fake:limits": json.dumps({"things": 3})})
    (configured,) = bench.cloud.requests("Configure")
    assert dict(configured.variables) == {"fake:config:region": "north", "fake:config:limits": '{"things": 3}'}
    provider = bench.state["default"]
    assert provider["inputs"] == {"__internal": {}, "limits": '{"things": 3}', "region": "north"}
    assert bench.state["a"]["provider"] == f"{provider['urn']}::{provider['id']}"


def test_functions_are_answered_by_the_provider(bench):
    result = bench.up('pulumi.export("said", pulumi.runtime.invoke("fake:index:say", {"word": "hello"}).value)')
    assert result.outputs["said"] == {"region": "north", "word": "hello"}


def test_a_resource_can_be_read_without_being_owned(bench):
    bench.up('Thing("a", name="known")')
    body = 'Thing("a", name="known")\npulumi.export("found", Thing("seen", opts=Options(id="known")).address)'
    result = bench.up(body)
    assert result.outputs["found"] == "fake:north:known"
    assert bench.state["seen"]["external"] is True
    assert bench.up('Thing("a", name="known")').counts["delete"] == 1
    assert not bench.cloud.requests("Delete")
    assert "known" in bench.cloud.things


def test_reading_what_does_not_exist_is_told(bench):
    result = bench.up('Thing("seen", opts=Options(id="nowhere"))')
    assert not result.ok
    assert "There is no such resource: nowhere" in result.errors[0]


@pytest.mark.parametrize("count", [200])
def test_many_resources_at_once(bench, count):
    result = bench.up(f'for n in range({count}):\n    Thing(f"q{{n}}")')
    assert result.ok
    assert len(bench.cloud.things) == count
    bench.assert_consistent()
