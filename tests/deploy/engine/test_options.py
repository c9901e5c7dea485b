"""Pulumi's resource options, and the refusal of those that are not supported."""

import pytest

from lab.deploy.property_values import SECRET, SIGNATURE


def test_a_protected_resource_is_not_deleted_and_nothing_else_changes(bench):
    bench.up('Thing("a", opts=Options(protect=True))\nThing("b")\nThing("c", size=1)')
    before = dict(bench.cloud.things)
    result = bench.up('Thing("c", size=2)\nThing("d")')
    assert not result.ok
    assert "urn:pulumi:local::demo::fake:index:Thing::a" in result.errors[0]
    assert bench.cloud.things == before
    assert {"a", "b", "c"} < set(bench.state)
    assert bench.told("failed") == ["a"]


def test_a_protected_resource_is_not_replaced(bench):
    bench.up('Thing("a", kind="x", opts=Options(protect=True))')
    result = bench.up('Thing("a", kind="y", opts=Options(protect=True))')
    assert not result.ok
    assert "protected" in result.errors[0]
    assert not bench.cloud.named("Create")
    bench.assert_consistent()


def test_a_protected_resource_is_not_deleted_to_be_replaced(bench):
    bench.up('Thing("a", kind="x", exclusive=True, opts=Options(protect=True))')
    result = bench.up('Thing("a", kind="y", exclusive=True, opts=Options(protect=True))')
    assert not result.ok
    assert not bench.cloud.named("Delete")
    bench.assert_consistent()


def test_a_protected_resource_is_updated(bench):
    bench.up('Thing("a", size=1, opts=Options(protect=True))')
    assert bench.up('Thing("a", size=2, opts=Options(protect=True))').counts == {"same": 1, "update": 1}


def test_destroy_refuses_protected_resources_before_it_deletes_anything(bench):
    bench.up('Thing("a", opts=Options(protect=True))\nThing("b")')
    assert not bench.destroy().ok
    assert len(bench.cloud.things) == 2
    assert set(bench.state) == {"demo-local", "default", "a", "b"}


def test_protection_can_be_taken_away(bench):
    bench.up('Thing("a", opts=Options(protect=True))')
    bench.up('Thing("a")')
    assert bench.up("").ok
    assert bench.cloud.things == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('Thing("one")', 'Thing("uno", opts=Options(aliases=[pulumi.Alias(name="one")]))'),
        ('Thing("one")', 'Thing("uno", opts=Options(aliases=["urn:pulumi:local::demo::fake:index:Thing::one"]))'),
        (
            'Thing("one")',
            'Thing("one", opts=Options(parent=Group("g"), aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))',
        ),
        (
            'Thing("one", opts=Options(parent=Group("g")))',
            'Thing("one", opts=Options(aliases=[pulumi.Alias(parent="urn:pulumi:local::demo::test:index:Group::g")]))',
        ),
        (
            'Thing("one-thing", opts=Options(parent=Group("one")))',
            'Thing("uno-thing", opts=Options(parent=Group("uno", Options(aliases=[pulumi.Alias(name="one")]))))',
        ),
        (
            'Thing("thing", opts=Options(parent=Group("one")))',
            'Thing("thing", opts=Options(parent=Group("uno", Options(aliases=[pulumi.Alias(name="one")]))))',
        ),
        (
            'Thing("a-b-thing", opts=Options(parent=Group("a-b", Options(parent=Group("a")))))',
            (
                'x = Group("x", Options(aliases=[pulumi.Alias(name="a")]))\n'
                'Thing("x-b-thing", opts=Options(parent=Group("x-b", Options(parent=x))))'
            ),
        ),
    ],
    ids=["name", "urn", "root", "parent", "child named after it", "child", "grandchild"],
)
def test_a_resource_is_found_under_the_name_it_had(bench, before, after):
    bench.up(before)
    things = dict(bench.cloud.things)
    result = bench.up(after)
    assert result.ok, result.errors
    assert not bench.cloud.named("Create")
    assert not bench.cloud.named("Delete")
    assert bench.cloud.things == things
    assert bench.up(after).counts.keys() == {"same"}


def test_a_name_may_be_given_to_another_while_the_first_goes_by_an_alias(bench):
    bench.up('Thing("a", size=1)')
    first = bench.state["a"]["id"]
    bench.up('Thing("b", size=1, opts=Options(aliases=[pulumi.Alias(name="a")]))')
    bench.up('Thing("b", size=1)\nThing("a", size=2)')
    assert bench.state["b"]["id"] == first
    bench.assert_consistent()


