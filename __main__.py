"""The Pulumi program: the lessons that the stack's settings switch on, and where to find what they made."""

import pulumi

from components.settings_reading import read_settings

settings = read_settings()

# What a lesson needs is imported where it is switched on: each AWS service imported costs time at every up.
if "basic" in settings.lessons:
    from components.basic import BasicLesson

    basic = BasicLesson("basic", {"settings": settings.basic, **settings.lesson_args("basic")})
    pulumi.export("basic", basic.exports)
