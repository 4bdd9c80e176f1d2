"""Answers the questions of the ``.sql`` files beside this package from the evidence of one folder.

``opened`` (:mod:`~atalaya.metrics.engine.engine`) gives an :class:`Engine`, and ``engine.ask(question, parameters)``
gives rows. An engine runs the questions on a ``Database``, of which there are several: DuckDB in this process, and
Spark. ``tables`` says which tables both have, ``questions`` what is run.
"""
