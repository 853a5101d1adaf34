"""XML of labelling tools, read safely: a document type, and so every entity of its own, is refused."""

from collections.abc import Mapping
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from tubelet.annotations.actions import AnnotationError
from tubelet.annotations.text_files import PathLike, read_bytes


def read_xml(path: PathLike, expected: str) -> tuple[Element, Mapping[Element, int]]:
    """The root of a document, and the line on which every element begins.

    Args:
        path: of the file; may be gzipped.
        expected: what the file should be, for the error.

    Raises:
        AnnotationError: when the file is not whole XML, or has a document type (entities that expand without end, or
            name other files, need one).
    """
    content = read_bytes(path, expected)
    parser, builder, lines = expat.ParserCreate(), TreeBuilder(), {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        lines[builder.start(tag, attributes)] = parser.CurrentLineNumber

    def refuse(*_doctype: object) -> NoReturn:
        raise AnnotationError(
            f"{path}: line {parser.CurrentLineNumber} has a DOCTYPE; expected {expected}, without one."
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise AnnotationError(f"{path}: line {error.lineno} is not XML ({error}); expected {expected}.") from None
    return builder.close(), lines
