"""Lesson `basic`: events of a Kinesis stream into a DynamoDB table."""
