"""What people read: the report page, the answer in plain words, the tables that commands print.

Makes `report.html`, `report.md` and their images, from results that experiments left as JSON. May import every room
but commands and benchmarks; experiments never import reports. A new part of the page is a function in a
`*_sections` file that returns a `blocks.Section`, listed in `table_page`; how a block looks is in `templates`.
"""
