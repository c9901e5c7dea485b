"""S3's objects, read in-process; who may read them is asked before."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations


def list_objects(bucket: str, prefix: str) -> list[str] | None:
    """Return the keys below a prefix, in order; None when there is no such bucket."""
    from ministack.services import s3

    found = s3._buckets.get(bucket)
    return None if found is None else sorted(key for key in list(found["objects"]) if key.startswith(prefix))


def read_object(bucket: str, key: str) -> bytes | None:
    """Return an object's bytes, None when it is gone."""
    from ministack.services import s3

    return s3._get_object_data(bucket, key)


def bucket_exists(bucket: str) -> bool:
    """Say whether a bucket is there."""
    from ministack.services import s3

    return bucket in s3._buckets
