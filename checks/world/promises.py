"""What the SDK promises about the world round it, and the sentences of the contract that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("world")


@PROMISES.add(MAJOR, checkpoint_h=0)
def environment_changes_no_client() -> None:
    """A client does what its configuration says, whatever the environment says, then or later.

    Why: Tests that set a variable must not lead a running client to another service.

    How: A client's whole day, request by request, with every setting in the environment, then and when the SDK is
    imported; and with each other variable that the SDK itself reads.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def import_keeps_no_settings() -> None:
    """What the environment says when the SDK is imported has no effect on a later load.

    Why: A worker is imported in one environment, and configured in another.

    How: Imports with every setting set, and loads without any; and the other way round.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def wall_clock_does_not_count() -> None:
    """Waits, pauses and lifetimes are measured by a clock that nobody can set.

    Why: Clocks are set twice a year, and by each machine that wakes up.

    How: The time of day is set by an hour, forward and back, in the middle of waits, between two attempts and in the
    lifetime of a cached answer.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def own_timeouts_hold() -> None:
    """The time-outs of the configuration hold where the process has another default for its sockets, which stays.

    Why: One line of another library sets that default for all.

    How: Late answers under defaults that are far shorter than the configuration's.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def works_without_a_home() -> None:
    """Without a home that can be written to, all but a session works as ever.

    Why: Containers have none.

    How: An import, a client's whole day and a load, with a home that cannot be made.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def threads_do_not_mix() -> None:
    """Threads that share a client each get the answers to their own requests.

    Why: Web servers share one client among all their threads.

    How: Twelve threads on one client, each with a tenant, a query and a body of its own.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def import_does_nothing() -> None:
    """Importing the SDK asks nobody, writes nothing, and changes nothing that a process shares.

    Why: It is imported by tools that only want to read its documentation.

    How: An import into a process that hears each connection, file, thread and changed setting.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def leaves_nothing_behind() -> None:
    """Clients leave no file, and nothing changed that all code of a process shares; a session leaves its own folder.

    Why: A changed default breaks code that never heard of the SDK.

    How: The files and settings of a process after each thing that a client does, those that fail too.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def two_hundred_requests_leak_nothing() -> None:
    """After 200 requests a process has no more threads, files and sockets than after a few.

    Why: A service that leaks one a request stops within a day.

    How: Requests that succeed, fail, are closed, cut and moved, counted after the second round and after the last.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def pool_is_of_the_configured_size() -> None:
    """A client keeps as many connections open for later requests as its max_connections says.

    Why: A worker with many threads opens each connection once, and a small one does not hold more than it may.

    How: Several requests at once, with a pool of one and of three, and what is open afterwards. Only where a client
    shows a session of requests or httpx.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def contacts_nobody_else() -> None:
    """Nobody but the service of the configuration is asked, neither for an answer nor for an address.

    Why: What an SDK tells others, its users have not agreed to.

    How: Each address that the process asks for while a client is built and works.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def no_header_of_its_own() -> None:
    """A request has the headers of the HTTP library, those that the contract names and the caller's, and no others.

    Why: Gateways refuse what they do not know, and logs keep it.

    How: The headers of each request of a client's day.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def token_stays_inside() -> None:
    """The token goes into the Authorization header, and nowhere else.

    Why: Whoever reads a log with a token in it can be anybody.

    How: It is looked for in the text, args and details of errors and their causes, in results, logs, warnings, output,
    telemetry, files, the environment, paths and bodies; and a password that a login refuses with it.
    """


STATEMENTS = Statements("world")


@STATEMENTS.section("1")
def the_package() -> None:
    """The package.

    Importing it asks nobody and writes no file.
        world.import-does-nothing
    Importing everything from it with a star raises AttributeError.
        Untested: It is a weakness, shown as the finding `world.star-import-fails`.
    Its version is that of the installed distribution, or of the project that it is imported from.
        Untested: It is no identity, and may be absent: what was checked is told by the digest of its files.
    """


@STATEMENTS.section("2")
def configuration() -> None:
    """Configuration.

    Settings are read when load_config is called, and not when the SDK is imported.
        world.import-keeps-no-settings
    """


@STATEMENTS.section("4")
def the_http_client() -> None:
    """The HTTP client, and its cache of GETs.

    Beside its library's headers, a request has those that the contract names, and none of the SDK's own.
        world.no-header-of-its-own
    The time-outs of a request are the configuration's alone.
        world.own-timeouts-hold
    """


@STATEMENTS.section("6")
def clients_and_session() -> None:
    """Clients and session.

    Nothing in the environment changes what a configuration that was built says.
        world.environment-changes-no-client
    The token, tenant, app and device go into four headers.
        world.token-stays-inside, transport.identity-is-sent
    A client asks the service of its configuration.
        world.contacts-nobody-else
    Building a session makes a folder in the data directory of its user, and nothing else does.
        world.leaves-nothing-behind, world.works-without-a-home
    A session may pick up a stored token.
        Untested: The contract leaves open how one is stored.
    The token stands in the repr of clients and sessions.
        Untested: It is a weakness, shown as the finding `world.token-in-repr`.
    Clients have no way to be closed.
        Untested: It is a weakness; that a client which is used leaks nothing, `world.two-hundred-requests-leak-nothing`
        tests.
    A client can be used by several threads.
        world.threads-do-not-mix, world.two-hundred-requests-leak-nothing
    """


@STATEMENTS.section("7")
def exports() -> None:
    """Exports, and the wait for them.

    Waits are measured by the monotonic clock.
        world.wall-clock-does-not-count
    """
