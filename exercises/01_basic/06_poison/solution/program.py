"""Lesson basic with Lambda's own defaults for failures: deploy it with `lab up poison --stack exercises`."""

import pulumi

from components.basic import BasicLesson
from components.settings import BasicSettings
from components.settings_reading import read_settings

settings = BasicSettings(
    maximum_retry_attempts=2,
    maximum_record_age_seconds=3600,
    bisect=True,
)
lesson = BasicLesson("basic", {"settings": settings, **read_settings().lesson_args("poison")})
pulumi.export("basic", lesson.exports)
