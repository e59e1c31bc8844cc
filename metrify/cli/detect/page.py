"""The page of a detection: events as a list, and the readings of those to look at first."""

from pathlib import Path

import pandas as pd

from metrify.anomaly.kinds import DESCRIPTIONS, Kind
from metrify.bundles.manifest import BundleManifest
from metrify.cli.detect.chart import event_chart
from metrify.monitoring.page import Section, Table, write_page
from metrify.steps.detect_anomalies import Detection

_LISTED, _DRAWN = 200, 10
_TITLES = ("#", "urgency", "kind", "meter", "from", "days", "kWh at stake", "open")


def write_detect_page(path: Path, source: str, manifest: BundleManifest, found: Detection) -> None:
    """Writes one self-contained HTML file.

    Args:
        path: The file.
        source: Name of the dataset.
        manifest: Of the detector.
        found: What it found.
    """
    meters, days = found.judged.days.shape
    lead = (
        f"{len(found.events)} events in {meters * days:,} days of {meters} meters of {source}, found by "
        f"{manifest.version}. The most urgent come first: those with the most energy at stake, and those that go on. "
        f"The detector's threshold allows for {found.expected_false_alarms:.0f} false alarms in that time."
    )
    sections = [_list(found.events, manifest.timezone), *_drawn(found)]
    if len(found.not_judged):
        rows = [list(map(str, row)) for row in found.not_judged.to_numpy().tolist()]
        text = "Of these meters too little was measured to say what is usual."
        sections.append(Section("Not judged", text, table=Table(("meter", "reason"), rows)))
    write_page(path, f"Anomalies of {source}", lead, sections)


def _list(events: pd.DataFrame, timezone: str) -> Section:
    rows = [
        [
            str(event["rank"]),
            event["severity"],
            event["kind"],
            event["meter_id"],
            f"{event['start'].tz_convert(timezone):%Y-%m-%d}",
            str(event["days"]),
            f"{event['energy_kwh']:,.1f} {event['counted']}",
            "yes" if event["is_open"] else "",
        ]
        for event in events.head(_LISTED).to_dict("records")
    ]
    counts = events["kind"].value_counts()
    facts = [(str(kind), str(count)) for kind, count in counts.items()]
    text = (
        "Energy at stake is what the meter counted less, or more, than is usual at the same clock times in the weeks "
        "before. An empty home is no fault, and listed so that nobody takes it for one."
    )
    if len(events) > _LISTED:
        text += f" The first {_LISTED} of {len(events)} are listed."
    return Section("Events", text, facts=facts, table=Table(_TITLES, rows))


def _drawn(found: Detection) -> list[Section]:
    sections = []
    for event in found.events.head(_DRAWN).to_dict("records"):
        rank, kind, meter, start = (event[name] for name in ("rank", "kind", "meter_id", "start"))
        first = start.tz_convert(found.judged.days.context.timezone)
        title = f"{rank}. {kind} at {meter}, {event['days']} days from {first:%Y-%m-%d} on"
        chart = event_chart(found.judged.days, meter, start, event["end"])
        sections.append(Section(title, DESCRIPTIONS[Kind(kind)], [chart]))
    return sections
