"""Lesson basic, before the great amounts come: deploy it with `lab up great_amounts --stack exercises`."""

import pulumi

from components.basic import BasicLesson
from components.settings import BasicSettings
from components.settings_reading import read_settings

settings = BasicSettings(
    capacity="provisioned",  # on-demand: 0.45 USD for this hour's stream alone
    shard_count=8,  # 6,000 records of 1 KB a second are 6 MB, and a shard gives 2
    batch_size=10,  # 1.1 s a call: its own 0.1 s hardly counts any more
    parallelization_factor=10,  # 15 calls at once × 500 ÷ 1.1 s = 6,800 records a second
    memory_mb=256,
    timeout_seconds=30,
    sensor_index=False,
    alarms=False,
)
lesson = BasicLesson("basic", {"settings": settings, **read_settings().lesson_args("great_amounts")})
pulumi.export("basic", lesson.exports)
