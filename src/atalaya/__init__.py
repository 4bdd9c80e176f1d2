"""The executable half of Atalaya. Evidence goes one way, and so do the imports:

    subject, service   what is watched, and the loopback service that it talks to
    contracts          the promises, and the checks that test them
    proving            seeded defects that show that each check can turn red
    evidence           the ledger, and each reader that feeds it
    metrics            one SQL file a metric, and the statistics over it
    verdict            one table of rules, applied
    release            the watch: its folder, window, checkpoints, incidents, backlog
    includes           records to MyST: what the site shows
    stages, console    the rooms joined into commands, and what a terminal shows of it
    __main__           the command line

Below them all: ``errors`` (the error tree), ``records`` (what crosses from a stage to
the next) and ``settings`` (``watch.toml`` and the environment, read once).
"""
