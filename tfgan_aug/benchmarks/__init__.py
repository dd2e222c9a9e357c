"""How fast every stage is on this machine, beside what bounds it. Leaves no file.

May import every room but reports and commands, and only commands import it. A new measure is a
`Speed` of `training_speed` or `data_speed`; `suite` puts them together.
"""
