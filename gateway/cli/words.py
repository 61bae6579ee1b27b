"""``import`` and ``export``: what others say in our words, and ours in theirs."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import FINE, WRONG, command, load, name

if TYPE_CHECKING:
    from gateway.cli.arguments import Commands
    from gateway.model.request import SubmitTenders
    from gateway.model.site import Site

_FILE = "JSON, one document or one a line; - for standard input"


def add(commands: "Commands") -> None:
    """Add them to the parser."""
    text = "Turn tenders of EML-CTS into create-tender messages, one a line."
    reading = command(commands, "import", _import, text)
    reading.add_argument("words", choices=("eml",))
    reading.add_argument("file", metavar="FILE", help=_FILE)
    reading.add_argument("--area", type=name, required=True, metavar="NAME")
    reading.add_argument("--product", type=name, required=True, metavar="NAME")
    reading.add_argument("--party", type=name, required=True, metavar="NAME")
    text = "Tell create-tender messages, or products, in the words of EI, EMIX or EML-CTS."
    writing = command(commands, "export", _export, text)
    writing.add_argument("words", choices=("ei", "emix", "eml", "products"))
    writing.add_argument("file", nargs="?", default="-", metavar="FILE", help=_FILE)
    writing.add_argument("--config", type=Path, required=True, metavar="FILE")


def _import(options: argparse.Namespace) -> int:
    from gateway.wire.eml import found_in, to_submission

    def told(document: object) -> Iterator[object]:
        yield to_submission(
            document, area=options.area, product=options.product, party=options.party
        )

    return _each(found_in(_documents(options.file)), told)


def _export(options: argparse.Namespace) -> int:
    from gateway.model.errors import WrongInput
    from gateway.wire import emix

    site = load(options.config).site
    if site is None:
        message = f"{options.config} does not serve: gridtender check {options.config} says why"
        raise WrongInput(message)
    if options.words == "products":
        return _products(site)

    def told(document: object) -> Iterator[object]:
        request = _submission(document, site)
        product = next(one for one in site.products if one.id == request.product)
        if options.words == "ei":
            yield emix.create_tender(request, site.area)
        elif options.words == "emix":
            yield from emix.tenders(request, product, site.area)
        else:
            from gateway.wire.eml import from_tender
            from gateway.wire.tender_documents import encode_submission

            yield from map(from_tender, encode_submission(request, site.area, product)["tenders"])

    documents = _documents(options.file)
    return _each(iter(documents if isinstance(documents, list) else [documents]), told)


def _products(site: "Site") -> int:
    from gateway.wire.emix import description

    for product in site.products:
        told = description(product)
        if told is None:
            text = f"{product.id}: EMIX power has no words for {product.resource}"
            print(f"gridtender: {text}", file=sys.stderr)
        else:
            print(json.dumps(told))
    return FINE


def _submission(document: object, site: "Site") -> "SubmitTenders":
    """The request that a create-tender message makes of this site.

    Raises:
        Refusal: as the market would refuse it.
    """
    from gateway.model.request import SubmitTenders
    from gateway.wire.border import border
    from gateway.wire.operations import OPERATIONS
    from gateway.wire.tenders import invalid
    from gateway.wire.topics import RequestTopic

    if not isinstance(document, dict):
        message = "a create-tender message is a JSON object"
        raise invalid(message)
    topic = RequestTopic(
        str(document.get("partyId")), str(document.get("segmentId")), "create-tender"
    )
    request = OPERATIONS[topic.operation].parse(topic, document, border(site))
    if not isinstance(request, SubmitTenders):
        message = "only tenders for one interval can be told in these words"
        raise invalid(message)
    return request


def _each(documents: Iterator[object], told: Callable[[object], Iterator[object]]) -> int:
    """Print what each becomes; what is wrong with one does not stop the others."""
    from gateway.wire.tenders import Refusal

    code = FINE
    for number, document in enumerate(documents, 1):
        try:
            for one in told(document):
                print(json.dumps(one))
        except Refusal as refusal:
            code = WRONG
            print(f"gridtender: tender {number}: {refusal.description}", file=sys.stderr)
    return code


def _documents(file: str) -> object:
    """The document of a file, or those of its lines as a list.

    Raises:
        WrongInput: it is neither.
    """
    from gateway.model.errors import WrongInput

    found = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        text = found.decode()
    except UnicodeDecodeError as error:
        message = f"{file} is not UTF-8: byte {error.start}"
        raise WrongInput(message) from error
    try:
        whole: object = json.loads(text)
    except (ValueError, RecursionError):
        return [_line(file, number, line) for number, line in enumerate(text.splitlines(), 1)]
    return whole


def _line(file: str, number: int, line: str) -> object:
    from gateway.model.errors import WrongInput

    try:
        document: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"{file}, line {number}: {error}; allowed: JSON, one document or one a line"
        raise WrongInput(message) from error
    return document
