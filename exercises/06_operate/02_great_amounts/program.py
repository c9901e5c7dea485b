"""Lesson basic, before the great amounts come: deploy it with `lab up great_amounts --stack exercises`."""

import pulumi

from components.basic import BasicLesson
from components.settings import BasicSettings
from components.settings_reading import read_settings

settings = BasicSettings(
    # TODO: the text's own values
    capacity="provisioned",  # or "on-demand", then without shard_count
    shard_count=1,
    batch_size=10,
    parallelization_factor=1,
    memory_mb=256,
    timeout_seconds=30,
    sensor_index=False,
    alarms=False,
)
lesson = BasicLesson("basic", {"settings": settings, **read_settings().lesson_args("great_amounts")})
pulumi.export("basic", lesson.exports)
