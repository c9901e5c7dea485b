"""What runs in Lambda: one package per lesson, and `shared`, the blocks that every lesson's handler is made of."""
