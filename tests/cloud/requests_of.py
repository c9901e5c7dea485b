"""Requests as a service's model describes them, and what no model does: what fuzzing tests send."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from botocore.loaders import Loader
from hypothesis import strategies as st

texts = st.text(st.characters(), max_size=6) | st.text(string.ascii_letters, max_size=6)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


class Requests:
    """Makes requests of one service, most of whose values are of the right kind.

    Args:
        service: the service, as botocore names it.
        likely: by the model's name of a shape, values that lead further than arbitrary ones do.
    """

    def __init__(self, service: str, likely: Mapping[str, st.SearchStrategy[Any]]) -> None:
        self.model = Loader().load_service_model(service, "service-2")
        self._likely = likely

    def of(self, operation: str) -> st.SearchStrategy[dict[str, Any]]:
        """Requests for an operation, without what stands in the path."""
        return self._members(self.model["operations"][operation]["input"]["shape"])

    def _members(self, shape_name: str) -> st.SearchStrategy[dict[str, Any]]:
        members = self.model["shapes"][shape_name]["members"].items()
        in_body = {name: member for name, member in members if member.get("location") != "uri"}
        return st.fixed_dictionaries(
            {}, optional={name: self._values(member["shape"]) for name, member in in_body.items()}
        )

    def _values(self, shape_name: str) -> st.SearchStrategy[Any]:
        usual = self._likely[shape_name] if shape_name in self._likely else self._usual(shape_name)
        return st.one_of(usual, usual, usual, usual, anything)

    def _usual(self, shape_name: str) -> st.SearchStrategy[Any]:
        shape = self.model["shapes"][shape_name]
        if shape.get("enum"):
            return st.sampled_from(shape["enum"])
        match shape["type"]:
            case "structure":
                return self._members(shape_name)
            case "list":
                return st.lists(self._values(shape["member"]["shape"]), max_size=3)
            case "map":
                return st.dictionaries(texts, texts, max_size=3)
            case "integer" | "long":
                return st.integers(-2, 11_000) | st.sampled_from([10**30, -(10**30)])
            case "boolean":
                return st.booleans()
            case _:
                return texts
