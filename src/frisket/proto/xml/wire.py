"""A small XML tree from bytes a device sent: no document type, no entities, bounded."""

from __future__ import annotations

import html
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# Expat itself is safe here: every way to declare or fetch an entity is refused below.
from xml.parsers import expat

from frisket.errors import WireError

_MAX_NAMESPACE = 256
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Element:
    """An element: namespace and local name, attributes by local name, text, children.

    `prefixes` are the namespace prefixes in force, needed for names in text such as
    `wsdp:Device`. Attributes of another namespace are named `namespace local`.
    """

    namespace: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def child(self, namespace: str, name: str) -> Element | None:
        """Return the first child of that name, or None."""
        return next(self.all(namespace, name), None)

    def all(self, namespace: str, name: str) -> Iterator[Element]:
        """Yield the children of that name."""
        return (each for each in self.children if (each.namespace, each.name) == (namespace, name))

    def text_of(self, namespace: str, name: str) -> str:
        """Return the stripped text of the first child of that name, or nothing."""
        found = self.child(namespace, name)
        return found.text.strip() if found else ""

    def qualified_names(self) -> tuple[tuple[str, str], ...]:
        """Return the text as blank-separated names, (namespace, local name) each.

        A prefix that is not declared gives the namespace "".
        """
        split = (word.rpartition(":") for word in self.text.split())
        return tuple((self.prefixes.get(prefix, ""), local) for prefix, _, local in split)


def read_xml(
    data: bytes, *, max_bytes: int = 1048576, max_depth: int = 32, max_elements: int = 20000
) -> Element:
    """Read a whole document into its outermost element.

    `WireError` when it is not well-formed, declares a document type or entities, or exceeds a
    limit; `max_elements` counts attributes too.
    """
    if len(data) > max_bytes:
        raise WireError(f"XML of {len(data)} bytes, more than {max_bytes}")
    builder = _Builder(max_depth, max_elements)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartNamespaceDeclHandler = builder.declare
    for refused in (
        "StartDoctypeDeclHandler",
        "EntityDeclHandler",
        "ExternalEntityRefHandler",
        "SkippedEntityHandler",
    ):
        setattr(parser, refused, _refuse)
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as fault:  # the last two: odd encodings
        raise WireError(f"XML is not well-formed: {fault}") from fault
    if builder.root is None:
        raise WireError("XML without an element")
    return builder.root


def escape(text: str) -> str:
    """Return `text` fit for element content and quoted attributes; illegal characters become ?."""
    return html.escape(_ILLEGAL.sub("?", text))


class _Builder:
    """Collects expat's events into a tree."""

    def __init__(self, max_depth: int, max_elements: int) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._declared: dict[str, str] = {}
        self._prefixes: list[ChainMap[str, str]] = [ChainMap()]
        self._depth_left = max_depth
        self._elements_left = max_elements

    def declare(self, prefix: str | None, uri: str | None) -> None:
        # Expat repeats the whole namespace in every name: a long one would multiply the document.
        if len(uri or "") > _MAX_NAMESPACE:
            raise WireError(f"XML namespace of {len(uri or '')} characters")
        self._declared[prefix or ""] = uri or ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth_left -= 1
        self._elements_left -= 1 + len(attributes)
        if self._depth_left < 0 or self._elements_left < 0:
            raise WireError("XML nested too deep or of too many elements")
        namespace, _, local = name.rpartition(" ")
        if self._declared:
            self._prefixes.append(self._prefixes[-1].new_child(self._declared))
            self._declared = {}
        else:
            self._prefixes.append(self._prefixes[-1])
        element = Element(namespace, local, attributes, self._prefixes[-1])
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def end(self, _name: str) -> None:
        self._depth_left += 1
        self._prefixes.pop()
        self._open.pop().text = "".join(self._texts.pop())

    def characters(self, text: str) -> None:
        self._texts[-1].append(text)


def _refuse(*_arguments: object) -> int:
    raise WireError("XML with a document type or entities")
