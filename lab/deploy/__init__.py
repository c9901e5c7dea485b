"""Deploying: the program, the engine that runs it on the local cloud, and the provider that makes what it asks for."""
