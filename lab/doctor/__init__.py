"""What may keep the lab from working: this machine, this shell, the local cloud, a stack, an account, a class."""
