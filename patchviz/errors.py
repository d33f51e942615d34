"""What went wrong in the user's data, as an exception of its own."""


class DataError(ValueError):
    """A file, an array or a stored split can't be used as it is.

    The message names the subject or file at fault and the remedy. Wrong *arguments* raise plain
    ``ValueError`` or ``TypeError`` instead, and a path that is not there ``FileNotFoundError``.
    """
