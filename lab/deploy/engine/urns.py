"""Uniform resource names: `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_TYPE_PREFIX = "pulumi:providers:"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """Return the urn of a resource.

    Args:
        stack: the stack's name.
        project: the project's name.
        parent: the parent's urn, "" for none.
        type_: the resource's type token.
        name: the resource's name in the program.
    """
    parent_type = qualified_type_of(parent) if parent else ""
    # The stack is everybody's ancestor and therefore left out.
    if parent_type and parent_type != STACK_TYPE:
        type_ = f"{parent_type}${type_}"
    return f"urn:pulumi:{stack}::{project}::{type_}::{name}"


def qualified_type_of(urn: str) -> str:
    """Return the types from the outermost component down to the resource, joined by `$`."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """Return the resource's own type."""
    return qualified_type_of(urn).rpartition("$")[2]


def name_of(urn: str) -> str:
    """Return the resource's name in the program."""
    return urn.split("::", 3)[3]


def is_provider_type(type_: str) -> bool:
    """Say whether resources of this type are providers."""
    return type_.startswith(PROVIDER_TYPE_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Say whether a provider is one that the engine makes, not the program."""
    return (name_of(urn) + "_").startswith("default_")


def package_of(type_: str) -> str:
    """Return the package a type or a function belongs to: `aws` for `aws:sqs/queue:Queue`."""
    return type_.split(":", 1)[0]


def provider_reference(urn: str, resource_id: str) -> str:
    """Return how resources name their provider: its urn and its id."""
    return f"{urn}::{resource_id}"


def provider_urn(reference: str) -> str:
    """Return the urn in a reference to a provider, "" for no reference."""
    return reference.rpartition("::")[0]