def test_ignored_changes_are_not_made(bench):
    body = 'Thing("a", size={size}, inner={{"x": {x}, "y": {y}}}, opts=Options(ignore_changes=["size", "inner.x"]))'
    bench.up(body.format(size=1, x=1, y=1))
    assert bench.up(body.format(size=2, x=2, y=1)).counts == {"same": 2}
    bench.up(body.format(size=2, x=2, y=2))
    (thing,) = bench.cloud.things.values()
    assert (thing["size"], thing["inner"]) == (1, {"x": 1, "y": 2})


def test_what_goes_with_another_is_not_deleted_by_itself(bench):
    bench.up('a = Thing("a")\nThing("b", opts=Options(deleted_with=a))')
    bench.destroy()
    assert bench.cloud.named("Delete") == ["a"]
    assert bench.state == {}


def test_what_goes_with_another_is_deleted_when_that_stays(bench):
    bench.up('a = Thing("a")\nThing("b", opts=Options(deleted_with=a))')
    bench.up('a = Thing("a")')
    assert bench.cloud.named("Delete") == ["b"]


def test_a_retained_resource_stays_alive(bench):
    bench.up('Thing("a", opts=Options(retain_on_delete=True))')
    assert bench.up("").counts["delete"] == 1
    assert not bench.cloud.named("Delete")
    assert len(bench.cloud.things) == 1
    assert "a" not in bench.state


def test_named_outputs_are_secret(bench):
    result = bench.up('pulumi.export("key", Thing("a", opts=Options(additional_secret_outputs=["address"])).address)')
    assert result.outputs == {"key": "[secret]"}
    assert bench.state["a"]["outputs"]["address"][SIGNATURE] == SECRET
    assert bench.state["a"]["additionalSecretOutputs"] == ["address"]


def test_an_explicit_provider_has_its_own_configuration(bench):
    body = 'south = Provider("south", region="south")\nThing("a", opts=Options(provider=south))\nThing("b")'
    bench.up(body)
    assert bench.state["a"]["outputs"]["address"].startswith("fake:south:")
    assert bench.state["b"]["outputs"]["address"].startswith("fake:north:")
    provider = bench.state["south"]
    assert bench.state["a"]["provider"] == f"{provider['urn']}::{provider['id']}"
    assert bench.up(body).counts == {"same": 4}
    assert bench.destroy().ok
    assert sorted(request.type for request in bench.cloud.requests("Configure")) == ["pulumi:providers:fake"] * 2


def test_another_provider_means_another_resource(bench):
    bench.up('south = Provider("south", region="south")\nThing("a")')
    result = bench.up('south = Provider("south", region="south")\nThing("a", opts=Options(provider=south))')
    assert result.counts["replace"] == 1
    bench.assert_consistent()


def test_a_provider_cannot_move_while_it_has_resources(bench):
    bench.up('Thing("a")')
    result = bench.up('Thing("a")', {"fake:region": "elsewhere"})
    assert not result.ok
    assert "region cannot be changed" in result.errors[0]
    bench.assert_consistent()


def test_the_same_name_twice_is_refused(bench):
    result = bench.up('Thing("a")\nThing("a")')
    assert not result.ok
    assert "Duplicate resource URN 'urn:pulumi:local::demo::fake:index:Thing::a'" in result.errors[0]
    bench.assert_consistent()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('Thing("a", opts=Options(import_="x"))', "import_"),
        ('Thing("a", opts=Options(custom_timeouts=pulumi.CustomTimeouts(create="5m")))', "custom_timeouts"),
        ('Thing("a", opts=Options(transforms=[lambda args: None]))', "transforms"),
        ('Thing("a", opts=Options(plugin_download_url="https://plugins"))', "plugin_download_url"),
        ('Thing("a", opts=Options(replace_with=[Thing("b")]))', "replace_with"),
        ('Thing("a", opts=Options(replacement_trigger="x"))', "replacement_trigger"),
        ("pulumi.runtime.register_resource_transform(lambda args: None)", "transforms"),
        ('pulumi.StackReference("other/stack/dev")', "pulumi:pulumi:StackReference"),
        ('pulumi.runtime.invoke("other:index:say", {})', "the package other"),
        ('pulumi.CustomResource("other:index:Thing", "a")', "the package other"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(bench, body, named):
    result = bench.up(body)
    assert not result.ok
    assert f"Not supported on the local cloud: {named}" in "".join(result.errors), result.errors
