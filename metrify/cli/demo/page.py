"""The demo's page."""

from pathlib import Path

from metrify.cli.demo import charts
from metrify.cli.demo.record import DemoRecord
from metrify.monitoring.page import Section, write_page


def write_demo_page(path: Path, record: DemoRecord, resolution_minutes: int, drift_threshold: float) -> None:
    """Writes what the demo found as one self-contained HTML file."""
    sections = [
        _readings(record),
        _accuracy(record),
        _forecasts(record, resolution_minutes),
        _split(record),
        _drift(record, drift_threshold),
    ]
    title = "Metrify: the whole way on real readings"
    lead = f"Everything below was measured in one run on the dataset {record.source}, on this machine."
    write_page(path, title, lead, sections)


def _readings(record: DemoRecord) -> Section:
    run = next(iter(record.trained.values()))
    facts = (
        ("meters", f"{run.ingested['meters']:.0f}"),
        ("distinct profiles", f"{run.ingested['profiles']:.0f}"),
        ("readings", f"{run.ingested['readings']:,.0f}"),
        ("test forecasts", f"{run.metrics['test_rows']:,.0f}"),
    )
    text = (
        "Meters that share a profile are scaled copies of each other. They stay on one side of every split: a model is "
        "tested on profiles that it never saw, in a time after its training. Meter numbers are keyed pseudonyms."
    )
    return Section("Readings", text, facts=facts)


def _accuracy(record: DemoRecord) -> Section:
    baselines = next(iter(record.trained.values())).metrics
    wape = {kind: run.metrics["wape"] for kind, run in record.trained.items()}
    wape |= {name: baselines[f"wape_{name}"] for name in ("seasonal_naive", "persistence")}
    facts = [
        (f"{kind.upper()} within its 90 % band", f"{run.metrics['coverage']:.1%}")
        for kind, run in record.trained.items()
    ]
    text = (
        "Weighted absolute percentage error of the day-ahead median on held-out meters. The seasonal naive repeats the "
        "same day of last week; the persistence ensemble is the mean of yesterday and the last four same weekdays."
    )
    return Section("Accuracy", text, [charts.accuracy_chart(wape)], facts)


def _forecasts(record: DemoRecord, resolution_minutes: int) -> Section:
    assert record.forecast is not None
    text = (
        f"{len(record.forecast.meter_ids)} meters were asked for over REST and gRPC; the answers differ by at most "
        f"{record.forecast.rest_grpc_max_diff:.1g} kWh. Some of them, from the smallest to the largest: readings in "
        "black, the median in blue, and the bands that should hold half and nine tenths of the readings."
    )
    return Section("Tomorrow's forecasts", text, [charts.fan_chart(record.forecast, resolution_minutes)])


def _split(record: DemoRecord) -> Section:
    rollout = record.rollout
    assert rollout is not None
    at_20, at_50 = rollout.on_canary(20), rollout.on_canary(50)
    facts = (
        ("moved at 20 %", f"{len(at_20)} meters"),
        ("moved at 50 %", f"{len(at_50 - at_20)} more"),
        ("moved back", f"{len(at_20 - at_50) + rollout.changed_when_asked_again}"),
    )
    text = (
        f"The canary {rollout.canary} takes the meters whose place lies below its percentage. A meter keeps its place, "
        "so it keeps its variant, and a higher percentage only adds meters."
    )
    return Section("Canary", text, [charts.split_chart(rollout)], facts)


def _drift(record: DemoRecord, threshold: float) -> Section:
    facts = [(check.population, f"{check.verdict}, p = {check.p_value:.3f}") for check in record.drift.values()]
    text = (
        "Each meter's last week is compared with its own three weeks before, and the distance is ranked among replayed "
        f"weeks without a change. Drift is called where one feature falls below the dashed line ({threshold:g} over "
        "all features)."
    )
    shown = [charts.drift_profile_chart(record.drift), charts.drift_p_value_chart(record.drift, threshold)]
    return Section("Drift", text, shown, facts)
