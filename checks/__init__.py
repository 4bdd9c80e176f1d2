"""The check pack of aris3_client_sdk: its contract, as executable checks.

Modules:

    pack.py             the declaration: families, sections of the contract, duties, and the metrics that they feed
    capabilities.py     the names of the contract, and its parts that an SDK may lack
    fixture.py          what each check gets: clients of the SDK on the loopback service
    service.py          what the loopback service answers: the life of an export, and its routes
    smoke.py            the smoke: strict config, CREATED to READY, and a cache that takes no part in polling
    seeded_events.py    what is seeded into what the smoke sees; ``detectors.json`` has what became of it
    rehearsals.py       the scenarios of rehearsed watches
    export_helpers.py   helpers shared by the checks of exports and waits
    stateful.py         stateful property tests of the cache and the waits
    reference_sdk/      the bundled SDK, watched where none is named; its own tests are the CI of a rehearsal
    survivors.toml      mutants that no check detects, each with its reason
    locale/             translations of the pack's texts

Families, one folder each:

    package             installing and importing it, and what it declares
    config              strict configuration
    transport           requests, retries, errors, tracing and hooks
    exports             requesting exports, their statuses, lists and files
    polling             the wait for an export
    cache               the cache of GET requests
    roads               what holds on every road to the wire, and at the second use
    world               the environment, the clocks and the machine round the SDK, and what it leaves in them

In each folder:

    promises.py         ids, severities, sentences, and the sentences of the contract that they test
    check_*.py          the checks; ``roads/roads.py`` lists the roads from which its own are made
    limitations.py      weaknesses beyond the contract; ``probe_*.py`` looks for them
    defects.py          seeded defects; ``selftest.json`` records when each was last caught

``promises.py``, ``limitations.py`` and ``defects.py`` are data, and need neither an SDK nor pytest.
"""
