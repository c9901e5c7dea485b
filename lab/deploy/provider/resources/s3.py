"""S3: buckets, and how long they keep what is in them."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.deploy.provider.errors import code_of, missing_is_fine, undone_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import as_said, from_aws, given, part, tag_list, tags_from_list, tags_of, to_aws
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_TIMES_TO_EMPTY = 3
"""How often a bucket is emptied before giving up: a function may still be writing into it."""


class Bucket(Resource):
    """A bucket; its id is its name."""

    pulumi_type = "aws:s3/bucket:Bucket"
    name = AutoName("bucket", longest=63, pattern=r"[a-z0-9][a-z0-9.-]+[a-z0-9]", lower_case=True)
    inputs = {
        "bucket": Input(replaces=True),
        "forceDestroy": Input(default=False, told=False),
        "versioning": Input(),
        "tags": TAGS,
    }
    computed = ("arn", "bucketDomainName", "bucketRegionalDomainName", "bucketRegion")

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["bucket"]
        if _exists(aws, name):
            # In us-east-1 creating one's own bucket again succeeds, and two programs would share it without knowing.
            raise LabError(_("there is a bucket {name} already").format(name=name))
        elsewhere: Any = {"LocationConstraint": aws.region} if aws.region != "us-east-1" else None
        aws.s3.create_bucket(Bucket=name, **given(CreateBucketConfiguration=elsewhere))
        with undone_on_failure(lambda: aws.s3.delete_bucket(Bucket=name)):
            if inputs.get("tags"):
                aws.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags_of(inputs))})
            if _versioned(inputs):
                aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name, _bucket_outputs(aws, name)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        aws.s3.head_bucket(Bucket=id_)
        status = aws.s3.get_bucket_versioning(Bucket=id_).get("Status")
        return {
            "bucket": id_,
            "versioning": {"enabled": True} if status == "Enabled" else None,
            "tags": _tags(aws, id_) or None,
            **_bucket_outputs(aws, id_),
        }

    def update(self, aws: Account, change: Change) -> Properties:
        name, new = change.id, change.new
        if change.of("tags"):
            if new.get("tags"):
                aws.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags_of(new))})
            else:
                aws.s3.delete_bucket_tagging(Bucket=name)
        if change.of("versioning"):
            status = "Enabled" if _versioned(new) else "Suspended"
            aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        for left in reversed(range(_TIMES_TO_EMPTY)):
            if known.get("forceDestroy"):
                _empty(aws, id_)
            try:
                aws.s3.delete_bucket(Bucket=id_)
            except Exception as error:
                if code_of(error) != "BucketNotEmpty":
                    raise
                if not known.get("forceDestroy"):
                    raise LabError(
                        _("the bucket {name} is not empty.").format(name=id_),
                        why=_("It was made without forceDestroy, which keeps what is in it safe."),
                        next_step=_("Empty it, or set forceDestroy and deploy before deleting it."),
                    ) from error
                if not left:
                    raise
            else:
                return


class BucketLifecycleConfiguration(Resource):
    """When a bucket removes objects by itself; its id is the bucket's name."""

    pulumi_type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    inputs = {
        "bucket": Input(required=True, replaces=True),
        "rules": Input(required=True),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        _put_rules(aws, inputs["bucket"], inputs["rules"])
        return inputs["bucket"], {}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        try:
            rules = list(aws.s3.get_bucket_lifecycle_configuration(Bucket=id_)["Rules"])
        except Exception as error:
            if code_of(error) != "NoSuchLifecycleConfiguration":
                raise
            return None
        told = [from_aws({("Id" if name == "ID" else name): value for name, value in rule.items()}) for rule in rules]
        return {"bucket": id_, "rules": as_said(told, known.get("rules"))}

    def update(self, aws: Account, change: Change) -> Properties:
        _put_rules(aws, change.id, change.new["rules"])
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.s3.delete_bucket_lifecycle(Bucket=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        return inputs["bucket"] if self.read(aws, inputs["bucket"], inputs) else None


def _put_rules(aws: Account, bucket: str, rules: list[Any]) -> None:
    """Set the rules; all of them at once, as S3 has it."""
    # The one key that Pulumi spells otherwise.
    said: Any = [{("ID" if name == "Id" else name): value for name, value in to_aws(rule).items()} for rule in rules]
    aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": said})


def _exists(aws: Account, name: str) -> bool:
    with missing_is_fine():
        aws.s3.head_bucket(Bucket=name)
        return True
    return False


def _versioned(inputs: Properties) -> bool:
    return bool(part(inputs, "versioning").get("enabled"))


def _bucket_outputs(aws: Account, name: str) -> Properties:
    return {
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{aws.region}.amazonaws.com",
        "bucketRegion": aws.region,
    }


def _tags(aws: Account, name: str) -> dict[str, str]:
    try:
        return tags_from_list(list(aws.s3.get_bucket_tagging(Bucket=name)["TagSet"]))
    except Exception as error:
        if code_of(error) != "NoSuchTagSet":
            raise
        return {}


def _empty(aws: Account, name: str) -> None:
    """Delete every version of every object, and every marker of a deletion, a thousand at a time."""
    for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=name):
        entries: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects: list[Any] = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        if objects:
            aws.s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
