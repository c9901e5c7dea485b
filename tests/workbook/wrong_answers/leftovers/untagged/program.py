"""Lesson archive as a rehearsal: deploy it with `lab up leftovers --stack exercises`, and see what `lab down` leaves."""

import pulumi
import pulumi_aws as aws

from components.archive import ArchiveLesson
from components.settings import ArchiveSettings
from components.settings_reading import read_settings

args = read_settings().lesson_args("leftovers")

# A rehearsal holds nothing that is worth keeping: its objects and logs may go with it.
args["removable"] = True
archive = ArchiveLesson("archive", {"settings": ArchiveSettings(), **args})

# Whatever goes with the stack cannot be forgotten; with tags, even what does not go can be found.
rehearsal = aws.kinesis.Stream("rehearsal", shard_count=2)

pulumi.export("archive", {**archive.exports, "RehearsalStreamName": rehearsal.name})
