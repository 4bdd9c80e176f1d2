"""Observes a release of an SDK, judges it by recorded evidence, and publishes the verdict.

The rooms, in the order of their imports: each imports only from its own row and those above (import-linter).

    core                strict enums, errors, settings, environment, scrubbing, the window, the finder of check packs
    records             stored (evidence, read for ever), results (of a run), judged (computed as of an instant)
    sdk, mock_server    the SDK under watch, located and installed; the loopback service, its faults and TLS
    harness             what a check gets, and what runs the checks: virtual clock, isolation, recorder, smoke
    selftest            seeded defects, canaries, coverage map, kill matrix
    evidence            the ledger, and its readers of reports, logs, GitHub and package indexes
    metrics             one table of metrics, their SQL files, and the statistics
    verdict             one table of rules, applied in order
    watch               a watch: folder, window, checkpoints, incidents, backlog, drift, seal, rehearsal
    site, sync, adopt   the pages in two languages; the branch that many runners share; a team's own repository set up
    fleet               the releases of many repositories together
    cli                 one module a group of commands

``packs`` is the name under which check packs are imported, wherever their folders lie: no module here imports a pack.
``__main__`` runs the command line.
"""
