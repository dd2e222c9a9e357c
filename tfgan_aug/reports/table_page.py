"""The page of a table: which sections it has, in which order, and what it opens with.

Artefacts: the report's two files, see `page`.
"""

import pathlib

from tfgan_aug.core import markdown
from tfgan_aug.reports import answer_text, image_sections, method_sections, page, table_sections

# A function a section, of (table, workdir): it returns a `Section`, or None where there is nothing to show.
SECTIONS = (
    table_sections.verdict_section,
    table_sections.row_section,
    table_sections.class_section,
    table_sections.grid_section,
    image_sections.images,
    image_sections.sweeps,
    image_sections.where,
    image_sections.relation,
    image_sections.advice,
    table_sections.judge_section,
    table_sections.curve_section,
    method_sections.how,
    method_sections.again,
)


def write(path_html, path_markdown, table, workdir):
    """Writes the page of table.json (`table`) as HTML and as Markdown."""
    page.write(path_html, path_markdown, table["title"], lead(table), sections(table, workdir))


def sections(table, workdir):
    """Returns the page's `Section`s; what the workdir has no files for is left out."""
    made = (make(table, pathlib.Path(workdir)) for make in SECTIONS)
    return [section for section in made if section is not None]


def lead(table):
    """Returns what the page opens with: the answer, then the question and how far the work is."""
    source, rows = table["source"], table["rows"]
    images = f"{markdown.literal(source['name'])} {source['version']}, {len(source['classes'])} classes"
    done, planned = sum(row["done"] for row in rows), sum(row["planned"] for row in rows)
    return f"""{answer_text.of_table(table)}

The question: do generated images help a classifier that has few images to learn from? The images: {images},
{table["config"].get("train_per_class") or "all"} training images a class. {done} of {planned} trainings are done, each
for {method_sections.training_length(table)}."""
