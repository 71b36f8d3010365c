"""Real servers on loopback for tests that run the real program."""
