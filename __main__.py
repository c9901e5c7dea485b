"""The Pulumi program: the lessons that the stack's settings switch on, and where to find what they made."""

import runpy

import pulumi

from components.settings_reading import read_settings

settings = read_settings()

# What a lesson needs is imported where it is switched on: each AWS service imported costs time at every up.
if "basic" in settings.lessons:
    from components.basic import BasicLesson

    basic = BasicLesson("basic", {"settings": settings.basic, **settings.lesson_args("basic")})
    pulumi.export("basic", basic.exports)

if "purchases" in settings.lessons:
    from components.purchases import PurchasesLesson

    purchases = PurchasesLesson("purchases", {"settings": settings.purchases, **settings.lesson_args("purchases")})
    pulumi.export("purchases", purchases.exports)

if "archive" in settings.lessons:
    from components.archive import ArchiveLesson

    archive = ArchiveLesson("archive", {"settings": settings.archive, **settings.lesson_args("archive")})
    pulumi.export("archive", archive.exports)

if "orders" in settings.lessons:
    from components.orders import OrdersLesson

    orders = OrdersLesson("orders", {"settings": settings.orders, **settings.lesson_args("orders")})
    pulumi.export("orders", orders.exports)

if "votes" in settings.lessons:
    from components.votes import VotesLesson

    votes = VotesLesson("votes", {"settings": settings.votes, **settings.lesson_args("votes")})
    pulumi.export("votes", votes.exports)

if settings.exercise_program:
    # An exercise of the workbook: a program of its own, which the learner edits.
    runpy.run_path(settings.exercise_program)
