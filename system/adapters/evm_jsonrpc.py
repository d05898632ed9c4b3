"""JSON-RPC to a chain node over HTTP, in batches, with every kind of silence made explicit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from web3 import HTTPProvider
from web3.types import RPCEndpoint

from system.errors import EvmUnavailable

# Requests in one HTTP body. Nodes cap it (geth: 1,000); above a few hundred nothing is gained.
_BATCH_MAX = 200
_METHOD_NOT_FOUND = -32601

Request = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class RpcFailure:
    """An error that the node answered with. ``data`` is whatever the node attached."""

    code: int
    message: str
    data: Any

    @property
    def is_unknown_method(self) -> bool:
        return self.code == _METHOD_NOT_FOUND


class JsonRpc:
    """One node. timeout_s bounds every HTTP request."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        # No hidden retries: the caller decides what is safe to send again.
        self._http = HTTPProvider(
            url, request_kwargs={"timeout": timeout_s}, exception_retry_configuration=None
        )

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises EvmUnavailable on silence and on any error."""
        return result_of(method, self.try_all([(method, list(params))])[0])

    def ask_all(self, requests: Sequence[Request]) -> list[Any]:
        """The results in order. Raises EvmUnavailable on silence and on the first error."""
        answers = self.try_all(requests)
        return [
            result_of(method, answer) for (method, _), answer in zip(requests, answers, strict=True)
        ]

    def try_all(self, requests: Sequence[Request]) -> list[Any]:
        """Per request, in order: the result, or an RpcFailure. Raises EvmUnavailable on silence."""
        answers: list[Any] = []
        for start in range(0, len(requests), _BATCH_MAX):
            answers += self._post(requests[start : start + _BATCH_MAX])
        return answers

    def _post(self, requests: Sequence[Request]) -> list[Any]:
        operation = requests[0][0]
        batch = [(RPCEndpoint(method), params) for method, params in requests]
        try:
            responses = self._http.make_batch_request(batch)
        except (OSError, ValueError) as error:
            raise EvmUnavailable(operation, type(error).__name__) from error
        if not isinstance(responses, list) or len(responses) != len(requests):
            raise EvmUnavailable(operation, "the batch was refused or cut short")
        return [_answer(dict(response)) for response in responses]


def result_of(method: str, answer: Any) -> Any:
    """The answer itself. Raises EvmUnavailable when it is a failure."""
    if isinstance(answer, RpcFailure):
        raise EvmUnavailable(method, answer.message)
    return answer


def _answer(response: dict[str, Any]) -> Any:
    error = response.get("error")
    if error is None:
        return response.get("result")
    return RpcFailure(int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))
