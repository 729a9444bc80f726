"""The side of the sandbox that runs apart from the portal: standard library only, nothing of ours.

A zygote is started with `python -I -S`, an empty environment and this folder; see `zygote`.
Every call is two processes: the supervisor, which is ours, and the program, which is nobody's.
"""
