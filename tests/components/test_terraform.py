"""Everything that is registered, handed to the provider's own checks; where Terraform is installed with it."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.components import ways
from tests.components.terraform import Terraform, plugin_folder, type_of

if TYPE_CHECKING:
    from tests.components.conftest import Deploy, Registered

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")]


PULUMIS_MAJOR = 6
"""The version of Terraform's provider that pulumi-aws 7 is made from."""


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    plugins = plugin_folder()
    if not shutil.which("terraform") or plugins is None:
        pytest.skip("Terraform with the AWS provider is not here (TF_PLUGIN_CACHE_DIR names the provider's folder)")
    return Terraform(tmp_path_factory.mktemp("terraform"), plugins)


def named(number: int, resource: Registered) -> Registered:
    return dataclasses.replace(resource, name=f"{resource.name}-{number}")


def changed(resource: Registered, **inputs: Any) -> Registered:
    return dataclasses.replace(resource, inputs={**resource.inputs, **inputs})


def test_terraform_takes_every_input_whatever_is_set(terraform: Terraform, deploy: Deploy):
    numbered = [(number, deploy(**ways.way(number)).resources.values()) for number in range(ways.COUNT)]
    said = terraform.faults(named(number, each) for number, resources in numbered for each in resources)
    if terraform.major < PULUMIS_MAJOR:
        said = [line for line in said if "expected runtime" not in line]  # it knows no newer ones
    assert said == [], "\n".join(said)


def test_what_terraform_refuses_is_told(terraform: Terraform, deploy: Deploy):
    deployed = deploy(lessons=["basic"])
    stream, mapping = deployed["basic-stream"], deployed["basic-reader-mapping"]
    said = terraform.faults([changed(stream, retentionPeriod=8761.0), changed(mapping, nonsense=1.0)])
    assert len(said) == 2, said
    assert all(any(word in line for line in said) for word in ("retention_period", "nonsense"))


def test_types_are_spelt_as_terraform_does():
    assert type_of("aws:lambda/eventSourceMapping:EventSourceMapping") == "aws_lambda_event_source_mapping"
    assert type_of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration") == (
        "aws_s3_bucket_lifecycle_configuration"
    )
