"""What the contract says, said to acme_exports: it waits in milliseconds, where the contract waits in seconds."""

from acme_exports import AcmeError, BadSettings, Connection, Missing, NetworkError, Settings, Trace, read_settings
from acme_exports.clients import exports_client
from acme_exports.models_exports import Ended, Ending, Progress, Wanted


class Exports(exports_client.Exports):
    """The client, with a method more. All else is inherited, and so is under watch as it is."""

    def wait_in_seconds(
        self, export_id, *, timeout_sec=30.0, poll_interval_sec=2.0, cancel_check=None, telemetry_hook=None
    ):
        return self.wait_for(
            export_id,
            budget_ms=timeout_sec * 1000,
            every_ms=poll_interval_sec * 1000,
            stop_when=cancel_check,
            on_poll=telemetry_hook,
        )
