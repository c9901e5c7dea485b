"""API Gateway's HTTP APIs, as far as calling them goes: what is configured is MiniStack's, what answers is ours.

A request finds its stage and route, waits for nobody (throttling), shows who it is (IAM), becomes an event of payload
format 2.0 for a Lambda function that must let API Gateway invoke it, and the function's answer becomes the response.
It behaves as the API Gateway developer guide says; where that is silent, the comments say what we know.
"""

from lab.cloud.http_api.gateway import HttpApis
from lab.cloud.http_api.routes import PATH_PREFIX

__all__ = ["PATH_PREFIX", "HttpApis"]
