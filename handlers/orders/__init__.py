"""Lesson `orders`: a function that produces orders, a stream, and a function that consumes them."""
