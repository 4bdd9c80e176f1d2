"""The check pack of aris3_client_sdk: its contract, executable.

``pack.py`` declares it. Each family of promises has a folder: ``config``, ``transport``, ``exports``, ``polling``,
``cache``, with its promises, checks, limitations, probes and seeded defects. ``capabilities.py`` holds the names of the
contract and its parts, ``fixture.py`` what a check is given, ``service.py`` what the loopback service answers,
``smoke.py`` the three steps of the smoke, ``rehearsals.py`` the watches to train with, and ``reference_sdk`` the SDK
that is watched where none is named.
"""
