"""What every room stands on: errors, stages and locks of the workdir, random streams, pixels, optimisers.

Makes the folders `<stage>-<digest>/` of a workdir, and PNG grids. Imports no other room. A new file belongs here only
if two rooms need it that may not import each other.
"""
