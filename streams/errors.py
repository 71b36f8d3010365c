"""The one kind of error that people are told in a line."""


class ExplainedError(Exception):
    """Something that whoever runs Tocsin can mend. The text says what was wrong, where, what came, and what to do."""
