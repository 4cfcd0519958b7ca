"""The bot's requests against Discord's own description of its API."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from .model import Json

# Sent by discord.py for the posts of forums, and taken by Discord, though its description lacks it.
UNLISTED = {("/channels/{channel_id}/threads", "use_nested_fields")}
OPENAPI = Path(__file__).parents[3] / "shared" / "discord" / "openapi.json"
_REMEMBERED = 1_000  # sound bodies
_METHODS = ("get", "post", "put", "patch", "delete")


class Description:
    """An OpenAPI 3.1 document, with a validator for each request body."""

    def __init__(self, document: Json) -> None:
        self.document = document
        # discord.py sends numbers as ids, and Discord takes them.
        document["components"]["schemas"]["SnowflakeType"] = {
            "anyOf": [
                {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"},
                {"type": "integer", "minimum": 0},
            ]
        }
        _decide(document["paths"], document["components"]["schemas"])
        _decide(document["components"]["schemas"], document["components"]["schemas"])
        resource = DRAFT202012.create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource("urn:discord", resource)
        self._validators: dict[str, Draft202012Validator] = {}
        self._sound: set[tuple[str, str]] = set()

    def templates(self) -> list[tuple[str, str]]:
        """All routes: method and path template."""
        return [
            (method.upper(), path)
            for path, item in self.document["paths"].items()
            for method in _METHODS
            if method in item
        ]

    def problem(self, method: str, template: str, body: Any, multipart: bool) -> str | None:
        """What is wrong with a request body, or ``None``."""
        operation = self.document["paths"].get(template, {}).get(method.lower())
        if operation is None:
            return f"Discord has no {method} {template}"
        request = operation.get("requestBody")
        if request is None:
            return None if body is None else "this route takes no body"
        content = request["content"]
        if body is None:
            return "a body is required" if request.get("required") else None
        kind = "multipart/form-data" if multipart else "application/json"
        if kind not in content:
            return f"{kind} is not taken here, only {', '.join(content)}"
        return self._check(self._pointer(template, method, "requestBody", "content", kind), body)

    def parameter_problem(self, method: str, template: str, query: dict[str, str]) -> str | None:
        item = self.document["paths"].get(template, {})
        operation = item.get(method.lower(), {})
        known = {
            p["name"]: p["schema"]
            for p in [*item.get("parameters", []), *operation.get("parameters", [])]
            if p.get("in") == "query"
        }
        for name, value in query.items():
            if (template, name) in UNLISTED:
                continue
            if name not in known:
                return f"{method} {template} has no parameter {name}"
            schema = known[name]
            number: Any = int(value) if re.fullmatch(r"-?\d{1,15}", value) else value
            low, high = schema.get("minimum"), schema.get("maximum")
            if schema.get("type") == "integer" and (
                not isinstance(number, int)
                or (low is not None and number < low)
                or (high is not None and number > high)
            ):
                return f"parameter {name}={value} is not between {low} and {high}"
        return None

    def answer_problem(self, method: str, template: str, status: int, body: Any) -> str | None:
        """What is wrong with one of the stand-in's own answers."""
        operation = self.document["paths"].get(template, {}).get(method.lower(), {})
        described = operation.get("responses", {}).get(str(status))
        if described is None:
            return f"status {status} is not described"
        if "application/json" not in described.get("content", {}):
            return None if body is None else "no body is described"
        where = self._pointer(template, method, "responses", str(status), "content", "application/json")  # fmt: skip
        return self._check(where, body)

    def _pointer(self, template: str, method: str, *parts: str) -> str:
        path = [template, method.lower(), *parts, "schema"]
        steps = "/".join(p.replace("~", "~0").replace("/", "~1") for p in ["paths", *path])
        return f"#/{steps}"

    def _check(self, pointer: str, body: Any) -> str | None:
        validator = self._validators.get(pointer)
        if validator is None:
            # A template's braces are no part of a URI reference.
            reference = "urn:discord" + pointer.replace("{", "%7B").replace("}", "%7D")
            validator = self._validators[pointer] = Draft202012Validator(
                {"$ref": reference}, registry=self._registry
            )
        # Acknowledgements are all the same, and checking one takes as long as answering it.
        seen = (pointer, json.dumps(body, sort_keys=True))
        if seen in self._sound:
            return None
        error = best_match(validator.iter_errors(body))
        if error is None:
            if len(self._sound) < _REMEMBERED:
                self._sound.add(seen)
            return None
        where = ".".join(str(p) for p in error.absolute_path) or "body"
        return f"{where}: {error.message[:300]}"


def _decide(node: Any, schemas: Json) -> None:
    """Make unions decide by ``type``: many times faster, and an error tells what is wrong."""
    if isinstance(node, list):
        for item in node:
            _decide(item, schemas)
        return
    if not isinstance(node, dict):
        return
    for value in node.values():
        _decide(value, schemas)
    for union in ("oneOf", "anyOf"):
        branches = node.get(union)
        if not isinstance(branches, list) or "if" in node:
            continue
        rest = [branch for branch in branches if branch != {"type": "null"}]
        decided = rest[0] if len(rest) == 1 else _by_type(rest, schemas)
        if decided is None:
            continue
        del node[union]
        if len(rest) == len(branches):
            node.setdefault("allOf", []).append(decided)
        else:
            node |= {"if": {"type": "null"}, "then": True, "else": decided}


def _by_type(branches: list[Json], schemas: Json) -> Json | None:
    """The union as cases of ``type``, if each branch names its own."""
    cases: list[Json] = []
    seen: list[int] = []
    for branch in branches:
        schema = schemas.get(str(branch.get("$ref", "")).rpartition("/")[2], {})
        kinds = schema.get("properties", {}).get("type", {}).get("enum")
        if not kinds or set(kinds) & set(seen):
            return None
        seen += kinds
        cases.append({"if": {"properties": {"type": {"enum": kinds}}}, "then": branch})
    return {
        "type": "object", "required": ["type"], "properties": {"type": {"enum": seen}},
        "allOf": cases,
    }  # fmt: skip


@cache
def description() -> Description | None:
    """Discord's description if it lies beside the project, else ``None``."""
    if not OPENAPI.is_file():
        return None
    return Description(json.loads(OPENAPI.read_text(encoding="utf-8")))
