"""The description of the interface, put in the order and the words that people read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter, or a field of a shape. `shapes` are those that its type names."""

    name: str
    place: str
    type: str
    required: bool
    about: str
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be answered."""

    status: str
    about: str
    type: str
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address. `scope` is what a token needs for it."""

    id: str
    area: str
    method: str
    path: str
    about: str
    scope: str
    parts: tuple[Part, ...]
    takes: tuple[Answer, ...]
    answers: tuple[Answer, ...]

    @property
    def shapes(self) -> frozenset[str]:
        """Return the names of the shapes that it takes and answers."""
        parts = (name for one in self.parts for name in one.shapes)
        rest = (name for one in (*self.takes, *self.answers) for name in one.shapes)
        return frozenset((*parts, *rest))

    def means(self, word: str) -> bool:
        """Say whether a word is in its address, its area, its scope or what it does."""
        text = f"{self.method} {self.path} {self.area} {self.scope} {self.about}"
        return word.casefold() in text.casefold()


@dataclass(frozen=True, slots=True)
class Shape:
    """What is sent or answered, by its name."""

    name: str
    about: str
    parts: tuple[Part, ...]


def type_of(schema: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return what a schema takes in words, and the names of the shapes in it."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(_REF)
        return name, (name,)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            found = [type_of(one) for one in schema[several] if one.get("type") != "null"]
            null = any(one.get("type") == "null" for one in schema[several])
            words = " or ".join(dict.fromkeys(text for text, _ in found))
            names = tuple(name for _, shapes in found for name in shapes)
            return (f"{words}, or null" if null else words), names
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return "one of " + ", ".join(str(value) for value in values), ()
    if schema.get("type") == "array":
        words, names = type_of(schema.get("items", {}))
        return f"list of {words}", names
    return _plain(schema), ()


def _plain(schema: Mapping[str, Any]) -> str:
    kind = str(schema.get("type", "anything"))
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "table",
    }.get(kind, kind)
    form = {"date-time": "time", "date": "day", "binary": "octets"}.get(schema.get("format", ""))
    limits = [
        text
        for text, name in (("at least", "minimum"), ("at most", "maximum"))
        for text in ([f"{text} {schema[name]}"] if name in schema else [])
    ]
    long = f"up to {schema['maxLength']} characters" if "maxLength" in schema else ""
    return ", ".join(part for part in (form or words, *limits, long) if part)


def _part(name: str, place: str, schema: Mapping[str, Any], about: str, *, must: bool) -> Part:
    words, shapes = type_of(schema)
    if "default" in schema and schema["default"] not in (None, "", []):
        about = f"{about} (usually {schema['default']})".strip()
    return Part(name, place, words, must, about, shapes)


def shapes_of(document: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Return every shape that the description names."""
    found = []
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        must = set(schema.get("required", ()))
        parts = tuple(
            _part(field, "", one, str(one.get("description", "")), must=field in must)
            for field, one in schema.get("properties", {}).items()
        )
        found.append(Shape(name, str(schema.get("description", "")), parts))
    return tuple(found)


def with_inner(shapes: Iterable[Shape], named: Iterable[str]) -> tuple[Shape, ...]:
    """Return the shapes that are named, and those within them."""
    by_name = {shape.name: shape for shape in shapes}
    wanted: set[str] = set()
    left = [name for name in named if name in by_name]
    while left:
        name = left.pop()
        if name not in wanted:
            wanted.add(name)
            left += [inner for part in by_name[name].parts for inner in part.shapes]
    return tuple(shape for name, shape in by_name.items() if name in wanted)


def operations_of(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    """Return every operation, area after area."""
    found = [
        _operation(method, path, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]
    return tuple(sorted(found, key=lambda one: one.area))


def _operation(method: str, path: str, told: Mapping[str, Any]) -> Operation:
    parts = tuple(
        _part(
            one["name"],
            one["in"],
            one.get("schema", {}),
            str(one.get("description", one.get("schema", {}).get("description", ""))),
            must=bool(one.get("required")),
        )
        for one in told.get("parameters", ())
    )
    body = told.get("requestBody", {}).get("content", {})
    return Operation(
        id=str(told["operationId"]),
        area=str((told.get("tags") or [""])[0]),
        method=method.upper(),
        path=path,
        about=str(told.get("description", "")),
        scope=str(told.get("x-permission", "")),
        parts=parts,
        takes=tuple(_typed("", "", body)),
        answers=tuple(_answers(told.get("responses", {}))),
    )


def _answers(responses: Mapping[str, Any]) -> Iterator[Answer]:
    for status, told in sorted(responses.items()):
        content = told.get("content", {})
        if not content:
            yield Answer(status, str(told.get("description", "")), "")
        yield from _typed(status, str(told.get("description", "")), content)


def _typed(status: str, about: str, content: Mapping[str, Any]) -> Iterable[Answer]:
    for media, one in content.items():
        words, shapes = type_of(one.get("schema", {}))
        kind = words if media.endswith("json") else f"{words} ({media})"
        yield Answer(status, about, kind, shapes)
