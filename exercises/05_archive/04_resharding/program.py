"""The archive, with as many shards as you say: SHARDS=2 lab up resharding --stack exercises.

Nothing is to be changed here.
"""

import os

import pulumi

from components.archive import ArchiveLesson
from components.settings import ArchiveSettings
from components.settings_reading import read_settings

settings = ArchiveSettings(
    shard_count=int(os.environ.get("SHARDS", "1")), layout="batch", batch_size=10, alarms=False
)
args = {**read_settings().lesson_args("resharding"), "settings": settings}
pulumi.export("archive", ArchiveLesson("archive", args).exports)
