"""What runs on the student's side of the wall: fork server, walls, kernel and recorder.

Standard library only, and nothing of the rest of the grader: this package is loaded by path
into the fork server, under the name in ``server.PACKAGE``. The libraries it observes (torch,
datasets, ...) are reached through ``importlib``, so that reading it needs none of them.
Nothing it reports is believed; see ``grader.model.recording``.
"""
