"""What the client promises: what its README and its docstrings say of waiting, retrying, errors and time-outs."""

from atalaya.harness.declare import CRITICAL, MAJOR, Promises

PROMISES = Promises("predictions")


@PROMISES.documented(CRITICAL, checkpoint_h=0, section="1")
def critical() -> None:
    """What nobody can do without.

    token-is-sent: Each request carries the token that the client was given, else that of the environment.
        Source: "You can create your own client instance to pass a different API token value." (README)
        How: Each road, with a token given beside another in the environment, and with that one alone.
        Broken in client.py: The environment's token goes before the one that is given.
        - api_token := api_token or _get_api_token_from_environment()
        + api_token := _get_api_token_from_environment() or api_token
    wait-ends-when-finished: A wait ends when the prediction has succeeded, failed or was canceled, and not before.
        Source: "Wait for prediction to finish." (Prediction.wait)
        How: A prediction that starts and is processed for a while, to each of the three ends.
        Broken in prediction.py: A wait ends when the prediction has been started.
        - while self.status not in ["succeeded", "failed", "canceled"]:
        + while self.status not in ["succeeded", "failed", "canceled"] and not self.started_at:
              time.sleep(self._client.poll_interval)
    """


@PROMISES.documented(MAJOR, checkpoint_h=24, section="1")
def major() -> None:
    """What a team builds upon.

    headers-are-the-callers: The headers that a client is given stay as they are: the next one sends its own token.
        Source: "... to pass a different API token value, add custom headers to requests" (README)
        How: Two clients with the same dictionary of headers, and a token of their own.
        Found in client.py: The token is written into the dictionary, and goes out for the next client too.
        - headers = dict(kwargs.pop("headers", {}))
        + headers = kwargs.pop("headers", {})
    time-out-holds: The time-out that a client is given holds on each road that waits for nothing else.
        Source: "... or control the behavior of the underlying HTTPX client" (README)
        How: A client with a time-out of 0.3 s, on roads that answer after 2 s.
        Found in prediction.py: A prediction is created without any time-out.
          if not wait:
        -     return httpx.USE_CLIENT_DEFAULT
        +     return None
    retries-back-off: A GET that is answered 429, 503 or 504 is tried again, after pauses that double; a POST is not.
        Source: "... exponential backoff strategy for specific HTTP status codes and request methods." (RetryTransport)
        How: A GET is answered so six times, then 200, and a POST 503.
        Broken in client.py: The pauses do not double.
        - backoff = self.backoff_factor * (2 ** (attempts_made - 1))
        + backoff = self.backoff_factor * attempts_made
        Broken in client.py: A POST is tried again as well, and charged twice.
        - RETRYABLE_METHODS = frozenset(["HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE"])
        + RETRYABLE_METHODS = frozenset(["HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE", "POST"])
    errors-are-its-own: An answer of 400 or more raises ReplicateError with its status, whatever its body.
        Source: "An error from Replicate's API." (ReplicateError)
        How: Each road is answered 401, with a problem, a page, nothing, and JSON that is no object.
        Found in exceptions.py: JSON that is no object ends in an AttributeError.
        - data = found if isinstance(found := response.json(), dict) else {}
        + data = response.json()
    failed-run-raises: A run whose prediction fails raises ModelError, which holds the prediction.
        Source: "`replicate.run` raises `ModelError` if the prediction fails." (README)
        How: The prediction of a run fails, at once and after two polls.
        Broken in exceptions.py: The error does not hold the prediction.
        - self.prediction = prediction
        + self.prediction = None
    wait-means-completed: What is made to be waited for is held, and then asked for until it is completed.
        Source: "Block until the prediction is completed before returning." (CreatePredictionParams.wait)
        How: A run, and a creation with `wait`: the held request ends with what is starting, or is processing.
        Found in run.py: A prediction that is processing is taken for completed, and its output is None.
        - is_blocking = False
        - if version_id is not None:
        + if version_id is not None:
        Found in prediction.py: What is created by a model drops `wait`, and returns at once.
        - return (lambda **given: [made := Models(self._client).predictions.create(**given), wait and made.wait()][0])(
        + return Models(self._client).predictions.create(
    iterator-gives-all: An iterator of the output gives all of it.
        Source: "Return an iterator of the prediction output." (Prediction.output_iterator)
        How: A prediction that has all of its output, or a part, when it is first asked for.
        Found in prediction.py: What is there at the first question is left out.
        - previous_output = []
        + previous_output = self.output or []
          while self.status not in ["succeeded", "failed", "canceled"]:
              output = self.output or []
              new_output = output[len(previous_output) :]
              yield from new_output
    """
