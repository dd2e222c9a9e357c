"""The one exception that commands turn into a line and exit code 2. Makes no file."""


class UserError(Exception):
    """A mistake of the user: one line that names the option or file, what was found and what was expected."""
