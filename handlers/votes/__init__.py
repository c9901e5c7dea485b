"""Lesson `votes`: votes for the driver of the day, taken by an HTTP API, counted behind a Kinesis stream."""
