"""Lesson `purchases`: changes of a DynamoDB table into a data lake, and a report from the table itself."""
