"""Lesson basic with Lambda's own defaults for failures: deploy it with `lab up poison --stack exercises`."""

import pulumi

from components.basic import BasicLesson
from components.settings import BasicSettings
from components.settings_reading import read_settings

settings = BasicSettings(
    # TODO: with these, one record that cannot be processed stops its shard until it expires
    maximum_retry_attempts=-1,
    maximum_record_age_seconds=-1,
    bisect=False,
)
lesson = BasicLesson("basic", {"settings": settings, **read_settings().lesson_args("poison")})
pulumi.export("basic", lesson.exports)
