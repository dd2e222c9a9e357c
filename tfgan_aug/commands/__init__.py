"""Commands: their flags, what they run, what they print. The files of `tools` start them.

Make the text that is printed, and the files that the rooms below make. May import every room, inside functions where
that imports TensorFlow: --help answers at once. A new command is a file with `define_flags` and `main`, and three
lines in `tools`; flags that several commands share stand in `cli`.
"""
