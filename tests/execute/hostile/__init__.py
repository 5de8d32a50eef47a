"""Hostile notebooks, each named for what it tries and with what must become of it.

``reaching`` tries to get at something outside, ``exhausting`` to use up the machine, ``breaking``
to confuse the supervisor, ``forging`` to be graded on something that did not happen.
"""
