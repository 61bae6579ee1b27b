"""A whole device at one look: its chain, every point, what is odd, what it could be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from drivers.sunspec.anatomy import Anatomy
from drivers.sunspec.choice import STEERING, capabilities, choose, identity
from drivers.sunspec.codec import definition, known, layout
from drivers.sunspec.discovery import COMMON, Header
from drivers.sunspec.findings import is_variant, of_chain, of_holes, of_model, of_vendor
from drivers.sunspec.quirks import quirks_of, table
from drivers.sunspec.roles import BANK, Points, Shape, evidence, fit
from drivers.sunspec.survey import Survey, Surveyor
from gateway.model.device import Device, Role
from gateway.model.inspection import FoundGroup, FoundModel, Inspection, Part, Problem
from gateway.model.reading import PointValue
from gateway.ports.line import Line

ROLES = (Role.SOLAR, Role.STORAGE, Role.METER)
"""What a device is asked to be: of a meter only its owner knows what it measures."""


async def inspect(device: Device, line: Line) -> Inspection:
    """Read everything and say what it is; writes nothing.

    Raises:
        DeviceUnavailable: it does not answer, or stopped answering on the way.
        DeviceMisbehaves: it answers, but there is no SunSpec map.
    """
    survey = await Surveyor(device, line).survey()
    problems = list(of_chain(survey))
    models: list[FoundModel] = []
    seen: dict[int, int] = {}
    for header in survey.headers:
        seen[header.model] = seen.get(header.model, 0) + 1
        problems += of_holes(header, survey.holes_in(header))
        model, odd = _found(header, survey.model(header), seen[header.model])
        models.append(model)
        problems += odd
    identities = tuple(identity(_static(survey, [part])) for part in survey.chain.parts)
    rows = table()
    quirks = [told for each in identities for told in quirks_of(each, {}, rows).told]
    return Inspection(
        unit=device.unit,
        base=survey.chain.base,
        identities=identities,
        quirks=tuple(dict.fromkeys(quirks)),
        options=_options(survey),
        models=tuple(models),
        problems=tuple(problems),
        parts=_parts(device, survey),
    )


def _found(
    header: Header, words: tuple[int | None, ...], index: int
) -> tuple[FoundModel, Sequence[Problem]]:
    """The model decoded, or raw where nothing tells what its registers mean."""
    name = str(definition(header.model).get("label", "")) if known(header.model) else ""
    model = FoundModel(
        id=header.model,
        name=name,
        address=header.address,
        length=header.length,
        index=index,
    )
    if None not in words[:2] and words[:2] != (header.model, header.length):
        why = f"its header changed to {words[0]}, {words[1]} while it was read"
        return replace(model, raw=words), [of_vendor(header, why=why)]
    if not known(header.model):
        return replace(model, raw=words), [of_vendor(header)]
    anatomy = Anatomy((header.model, header.length, *words[2:]))
    variant = is_variant(header, anatomy)
    if variant:
        return replace(model, raw=words), [of_vendor(header, why=variant)]
    body: FoundGroup = anatomy.body()
    return replace(model, body=body), list(of_model(header, anatomy, body))


def _whole(survey: Survey, header: Header) -> tuple[int, ...] | None:
    """The model's words if all of them were read, and it is still there."""
    words = tuple(word for word in survey.model(header) if word is not None)
    there = len(words) == header.length + 2 and words[:2] == (header.model, header.length)
    return words if there else None


def _decoded(survey: Survey, headers: Sequence[Header]) -> Iterator[tuple[str, PointValue]]:
    """Points of the first of each model."""
    for header in reversed(headers):
        words = _whole(survey, header)
        if words is not None and known(header.model):
            yield from layout(header.model, header.length).decode(words).items()


def _static(survey: Survey, parts: Sequence[Sequence[Header]]) -> Points:
    common = [header for part in parts for header in part if header.model == COMMON]
    return dict(_decoded(survey, common))


def _options(survey: Survey) -> str:
    return str(_static(survey, survey.chain.parts[:1]).get("1.Opt") or "").strip()


def _parts(device: Device, survey: Survey) -> Mapping[Role, Part]:
    """What it could be configured as: only what ``connect`` would accept."""
    found: dict[Role, Part] = {}
    for role in ROLES:
        shape = fit(role, survey.chain.parts)
        if shape is None:
            continue
        points = dict(_decoded(survey, tuple(shape.headers.values())))
        part = _part(replace(device, role=role), survey, shape, points)
        if role is not Role.STORAGE or _is_storage(shape, points, part):
            found[role] = part
    return found


def _part(device: Device, survey: Survey, shape: Shape, points: Points) -> Part:
    models = {
        model: words
        for model in STEERING
        if shape.has(model) and (words := _whole(survey, shape.headers[model])) is not None
    }
    manner = quirks_of(identity(points), {}).manner
    chosen = choose(device, shape, points, models, may_connect=False, armed=None, manner=manner)
    lever, why = (None, chosen) if isinstance(chosen, tuple) else (chosen, ())
    return Part(
        capabilities=capabilities(device, points, lever),
        steered_by=None if lever is None else lever.header.model,
        why=why,
    )


def _is_storage(shape: Shape, points: Points, part: Part) -> bool:
    """Solar inverters have an empty 124 too: a battery has a size."""
    told = part.capabilities
    sized = told.charge_w or told.capacity_wh or shape.has(BANK)
    return evidence(shape, points) and bool(sized)
