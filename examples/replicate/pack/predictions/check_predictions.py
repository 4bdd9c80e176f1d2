"""Tests of predictions: created, waited for, and read."""

import os

from atalaya.harness.api import Step, promise, require

from ..fixture import ROADS, CheckContext

STARTED = Step(state="processing", fields={"started_at": "2030-01-01T00:00:00Z"})
DONE = Step(state="succeeded", fields={"output": ["a", "b"]})


@promise("predictions.token-is-sent")
def check_token(lab: CheckContext) -> None:
    os.environ["REPLICATE_API_TOKEN"] = "r8_environment"
    for road, token in ((road, token) for road in ROADS for token in ("r8_given", None)):
        with lab.trial(f"{road}, {token}"):
            lab.take(road, DONE, api_token=token)
            sent = lab.log()[-1].headers.get("authorization")
            require(sent == f"Bearer {token or 'r8_environment'}", f"it sent {sent}")


@promise("predictions.headers-are-the-callers")
def check_headers(lab: CheckContext) -> None:
    headers = {"User-Agent": "check"}
    for token in ("r8_one", "r8_two"):
        with lab.trial(token):
            lab.take("get", DONE, api_token=token, headers=headers)
            require(lab.log()[-1].headers["authorization"] == f"Bearer {token}", "it sent another client's token")


@promise("predictions.time-out-holds")
def check_time_out(lab: CheckContext) -> None:
    for road in ("get", "wait", "create"):
        with lab.trial(road):
            made = lab.take(road, Step(state="succeeded", delay_s=2.0), timeout=0.3)
            require(type(made.error).__name__ == "ReadTimeout", f"no time-out after 0.3 s, but {made.error!r}")


@promise("predictions.retries-back-off")
def check_retries(lab: CheckContext) -> None:
    for road, status in (("get", 429), ("get", 503), ("get", 504), ("create", 503)):
        with lab.trial(f"{road}, {status}"):
            before = len(lab.clock.sleeps)
            made = lab.take(road, *[Step(status=status)] * 6, DONE)
            pauses = [sleep.seconds for sleep in lab.clock.sleeps[before:]]
            well = len(pauses) == 6 and pauses[5] > 16 * pauses[0] if road == "get" else not pauses
            require(well, f"after pauses of {pauses} s it {made.said()}")


@promise("predictions.errors-are-its-own")
def check_errors(lab: CheckContext) -> None:
    for road, body in ((road, body) for road in ROADS for body in (b'{"title": "No"}', b"<html>", b"", b"[]", b"null")):
        with lab.trial(f"{road}, {body!r}"):
            made = lab.take(road, Step(status=401, raw=body))
            require(isinstance(made.error, lab.sdk.ReplicateError) and made.error.status == 401, f"it {made.said()}")


@promise("predictions.failed-run-raises")
def check_failed_run(lab: CheckContext) -> None:
    for state in ("failed", "starting"):
        with lab.trial(state):
            lab.service.script("p1", "processing", "failed")
            made = lab.take("run", state)
            held = getattr(getattr(made.error, "prediction", None), "id", None)
            require(isinstance(made.error, lab.sdk.ModelError) and held == "p1", f"it {made.said()} with {held}")


@promise("predictions.wait-ends-when-finished")
def check_wait(lab: CheckContext) -> None:
    for end in ("succeeded", "failed", "canceled"):
        with lab.trial(end):
            before = len(lab.log())
            made = lab.take("wait", "starting", "starting", STARTED, STARTED, end)
            require(len(lab.log()) - before == 5, f"after {len(lab.log()) - before} questions it {made.said()}")


@promise("predictions.wait-means-completed")
def check_wait_option(lab: CheckContext) -> None:
    for road, state in (("run", "starting"), ("run", "processing"), ("create and wait", "starting")):
        with lab.trial(f"{road}, {state}"):
            lab.service.script("p1", "processing", DONE)
            made = lab.take(road, state)
            require(getattr(made.value, "output", made.value) == ["a", "b"], f"it {made.said()}")


@promise("predictions.iterator-gives-all")
def check_iterator(lab: CheckContext) -> None:
    for life in ([DONE], [Step(state="processing", fields={"output": ["a"]}), DONE]):
        with lab.trial(f"output at question {len(life)}"):
            made = lab.take("iterate", *life)
            require(made.value == ["a", "b"], f"it {made.said()}")
