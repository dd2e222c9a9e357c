"""What a test reads of a table in a text."""


def rows(text):
    """Returns the cells of the first Markdown table in `text`: [[text a column]], the head first, without its rule."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    last = next((number for number in range(first, len(lines)) if not lines[number].startswith("|")), len(lines))
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first:last]]
    return [found[0], *found[2:]]
