"""What machines read of a judgement: three documents, one shape of a verdict and of a metric."""

import json
from typing import Any

from msgspec.structs import replace

from atalaya.records.judged import Judgement
from atalaya.site.outputs.json_output import as_json, checkpoints, closing_json, judgement_document
from tests.site import example

FIELDS = {
    (
        "schema release as_of verdict metrics rules checkpoints environments baseline cells own_runs health apart "
        "tests unknowns next_steps"
    ),
    "schema release as_of evidence verdict metrics promises",
    "schema report checkpoints incidents decisions questions backlog",
}


def documents(judgement: Judgement) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    return judgement_document(judgement), json.loads(as_json(judgement)), json.loads(closing_json(judgement))


def test_each_document_has_the_fields_of_its_schema() -> None:
    found = documents(example.judgement())
    assert [one["schema"] for one in found] == ["atalaya.judgement/1", "atalaya.metrics/1", "atalaya.closing/1"]
    assert {frozenset(one) for one in found} == {frozenset(fields.split()) for fields in FIELDS}


def test_a_verdict_and_a_metric_are_the_same_in_each_document() -> None:
    judged, metrics, closing = documents(example.judgement())
    assert closing["report"] == metrics
    shared = judged["verdict"].keys() & metrics["verdict"].keys()
    assert {"word", "rule", "window", "digest", "valid_until", "because"} == shared
    assert all(judged["verdict"][name] == metrics["verdict"][name] for name in shared)
    assert [{"id": id} | metric for id, metric in judged["metrics"].items()] == metrics["metrics"]


def test_the_checkpoints_of_the_command_are_those_of_the_report() -> None:
    judgement = example.judgement()
    assert checkpoints(judgement) == json.loads(closing_json(judgement))["checkpoints"] != []


def test_what_judge_prints_is_json_without_a_secret_and_without_what_json_has_not() -> None:
    judgement = example.judgement()
    token = "ghp_" + "a" * 36
    metric = replace(judgement.metrics[0], value=float("inf"), inputs={"said": f"token {token}"})
    document = judgement_document(replace(judgement, metrics=(metric,)))
    written = json.dumps(document, allow_nan=False)
    assert token not in written
    assert document["metrics"][metric.id]["value"] is None
