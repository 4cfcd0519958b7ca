"""Work with Chroma in steps between its calls, written once and carried out in different ways.

``Steps`` yields calls of Chroma, is sent their answers and returns the result. The same steps are
carried out in a thread, awaited, or within the short time that a question has. Errors of a call
(``NewsdeskError``) are raised in the steps, and from there to the caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from retrieval.errors import NewsdeskError
from retrieval.runtime.executors import ASKING

Result = TypeVar("Result")
# The name of a call and its arguments.
_Call: TypeAlias = tuple[str, tuple[Any, ...]]
Steps: TypeAlias = Generator[_Call, Any, Result]


@dataclass(frozen=True, slots=True)
class _End:
    """The end of steps and their result: no thread can pass on a ``StopIteration``."""

    result: Any


def made_here(steps: Steps[Result], ask: Callable[..., Any]) -> Result:
    """Carry out the steps in the calling thread; ``ask`` answers their calls. Return their
    result."""
    step = _next(steps, None, None)
    while not isinstance(step, _End):
        call, args = step
        try:
            answer = ask(call, *args)
        except NewsdeskError as error:
            step = _next(steps, None, error)
        else:
            step = _next(steps, answer, None)
    result: Result = step.result
    return result


async def awaited(steps: Steps[Result], ask: Callable[..., Awaitable[Any]]) -> Result:
    """Carry out the steps with calls that are awaited; return their result."""

    async def go_on(answer: Any, error: NewsdeskError | None) -> _Call | _End:
        return _next(steps, answer, error)

    result: Result = await _awaited(go_on, ask)
    return result


async def made_beside(steps: Steps[Result], ask: Callable[..., Awaitable[Any]]) -> Result:
    """Do as ``awaited``, but compute between the calls, for example compare vectors, in a thread
    for questions instead of the event loop."""

    async def go_on(answer: Any, error: NewsdeskError | None) -> _Call | _End:
        return await ASKING.run(_next, steps, answer, error)

    result: Result = await _awaited(go_on, ask)
    return result


async def _awaited(
    go_on: Callable[[Any, NewsdeskError | None], Awaitable[_Call | _End]],
    ask: Callable[..., Awaitable[Any]],
) -> Any:
    step = await go_on(None, None)
    while not isinstance(step, _End):
        call, args = step
        try:
            answer = await ask(call, *args)
        except NewsdeskError as error:
            step = await go_on(None, error)
        else:
            step = await go_on(answer, None)
    return step.result


def _next(steps: Steps[Any], answer: Any, error: NewsdeskError | None) -> _Call | _End:
    try:
        return steps.send(answer) if error is None else steps.throw(error)
    except StopIteration as end:
        return _End(end.value)
