"""Lesson orders with batches of up to 100 and a batching window: WINDOW=3 lab up batch_window --stack exercises.

Nothing is to be changed here.
"""

import os

import pulumi

from components.orders import OrdersLesson
from components.settings import OrdersSettings
from components.settings_reading import read_settings

settings = OrdersSettings(
    batch_size=100,
    batching_window_seconds=int(os.environ.get("WINDOW", "0")),
    starting_position="TRIM_HORIZON",
    alarms=False,
)
lesson = OrdersLesson("orders", {"settings": settings, **read_settings().lesson_args("batch_window")})
pulumi.export("orders", lesson.exports)
