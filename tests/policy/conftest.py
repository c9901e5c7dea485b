from tests.cost.conftest import plan

__all__ = ["plan"]
