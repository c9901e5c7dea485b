"""Lesson archive as a rehearsal: deploy it with `lab up leftovers --stack exercises`, and see what `lab down` leaves."""

import pulumi
import pulumi_aws as aws

from components.archive import ArchiveLesson
from components.settings import ArchiveSettings
from components.settings_reading import read_settings

args = read_settings().lesson_args("leftovers")

# TODO: "nothing must ever be lost", somebody said. Who pays for it tonight?
args["removable"] = False
archive = ArchiveLesson("archive", {"settings": ArchiveSettings(), **args})

# A second stream, to try something out; nobody remembers what.
rehearsal = aws.kinesis.Stream(
    "rehearsal",
    shard_count=2,
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)

pulumi.export("archive", {**archive.exports, "RehearsalStreamName": rehearsal.name})
