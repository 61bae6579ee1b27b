"""The site on one page, as ``gridtender check`` shows it, and the same for programs."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gateway.config.generator_text import generator_texts
from gateway.config.load import Loaded
from gateway.config.loads_text import load_texts
from gateway.config.parties import admission_texts, party_text
from gateway.config.places import state_origin
from gateway.config.problem import Path
from gateway.config.storage_text import storage_texts
from gateway.config.tie_text import tie_texts
from gateway.config.wording import (
    MODES,
    WHEN_GONE,
    broker_text,
    contest_text,
    duration_text,
    enforcement_texts,
    fallback_text,
    price_text,
    renewals_per_day,
    served_texts,
    steered,
    steps_text,
    terms_text,
    writes_text,
)
from gateway.dispatch.drill import finding
from gateway.model.device import Device, Limits
from gateway.model.drill import DrillResult
from gateway.model.resource import POWER
from gateway.model.site import Site
from gateway.model.time import in_seconds, rfc3339

Origin = Callable[[str], str | None]
Drilled = Mapping[str, DrillResult]
NO_DRILLS: Final[Drilled] = MappingProxyType({})

WIDTH: Final = 100
_LABEL: Final = 14


def _unknown(_name: str) -> str | None:
    return None


def explain(
    loaded: Loaded,
    environ: Mapping[str, str],
    *,
    distribution: Origin = _unknown,
    drills: Drilled = NO_DRILLS,
) -> str:
    """One page of text: what the gateway will do with this file, and every problem.

    Args:
        loaded: what came of the file.
        environ: tells where a default folder comes from.
        distribution: name and version of the distribution that a driver comes from.
        drills: what the last drill of a device measured.
    """
    parts = [[loaded.file]]
    if loaded.site is not None:
        parts += _site_parts(_Page(loaded, loaded.site, environ, distribution, drills))
    if loaded.notes:
        parts.append(["Notes", *(line for note in loaded.notes for line in _item(note))])
    if loaded.problems:
        parts.append(_problem_part(loaded))
    else:
        parts.append(["No problems."])
    return "\n\n".join("\n".join(part) for part in parts)


def _problem_part(loaded: Loaded) -> list[str]:
    count = len(loaded.problems)
    lines = [f"{count} problem{'s' if count > 1 else ''}"]
    lines += [line for problem in loaded.problems for line in _item(str(problem))]
    if loaded.site is None:
        lines.append("The gateway does not start with this file.")
    elif loaded.refused:
        names = ", ".join(loaded.refused)
        lines.append(f"The gateway starts without: {names}.")
    return lines


class _Page:
    """Lines about one site."""

    def __init__(
        self,
        loaded: Loaded,
        site: Site,
        environ: Mapping[str, str],
        origin: Origin,
        drills: Drilled,
    ) -> None:
        self.site = site
        self._drills = drills
        self._given = loaded.positions
        self._environ = environ
        self._origin = origin

    def marked(self, text: str, *path: str) -> str:
        """The text, with a mark if the file does not give the key."""
        return text if self._is_given(path) else f"{text} *"

    def _is_given(self, path: Path) -> bool:
        return path in self._given

    def head(self) -> list[str]:
        site = self.site
        origin = state_origin(self._environ, given=self._is_given(("state_dir",)))
        where = f"{site.state_dir} ({origin})" if origin else site.state_dir
        return [
            *_labelled("Area", self.marked(site.area, "area")),
            *_labelled("Time, money", ", ".join((
                self.marked(site.timezone, "timezone"), self.marked(site.currency, "currency"),
            ))),
            *_labelled("Control", f"{self.marked(site.control, 'control')}: {MODES[site.control]}"),
            *_labelled("State", where),
            *_labelled("Broker", self.marked(broker_text(site.broker), "broker")),
        ]  # fmt: skip

    def devices(self) -> list[str]:
        rows = [("id", "role", "driver", "connection", "poll", "timeout")]
        for settings in self.site.devices:
            device = settings.device
            source = self._origin(device.driver)
            rows.append((
                device.id,
                device.role,
                f"{device.driver} ({source})" if source else device.driver,
                device.connection,
                self._duration(device, "poll"),
                self._duration(device, "timeout"),
            ))  # fmt: skip
        if not self.site.devices:
            return ["Devices", "  none"]
        return [f"Devices ({len(self.site.devices)})", *_table(rows)]

    def _duration(self, device: Device, key: str) -> str:
        return self.marked(duration_text(getattr(device, key)), "devices", device.id, key)

    def limits(self) -> list[str]:
        lines = []
        for settings in self.site.devices:
            if text := limits_text(settings.device.limits):
                lines += _labelled(settings.device.id, text, indent=2)
        return ["Limits of devices", *(lines or ["  none beyond what each device allows itself"])]

    def fallbacks(self) -> list[str]:
        lines = []
        for settings in self.site.devices:
            device = settings.device
            path = ("devices", device.id, "fallback")
            given = self._is_given((*path, "after")) and self._is_given((*path, "level"))
            text = fallback_text(device)
            by = enforcement_texts(device)
            lines += _labelled(device.id, text if given or not by else f"{text} *", indent=2)
            for word, line in zip(("by", *[""] * len(by)), by, strict=False):
                lines.append(f"{'':{_LABEL + 2}}{word:3}{line}".rstrip())
            if drilled := self._drills.get(device.id):
                told = f"drill of {rfc3339(drilled.at)[:10]}: {finding(drilled)}"
                lines += _labelled("", told, indent=2)
        return [WHEN_GONE[self.site.control], *(lines or ["  no device"])]

    def writes(self) -> list[str]:
        """How often devices are written to, and what a second controller meets."""
        lines = []
        for settings in self.site.devices:
            device = settings.device
            if steered(device):
                lines += _labelled(device.id, writes_text(device), indent=2)
                other = f"if somebody else writes its setpoint: {contest_text(device)}"
                lines += _labelled("", other, indent=2)
        return ["Writes to devices", *(lines or ["  none"])]

    def products(self) -> list[str]:
        lines = []
        for product in self.site.products:
            given = self._is_given(("products", product.id))
            terms = terms_text(product)
            lines += _labelled(product.id, terms if given else f"{terms} *", indent=2)
            lines += _labelled("", steps_text(product), indent=2)
        return ["Products", *lines]

    def grid(self) -> list[str]:
        site = self.site
        product = next(product for product in site.products if product.resource == POWER)
        per = f"{site.currency}/{product.price_unit}"
        lines = []
        for name, limit, price in (
            ("import", site.limits.import_w, site.tariff.import_price),
            ("export", site.limits.export_w, site.tariff.export_price),
        ):
            bound = "no limit" if limit is None else f"at most {limit:g} W"
            tariff = self.marked(price_text(price, per), "grid", f"{name}_price")
            lines += _labelled(name, f"{bound}; {tariff}", indent=2)
        return ["Connection point", *lines]

    def interties(self) -> list[str]:
        return _section("Interties", tie_texts(self.site))

    def storages(self) -> list[str]:
        lines = []
        for name, text in storage_texts(self.site):
            lines += _labelled(name, self.marked(text, "devices", name, "strategy"), indent=2)
        return ["Storages", *lines] if lines else []

    def generators(self) -> list[str]:
        return _section("Generators", generator_texts(self.site))

    def loads(self) -> list[str]:
        return _section("Loads", load_texts(self.site))

    def rest(self) -> list[str]:
        site = self.site
        dispatch, journal = site.dispatch, site.journal
        budget = f"at most {journal.syncs_per_minute} a minute"
        settle = self.marked(duration_text(dispatch.settle), "dispatch", "settle")
        deviation = self.marked(f"{dispatch.deviation_w:g} W", "dispatch", "deviation_w")
        window = self.marked(duration_text(journal.sync_window), "journal", "sync_window")
        keep = self.marked(duration_text(journal.keep), "journal", "keep")
        parties = ", ".join(party_text(site, one) for one in site.parties)
        return [
            *_labelled(
                "Dispatch", f"a command shows within {settle}; deviation above {deviation} auctions"
            ),
            *_labelled(
                "Journal",
                f"synced after {window}, {budget if journal.syncs_per_minute else 'no budget'}; "
                f"kept {keep}",
            ),
            *_labelled("Parties", parties or "none from outside"),
            *[line for text in admission_texts(site) for line in _labelled("Strangers", text)],
            *[line for text in served_texts(site) for line in _labelled("Served", text)],
            *_labelled("Log", self.marked(f"{site.log.level}, {site.log.format}", "log")),
            "",
            "* default",
        ]


def _site_parts(page: _Page) -> list[list[str]]:
    return [
        page.head(),
        page.devices(),
        page.fallbacks(),
        page.limits(),
        page.writes(),
        page.products(),
        page.grid(),
        *([storages] if (storages := page.storages()) else []),
        *([generators] if (generators := page.generators()) else []),
        *([loads] if (loads := page.loads()) else []),
        *([ties] if (ties := page.interties()) else []),
        page.rest(),
    ]


def limits_text(limits: Limits) -> str:
    """What the owner allows, empty if that is all the device allows itself."""
    plain = Limits()
    parts = [
        f"{text} {value:g} {unit}"
        for text, value, unit in (
            ("at most", limits.max_w, "W"),
            ("charge", limits.charge_w, "W"),
            ("discharge", limits.discharge_w, "W"),
            ("ramp", limits.ramp_w_per_s, "W/s"),
        )
        if value is not None
    ]
    if (limits.min_soc_pct, limits.max_soc_pct) != (plain.min_soc_pct, plain.max_soc_pct):
        parts.append(f"state of charge {limits.min_soc_pct:g} to {limits.max_soc_pct:g} %")
    parts += [
        f"{text} {duration_text(value)}"
        for text, value in (
            ("run at least", limits.min_run),
            ("rest at least", limits.min_rest),
            ("dwell", limits.dwell),
        )
        if value
    ]
    return ", ".join(parts)


def _section(title: str, texts: Iterable[tuple[str, str]]) -> list[str]:
    """The title with a line for each, nothing where there is none."""
    lines = [line for label, text in texts for line in _labelled(label, text, indent=2)]
    return [title, *lines] if lines else []


def _labelled(label: str, text: str, *, indent: int = 0) -> list[str]:
    """Text beside a label, wrapped under itself; a long label has a line of its own."""
    head = f"{'':{indent}}{label}"
    start = " " * (indent + _LABEL)
    lines = textwrap.wrap(text, WIDTH - len(start), break_on_hyphens=False)
    lines = [f"{start}{line}" for line in lines]
    if len(head) >= len(start):
        return [head, *lines]
    return [head + lines[0][len(head) :], *lines[1:]]


def _item(text: str) -> Iterator[str]:
    """One list item, wrapped; file:line:col stays whole."""
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Aligned columns; a row that is too wide goes on below its first column."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)]
        line = ("  " + "  ".join(cells)).rstrip()
        if len(line) <= WIDTH:
            yield line
            continue
        yield ("  " + "  ".join(cells[:3])).rstrip()
        yield ("  " + " " * widths[0] + "  " + "  ".join(cells[3:])).rstrip()


def explain_json(
    loaded: Loaded,
    environ: Mapping[str, str],
    *,
    distribution: Origin = _unknown,
    drills: Drilled = NO_DRILLS,
) -> dict[str, object]:
    """The same for a program: plain values only, durations in seconds, powers in W."""
    site = loaded.site
    return {
        "file": loaded.file,
        "ok": not loaded.problems,
        "starts": site is not None,
        "refused": list(loaded.refused),
        "problems": [
            {
                "file": one.file,
                "line": one.line,
                "column": one.column,
                "path": one.path,
                "found": one.found,
                "allowed": one.allowed,
                "hint": one.hint,
            }
            for one in loaded.problems
        ],
        "notes": list(loaded.notes),
        "site": None if site is None else _site_json(loaded, site, environ, distribution, drills),
    }


def _site_json(
    loaded: Loaded,
    site: Site,
    environ: Mapping[str, str],
    distribution: Origin,
    drills: Drilled,
) -> dict[str, object]:
    given = ("state_dir",) in loaded.positions
    return {
        "area": site.area,
        "timezone": site.timezone,
        "currency": site.currency,
        "control": str(site.control),
        "state_dir": site.state_dir,
        "state_dir_from": state_origin(environ, given=given) or "file",
        "broker": broker_text(site.broker),
        "devices": [
            _device_json(one.device, distribution, drills.get(one.device.id))
            for one in site.devices
        ],
        "products": [
            {
                "id": product.id,
                "resource": product.resource,
                "unit": product.unit,
                "interval_s": in_seconds(product.interval),
                "price_scale": product.price_scale,
                "quantity_scale": product.quantity_scale,
                "tick": product.tick,
                "lot": product.lot,
                "price_floor": product.price_floor,
                "price_cap": product.price_cap,
            }
            for product in site.products
        ],
        "import_limit_w": site.limits.import_w,
        "export_limit_w": site.limits.export_w,
        "parties": [party.id for party in site.parties],
        "interties": {
            one.contract.tie: [text for _, text in tie_texts(replace(site, interties=(one,)))]
            for one in site.interties
        },
        "served": list(served_texts(site)),
    }


def _device_json(
    device: Device, distribution: Origin, drilled: DrillResult | None
) -> dict[str, object]:
    return {
        "id": device.id,
        "role": str(device.role),
        "driver": device.driver,
        "package": distribution(device.driver),
        "connection": device.connection,
        "poll_s": in_seconds(device.poll),
        "timeout_s": in_seconds(device.timeout),
        "limits": limits_text(device.limits),
        "price_cap": device.price_cap,
        "gives_up_at": device.gives_up_at,
        "wish": None if device.wish is None else str(device.wish),
        "before": list(device.before),
        "fallback_after_s": in_seconds(device.fallback.after),
        "fallback_level_w": device.fallback.level_w,
        "fallback": fallback_text(device),
        "enforced_by": " ".join(enforcement_texts(device)),
        "renewals_per_day": renewals_per_day(device)[0] if steered(device) else 0,
        "writes_per_day": device.writes.per_day,
        "contest": device.contest.value,
        "fallback_observed_s": None if drilled is None else drilled.observed_s,
        "fallback_kept": None if drilled is None else drilled.kept,
    }
