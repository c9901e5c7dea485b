"""Registered resources as JSON for Terraform, and what Terraform says of them, where it is with the AWS provider.

Pulumi's AWS provider is made from Terraform's: the same resources with other spellings. `terraform validate` runs the
provider's own checks, and asks neither AWS nor anybody else.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from tests.components.provider_facts import AUTO_SUFFIX

if TYPE_CHECKING:
    from tests.components.conftest import Registered

RENAMED = {
    ("aws_cloudwatch_metric_alarm", "name"): "alarm_name",
    ("aws_lambda_function", "code"): "filename",
    ("aws_lambda_function", "name"): "function_name",
    ("aws_lambda_permission", "function"): "function_name",
}
"""Inputs that Pulumi calls otherwise, besides camelCase and plurals."""
NAMES = ("name", "function_name", "alarm_name")
"""Inputs that Pulumi makes up where they are missing."""


def plugin_folder() -> Path | None:
    """Return a folder with the AWS provider among those where Terraform keeps providers; None where there is none."""
    home = Path.home() / ".terraform.d"
    folders = [os.environ.get("TF_PLUGIN_CACHE_DIR", home / "plugins"), home / "plugins", home / "plugin-cache"]
    return next((Path(folder) for folder in folders if list(Path(folder).glob("*/hashicorp/aws/*"))), None)


class Terraform:
    """Terraform with the AWS provider, in a folder of its own.

    Args:
        folder: where it works.
        plugins: where the provider lies; nothing is downloaded.

    Attributes:
        major: the provider's version, its first number.
    """

    def __init__(self, folder: Path, plugins: Path) -> None:
        self._folder = folder
        self._write({})
        self._run("init", "-input=false", f"-plugin-dir={plugins}")
        (schemas,) = json.loads(self._run("providers", "schema", "-json"))["provider_schemas"].values()
        self._schemas: dict[str, Any] = schemas["resource_schemas"]
        (version,) = json.loads(self._run("version", "-json"))["provider_selections"].values()
        self.major = int(version.split(".")[0])

    def faults(self, resources: Iterable[Registered]) -> list[str]:
        """Return what it says is wrong; the logical names of the resources are told apart."""
        by_type: dict[str, dict[str, Any]] = {}
        for each in resources:
            kind = type_of(each.type)
            block = self._block(kind, self._schemas[kind]["block"], each.inputs)
            for name in NAMES:
                if self._schemas[kind]["block"]["attributes"].get(name, {}).get("required"):
                    block.setdefault(name, f"{each.name}{AUTO_SUFFIX}")
            by_type.setdefault(kind, {})[each.name] = block
        self._write({"resource": by_type})
        said = json.loads(self._run("validate", "-json", fails=True))["diagnostics"]
        return [f"{each.get('address')}: {each['summary']} {each.get('detail')}" for each in said]

    def _block(self, kind: str, schema: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        blocks, attributes = schema.get("block_types", {}), schema.get("attributes", {})
        if "keySchemas" in inputs and "key_schema" not in blocks:  # an older provider
            keys = {key["keyType"]: key["attributeName"] for key in inputs["keySchemas"]}
            inputs = {**inputs, "hashKey": keys["HASH"], "rangeKey": keys.get("RANGE")}
            del inputs["keySchemas"]
        written: dict[str, Any] = {}
        for name, value in inputs.items():
            spelt = RENAMED.get((kind, name)) or _spelling(name, {*blocks, *attributes})
            if spelt in blocks:
                block = blocks[spelt]["block"]
                parts = value if isinstance(value, list) else [value]
                written[spelt] = [self._block(kind, block, part) for part in parts]
            else:
                written[spelt] = value.path if isinstance(value, pulumi.FileArchive) else value
        return written

    def _write(self, configuration: dict[str, Any]) -> None:
        providers = {"required_providers": {"aws": {"source": "hashicorp/aws"}}}
        text = json.dumps({"terraform": providers, **configuration}).replace("${", "$${")  # theirs, not Terraform's
        (self._folder / "main.tf.json").write_text(text)

    def _run(self, *words: str, fails: bool = False) -> str:
        command = [shutil.which("terraform") or "terraform", *words]
        # Nobody's own configuration; and without the last, Terraform asks its makers for a newer version.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        environment["CHECKPOINT_DISABLE"] = "1"
        return subprocess.run(
            command, cwd=self._folder, env=environment, capture_output=True, text=True, check=not fails, timeout=120
        ).stdout


def type_of(token: str) -> str:
    """Return Terraform's name of a type: `aws:kinesis/stream:Stream` is `aws_kinesis_stream`."""
    _, place, _ = token.split(":")
    return _snake(f"aws_{place.replace('/', '_')}")


def _spelling(name: str, known: set[str]) -> str:
    """Return an input's name as Terraform has it: repeated blocks are in the singular there."""
    snake = _snake(name)
    singulars = (snake, re.sub("ies$", "y", snake), re.sub("es$", "", snake), re.sub("s$", "", snake))
    return next((spelt for spelt in singulars if spelt in known), snake)


def _snake(name: str) -> str:
    return re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", name)
