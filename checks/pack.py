"""The declaration of the pack."""

from __future__ import annotations

from pathlib import Path

from atalaya.harness.declare import N_, family
from atalaya.harness.duties import NoneSeen, PackDuty, PromisesKept
from atalaya.harness.pack import FirstBuild, Pack

from .rehearsals import SCENARIOS
from .seeded_events import SEEDED
from .wordings import WORDINGS

NAME = "aris3"
HERE = Path(__file__).parent
FAMILIES = ("package", "config", "transport", "exports", "polling", "cache", "roads", "world")

PACK = Pack(
    name=NAME,
    module=f"{__package__}",
    folder=HERE,
    package="aris3_client_sdk",
    distribution="aris3-client-sdk",
    prefix="ARIS3_",
    families=tuple(family(f"{__package__}", name) for name in FAMILIES),
    sections={
        "1": N_("The package"),
        "2": N_("Configuration"),
        "3": N_("Tracing and idempotency"),
        "4": N_("The HTTP client, and its cache of GETs"),
        "5": N_("Errors"),
        "6": N_("Clients and session"),
        "7": N_("Exports, and the wait for them"),
    },
    events={
        "network-errors": ("transport.*", "roads.*"),
        "polling-timeouts": ("polling.*",),
        "stale-cache": ("cache.*", "polling.fresh-status"),
    },
    seeded=tuple(SEEDED),
    duties=(
        PackDuty(
            "strict-config",
            0,
            N_("Confirm that `load_config` is strict: no fallback for `ARIS3_API_BASE_URL`"),
            PromisesKept(("config.no-fallback",), by_h=24, smoke_steps=("strict-config",)),
            blocked_by=("config",),
        ),
        PackDuty(
            "no-stale-cache",
            24,
            N_("Confirm that no poll of an export read a stale status from the cache"),
            NoneSeen("stale-cache"),
            blocked_by=("stale-cache",),
        ),
        PackDuty(
            "cache-guardrails",
            48,
            N_("Validate the cache's guardrails for each request (`use_get_cache=False`)"),
            PromisesKept(
                ("cache.bypass-per-request", "polling.leaves-cache-flag-alone"),
                by_h=48,
                smoke_steps=("cache-outside-polling",),
                metrics=("stale-cache",),
            ),
            blocked_by=("cache", "polling"),
        ),
    ),
    scenarios=SCENARIOS,
    exploring=("polling.fresh-in-any-order", "cache.holds-in-any-order", "cache.none-is-pushed-out"),
    overlapping=("roads", "world"),
    wordings=WORDINGS,
    installs="package.installs",
    imports="package.imports",
    first_client=(
        FirstBuild("ClientConfig", {"env_name": "check", "api_base_url": "http://127.0.0.1:9"}),
        FirstBuild("HttpClient", uses={"config": "ClientConfig"}),
    ),
    credentials=("access_token", "tenant_id", "app_id", "device_id", "store_id"),
    mutated=(
        "config.py",
        "http_client.py",
        "clients/base.py",
        "clients/exports_client.py",
        "error_mapper.py",
        "tracing.py",
        "idempotency.py",
        "transport.py",
        "exceptions.py",
    ),
)
