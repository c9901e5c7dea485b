"""The Pulumi program: the lessons that the stack's settings switch on, and where to find what they made."""

import pulumi

from components.basic import BasicLesson
from components.settings import read_settings

settings = read_settings()

if "basic" in settings.lessons:
    basic = BasicLesson("basic", {"settings": settings.basic, **settings.lesson_args("basic")})
    pulumi.export("basic", basic.exports)
