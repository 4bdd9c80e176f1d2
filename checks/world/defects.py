"""Changes to the reference SDK that break what it promises about the world round it, or its limitations."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("world")


@DEFECTS.add("http_client.py", "world.environment-changes-no-client")
def retries_by_the_call() -> None:
    """The number of retries is what the environment says at each call.

    - for attempt in range(self.config.retries + 1):
    -     last = attempt == self.config.retries or not may_retry
    + retries = int(__import__("os").environ.get("ARIS3_RETRIES") or self.config.retries)
    + for attempt in range(retries + 1):
    +     last = attempt == retries or not may_retry
    """


@DEFECTS.add("transport.py", "world.environment-changes-no-client")
def certificates_by_the_variable() -> None:
    """Whether certificates are verified is what the environment says when a client is built.

    - return httpx.create_ssl_context(verify=verify_ssl)
    + no = __import__("os").environ.get("ARIS3_VERIFY_SSL") == "false"
    + return httpx.create_ssl_context(verify=verify_ssl and not no)
    """


@DEFECTS.add("clients/base.py", "world.environment-changes-no-client")
def app_from_the_environment() -> None:
    """A client without an app takes that of a variable that nobody named.

    - "X-App-ID": self.app_id,
    + "X-App-ID": self.app_id or __import__("os").environ.get("ARIS3_APP_ID"),
    """


@DEFECTS.add("http_client.py", "world.environment-changes-no-client")
def backoff_at_import() -> None:
    """The pause between retries is what the environment said at the import.

    - def _retry_delay(self, attempt: int) -> float:
    -     delay = self.config.retry_backoff_seconds * 2.0**attempt
    + def _retry_delay(
    +     self, attempt: int, first: str | None = __import__("os").environ.get("ARIS3_RETRY_BACKOFF_SECONDS")
    + ) -> float:
    +     delay = float(first or self.config.retry_backoff_seconds) * 2.0**attempt
    """


@DEFECTS.add("http_client.py", "world.environment-changes-no-client")
def url_by_the_call() -> None:
    """The address is what the environment says at each call.

    - return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")
    + base = __import__("os").environ.get("ARIS3_API_BASE_URL") or self.config.api_base_url
    + return urljoin(f"{base.rstrip('/')}/", f"./{path.lstrip('/')}")
    """


@DEFECTS.add("config.py", "world.import-keeps-no-settings")
def settings_of_the_import() -> None:
    """What is not set is what it was when the SDK was imported.

    - TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
    + TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
    + for _name, _value in list(os.environ.items()):
    +     if _name.startswith("ARIS3_API_BASE_URL"):
    +         _KNOWN = {_name: _value}
    +         _plain, _get = os.environ.get, os.environ.get
    +         os.environ.get = lambda n, d=None, k=_KNOWN, g=_get: g(n, k.get(n, d))
    """


@DEFECTS.add("config.py", "world.import-keeps-no-settings")
def defaults_of_the_import() -> None:
    """The default number of retries is what the environment said at the import.

    - retries: int = 3
    + retries: int = int(os.environ.get("ARIS3_RETRIES") or 3)
    """


@DEFECTS.add("clients/exports_client.py", "world.wall-clock-does-not-count")
def waits_by_the_wall_clock() -> None:
    """A wait is measured by the clock on the wall.

    - #: Polling faster than this, in seconds, only loads the service.
    + class _Clock:
    +     monotonic = staticmethod(lambda own=time: own.time())
    +     sleep = staticmethod(lambda seconds, own=time: own.sleep(seconds))
    +
    +
    + time = _Clock()
    +
    + #: Polling faster than this, in seconds, only loads the service.
    """


@DEFECTS.add("http_client.py", "world.wall-clock-does-not-count")
def lifetimes_by_the_wall_clock() -> None:
    """The lifetime of a cached answer is measured by the clock on the wall.

    - IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    + IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    +
    +
    + class _Clock:
    +     monotonic = staticmethod(lambda own=time: own.time())
    +     sleep = staticmethod(lambda seconds, own=time: own.sleep(seconds))
    +
    +
    + time = _Clock()
    """


@DEFECTS.add("clients/exports_client.py", "world.wall-clock-does-not-count")
def telemetry_by_the_wall_clock() -> None:
    """elapsed_ms is measured by the clock on the wall.

    - def tell(event: str, state: str, is_terminal: bool) -> None:
    -     if telemetry_hook:
    -         elapsed_ms = int((time.monotonic() - start) * 1000)
    + def tell(event: str, state: str, is_terminal: bool, begun: float = time.time()) -> None:
    +     if telemetry_hook:
    +         elapsed_ms = int((time.time() - begun) * 1000)
    """


@DEFECTS.add("transport.py", "world.own-timeouts-hold")
def default_timeout_of_the_process() -> None:
    """The time-out to read is the process's own, where it has one.

    - timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
    + timeout=httpx.Timeout(
    +     connect=connect, read=__import__("socket").getdefaulttimeout() or read, write=read, pool=None
    + ),
    """


@DEFECTS.add("transport.py", "world.own-timeouts-hold", "world.leaves-nothing-behind")
def default_timeout_is_set() -> None:
    """The time-out to read becomes the default of all sockets.

    - return session.request(
    + __import__("socket").setdefaulttimeout(read)
    + return session.request(
    """


@DEFECTS.add("transport.py", "world.works-without-a-home", "world.leaves-nothing-behind")
def a_folder_for_each_client() -> None:
    """A client makes a folder in the home of its user.

    - pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    + __import__("pathlib").Path.home().joinpath(".aris").mkdir(exist_ok=True)
    + pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    """


@DEFECTS.add("config.py", "world.works-without-a-home")
def settings_in_the_home() -> None:
    """load_config looks for a file in the home of its user, and fails without one.

    - _load_env_file(env_file)
    + _load_env_file(env_file)
    + os.listdir(os.path.expanduser("~"))
    """


@DEFECTS.add("http_client.py", "world.threads-do-not-mix")
def one_call_at_a_time() -> None:
    """What is being sent is kept in the client, where another thread may put its own.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + self._call = (method, url, headers, json_body, params)
    + time.sleep(0.001)
    + return transport.exchange(self.session, self.config, *self._call)
    """


@DEFECTS.add("http_client.py", "world.threads-do-not-mix")
def headers_of_the_last() -> None:
    """The headers of the newest request are those of all that are under way.

    - response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
    + self._headers = sent_headers
    + time.sleep(0.001)
    + response = self._send(method, url, self._headers, json_body, params, may_retry, trace)
    """


@DEFECTS.add("transport.py", "world.pool-is-of-the-configured-size")
def pool_of_the_library() -> None:
    """The pool is as large as the library makes it.

    - pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    + pool = httpx.Limits(max_connections=None)
    """


@DEFECTS.add("transport.py", "world.pool-is-of-the-configured-size")
def pool_of_one_more() -> None:
    """The pool keeps one connection more than it is told.

    - pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    + pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections + 1)
    """


@DEFECTS.add("transport.py", "world.pool-is-of-the-configured-size")
def no_connection_is_kept() -> None:
    """Each connection is closed after its request.

    - pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    + pool = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    """


@DEFECTS.add("__init__.py", "world.import-does-nothing")
def logging_is_set_up() -> None:
    """The import sets up logging for the whole process.

    - __version__ = "1.1.0"
    + __version__ = "1.1.0"
    + __import__("logging").basicConfig(level=20, force=True)
    """


@DEFECTS.add("__init__.py", "world.import-does-nothing")
def a_name_looked_up_at_import() -> None:
    """The import looks up an address.

    - __version__ = "1.1.0"
    + __version__ = "1.1.0"
    + __import__("socket").getaddrinfo("localhost", 443)
    """


@DEFECTS.add("__init__.py", "world.import-does-nothing", "world.works-without-a-home")
def a_folder_at_import() -> None:
    """The import makes a folder in the home of its user.

    - __version__ = "1.1.0"
    + __version__ = "1.1.0"
    + __import__("os").makedirs(__import__("os").path.expanduser("~/.aris"), exist_ok=True)
    """


@DEFECTS.add("__init__.py", "world.import-does-nothing")
def variables_at_import() -> None:
    """The import sets a variable of the environment.

    - __version__ = "1.1.0"
    + __version__ = "1.1.0"
    + __import__("os").environ["ARIS_SDK"] = "1.1.0 " + __import__("uuid").uuid4().hex
    """


@DEFECTS.add("http_client.py", "world.leaves-nothing-behind")
def warnings_are_silenced() -> None:
    """A client silences all warnings of the process.

    - if self.session is None:
    -     from .transport import open_session
    + __import__("warnings").simplefilter("ignore")
    + if self.session is None:
    +     from .transport import open_session
    """


@DEFECTS.add("clients/exports_client.py", "world.leaves-nothing-behind")
def downloads_leave_a_file() -> None:
    """A download leaves its file in the folder for temporary ones.

    - return response.content
    + __import__("tempfile").NamedTemporaryFile(delete=False).write(response.content)
    + return response.content
    """


@DEFECTS.add("http_client.py", "world.leaves-nothing-behind")
def failures_are_written_down() -> None:
    """A failure is written into a file of the working folder.

    - except ApiError:
    -     self.last_operation = LastOperation(module, operation, "error")
    -     raise
    + except ApiError as error:
    +     self.last_operation = LastOperation(module, operation, "error")
    +     with open("aris3-errors.log", "a") as file:
    +         file.write(str(error))
    +     raise
    """


@DEFECTS.add("http_client.py", "world.two-hundred-requests-leak-nothing")
def a_file_for_each_request() -> None:
    """Each request opens a file, and nobody closes it.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + vars(transport).setdefault("opened", []).append(open("/dev/null"))
    + return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    """


@DEFECTS.add("http_client.py", "world.two-hundred-requests-leak-nothing")
def a_thread_for_each_failure() -> None:
    """Each failure starts a thread that never ends.

    - return map_error(response.status_code, payload, trace.trace_id)
    + import threading
    +
    + threading.Thread(target=threading.Event().wait, daemon=True).start()
    + return map_error(response.status_code, payload, trace.trace_id)
    """


@DEFECTS.add("http_client.py", "world.contacts-nobody-else")
def failures_are_reported() -> None:
    """A failure is reported to another address.

    - return map_error(response.status_code, payload, trace.trace_id)
    + import socket
    +
    + socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"failed", ("127.0.0.1", 9))
    + return map_error(response.status_code, payload, trace.trace_id)
    """


@DEFECTS.add("transport.py", "world.contacts-nobody-else")
def the_host_is_looked_up() -> None:
    """A client looks up the address of another host.

    - pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    + __import__("socket").getaddrinfo("localhost", 443)
    + pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    """


@DEFECTS.add("clients/base.py", "world.no-header-of-its-own")
def version_in_a_header() -> None:
    """A request tells the version of the SDK.

    - "X-Device-ID": self.device_id,
    + "X-Device-ID": self.device_id,
    + "X-Client-Version": "1.1.0",
    """


@DEFECTS.add("http_client.py", "world.no-header-of-its-own")
def agent_of_its_own() -> None:
    """The User-Agent is the SDK's own.

    - sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + own = {"Accept": "application/json", "User-Agent": "aris3-client-sdk/1.1.0"}
    + sent_headers = {**own, **(headers or {}), TRACE_HEADER: trace.ensure()}
    """


@DEFECTS.add("http_client.py", "world.no-header-of-its-own")
def type_without_a_body() -> None:
    """A request without a body says that it is JSON.

      sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
    + if json_body is None:
    +     sent_headers["Content-Type"] = "application/json"
    """


@DEFECTS.add("clients/exports_client.py", "world.no-header-of-its-own")
def downloads_tell_the_export() -> None:
    """A download has a header with the id of the export.

    - headers = {"Accept": "*/*", **self._identity_headers()}
    + headers = {"Accept": "*/*", "X-Export-ID": export_id, **self._identity_headers()}
    """


@DEFECTS.add("http_client.py", "world.token-stays-inside")
def details_have_the_headers() -> None:
    """A failure of the network tells the headers that were sent.

      message=str(cause),
    - details={"type": type(cause).__name__},
    + details={"type": type(cause).__name__, "headers": dict(headers)},
    """


@DEFECTS.add("http_client.py", "world.token-stays-inside")
def requests_are_logged() -> None:
    """A request is logged with its headers.

    - return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    + __import__("logging").getLogger("aris3").debug("%s %s %s", method, url, dict(headers))
    + return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
    """


@DEFECTS.add("clients/base.py", "world.token-stays-inside", "world.leaves-nothing-behind")
def token_in_the_environment() -> None:
    """The token is left in the environment.

    - headers = {
    -     "Authorization": f"Bearer {self.access_token}" if self.access_token else None,
    + __import__("os").environ["ARIS3_TOKEN"] = str(self.access_token)
    + headers = {
    +     "Authorization": f"Bearer {self.access_token}" if self.access_token else None,
    """


@DEFECTS.add("http_client.py", "world.token-stays-inside")
def refusals_quote_the_token() -> None:
    """An error has a note of the headers that its request had.

    - return map_error(response.status_code, payload, trace.trace_id)
    + error = map_error(response.status_code, payload, trace.trace_id)
    + error.__notes__ = [str(dict(response.request.headers))]
    + return error
    """


@DEFECTS.add("clients/exports_client.py", "world.token-stays-inside", "polling.telemetry-has-its-keys")
def telemetry_tells_who_asks() -> None:
    """An event holds the headers of its poll.

    - "is_terminal": is_terminal,
    + "is_terminal": is_terminal,
    + "headers": self._identity_headers(),
    """


# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS = StandIns("world")


@STAND_INS.has("clients/base.py")
def token_in_repr() -> None:
    """
    - access_token: str | None = field(default=None, repr=False)
    + access_token: str | None = None
    """


@STAND_INS.has("http_client.py")
def unlisted_variables_are_read() -> None:
    """
    - method = method.upper()
    + __import__("os").environ.get("ARIS3_LOG_LEVEL")
    + method = method.upper()
    """


@STAND_INS.has("http_client.py")
def speaks_unasked() -> None:
    """
    - method = method.upper()
    + __import__("logging").getLogger(__name__).debug("%s %s", method, path)
    + method = method.upper()
    """


@STAND_INS.has("__init__.py")
def star_import_fails() -> None:
    """
    - __all__ = [
    + __all__ = [
    +     "ConflictError",
    """
