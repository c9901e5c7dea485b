"""The blocks that the handlers of all lessons share; packaged with each of them."""
