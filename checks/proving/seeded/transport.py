"""Which small changes to the SDK break what it promises: transport?"""

from __future__ import annotations

from checks.proving.seeded.defect import BASE, ERRORS, HTTP, Defect, StandIn

DEFECTS: tuple[Defect, ...] = (
    Defect("timeout-for-transport", "A network failure raises a TimeoutError.", HTTP,
        "            raise TransportError(\n                code=\"TRANSPORT_ERROR\",",
        "            raise TimeoutError(str(cause)) from cause\n            raise TransportError(\n"
        "                code=\"TRANSPORT_ERROR\",",
        ("transport.failures-are-transport-errors", "transport.gets-are-retried",
         "polling.network-failure-ends-the-wait", "polling.timeout-is-timeout-error")),
    Defect("one-retry-too-few", "A GET is tried once less than the limit allows.", HTTP,
        "last = attempt == self.config.retries or not may_retry",
        "last = attempt >= max(self.config.retries - 1, 0) or not may_retry",
        ("transport.gets-are-retried",)),
    Defect("posts-retried", "Every method is retried.", HTTP,
        'may_retry = method in ("GET", "HEAD") or retry_mutation',
        'may_retry = method in ("GET", "HEAD", "POST") or retry_mutation',
        ("transport.posts-are-not-retried",)),
    Defect("client-errors-retried", "429 is retried like a failure of the service.", HTTP,
        "if response.status_code < 500 or last:",
        "if (response.status_code < 500 and response.status_code != 429) or last:",
        ("transport.client-errors-are-not-retried",)),
    Defect("flat-backoff", "The pause between retries does not grow.", HTTP,
        "delay = self.config.retry_backoff_seconds * 2.0**attempt", "delay = self.config.retry_backoff_seconds",
        ("transport.backoff-doubles",)),
    Defect("jitter-below-minimum", "Jitter begins at zero, whatever its minimum.", HTTP,
        "self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds",
        "0.0, self.config.retry_jitter_max_seconds / 2",
        ("transport.jitter-stays-in-range",)),
    Defect("conflict-unmapped", "409 raises the general error.", ERRORS,
        "    409: ConflictError,\n", "", ("transport.errors-follow-the-status",)),
    Defect("details-lost", "The details of an error answer are dropped.", ERRORS,
        'details=fields.get("details")', "details=None", ("transport.errors-carry-the-answer",)),
    Defect("trace-id-reused", "Requests without a context share one id.", HTTP,
        "trace = self.trace or TraceContext()", 'trace = self.trace or TraceContext("0")',
        ("transport.trace-id-is-sent",)),
    Defect("base-path-lost", "The path of the base URL is dropped.", HTTP,
        'f"./{path.lstrip(\'/\')}"', 'f"/{path.lstrip(\'/\')}"', ("transport.base-path-is-kept",)),
    Defect("tenant-not-sent", "The tenant is left out.", BASE,
        '            "X-Tenant-ID": self.tenant_id,\n', "", ("transport.identity-is-sent",)),
)  # fmt: skip

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = ()
