"""What the program's resources cost on AWS: prices, what each type is paid for, and what events make of it."""
