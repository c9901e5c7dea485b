"""What is deployed: one component per lesson, and the few blocks the lessons share."""
