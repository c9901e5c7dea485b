"""The `lab` command and what drives it: the local cloud, deploying to it, and one module per verb."""
