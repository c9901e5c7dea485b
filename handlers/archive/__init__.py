"""Lesson `archive`: records of a Kinesis stream into objects of an S3 bucket."""
