"""How fast every stage is on this machine, beside what bounds it. Leaves no file.

May import every room but reports and commands, and is imported by commands alone. A new measure is a row of
`training_speed` or `data_speed`; `suite` puts the rows together.
"""
