"""A feeder as text: versioned JSON with the network's matrices, the elements and the local time.

Matrices of networks are mostly zeros, so only what is no zero is written. Numbers are read back exactly.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Literal
from zoneinfo import available_timezones

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from metrify.errors import GridError
from metrify.grid.feeder import Batteries, Feeder
from metrify.grid.network import Network, TapAdmittance

FORMAT_VERSION: Literal[1] = 1
_MEND = "Import the feeder again with `metrify data import-feeder`."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Matrix(_Part):
    """What is no zero in a complex matrix: rows, columns, and both parts of each value."""

    row: list[int]
    column: list[int]
    real: list[float]
    imaginary: list[float]

    @classmethod
    def of(cls, dense: np.ndarray) -> "_Matrix":
        row, column = np.nonzero(dense)
        values = dense[row, column]
        return cls(row=row.tolist(), column=column.tolist(), real=values.real.tolist(), imaginary=values.imag.tolist())

    def dense(self, rows: int, columns: int) -> np.ndarray:
        """`[rows, columns]` complex."""
        if len({len(values) for values in (self.row, self.column, self.real, self.imaginary)}) > 1:
            raise GridError("A matrix of the feeder lacks values.", _MEND)
        if min((*self.row, *self.column), default=0) < 0 or max(self.row, default=0) >= rows:
            raise GridError("A matrix of the feeder has a row that is not there.", _MEND)
        if max(self.column, default=0) >= columns:
            raise GridError("A matrix of the feeder has a column that is not there.", _MEND)
        values = np.zeros((rows, columns), complex)
        values[self.row, self.column] = np.array(self.real) + 1j * np.array(self.imaginary)
        return values


class _Tap(_Part):
    position: int
    buses: _Matrix
    branch_from: _Matrix
    branch_to: _Matrix


class _Branch(_Part):
    name: str
    limit_from_pu: float
    limit_to_pu: float


class _Load(_Part):
    name: str
    bus: int
    shiftable_kw: float


class _Inverter(_Part):
    name: str
    bus: int
    kva: float


class _Battery(_Part):
    name: str
    bus: int
    kw: float
    kwh: float
    efficiency: float


class _FeederText(_Part):
    version: Literal[1]
    name: str
    timezone: str
    base_kva: float
    slack_voltage_pu: tuple[float, float]
    buses: list[str]
    branches: list[_Branch]
    loads: list[_Load]
    inverters: list[_Inverter]
    batteries: list[_Battery]
    taps: list[_Tap]


def feeder_to_json(feeder: Feeder, timezone: str) -> str:
    """The text of a feeder.

    Args:
        feeder: What is connected to what.
        timezone: IANA name of the local time.

    Raises:
        GridError: A number of it is not finite.
    """
    network, batteries = feeder.network, feeder.batteries
    limits = zip(network.branch_names, network.limit_from, network.limit_to, strict=True)
    loads = zip(feeder.load_names, feeder.load_buses, feeder.shiftable_kw, strict=True)
    inverters = zip(feeder.pv_names, feeder.pv_buses, feeder.pv_kva, strict=True)
    storages = zip(
        batteries.names,
        batteries.buses,
        batteries.power_kw,
        batteries.capacity_kwh,
        batteries.efficiency,
        strict=True,
    )
    try:
        text = _FeederText(
            version=FORMAT_VERSION,
            name=network.name,
            timezone=timezone,
            base_kva=network.base_kva,
            slack_voltage_pu=(complex(network.slack_voltage).real, complex(network.slack_voltage).imag),
            buses=list(network.bus_names),
            branches=[_Branch(name=name, limit_from_pu=a, limit_to_pu=b) for name, a, b in limits],
            loads=[_Load(name=name, bus=bus, shiftable_kw=kw) for name, bus, kw in loads],
            inverters=[_Inverter(name=name, bus=bus, kva=kva) for name, bus, kva in inverters],
            batteries=[
                _Battery(name=name, bus=bus, kw=kw, kwh=kwh, efficiency=part) for name, bus, kw, kwh, part in storages
            ],
            taps=[_tap(position, tap) for position, tap in zip(network.taps, network.admittances, strict=True)],
        )
    except ValidationError as error:
        raise GridError(
            f"The feeder {network.name} can't be written: {_first(error)}.", "Give finite numbers for its elements."
        ) from error
    return text.model_dump_json() + "\n"


def feeder_from_json(text: str) -> tuple[Feeder, str]:
    """The feeder of a text, and the IANA name of its local time.

    Raises:
        GridError: The text is damaged, or of another version.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise GridError(f"The text of the feeder is no JSON: {error}.", _MEND) from error
    version = values.get("version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise GridError(f"The text of the feeder has the version {version!r}, and not {FORMAT_VERSION}.", _MEND)
    try:
        read = _FeederText.model_validate(values)
    except ValidationError as error:
        raise GridError(f"The text of the feeder is damaged: {_first(error)}.", _MEND) from error
    if read.timezone not in available_timezones():
        raise GridError(f"The feeder {read.name} has the unknown time zone {read.timezone!r}.", _MEND)
    network = Network(
        read.name,
        tuple(read.buses),
        tuple(branch.name for branch in read.branches),
        read.base_kva,
        complex(*read.slack_voltage_pu),
        tuple(tap.position for tap in read.taps),
        tuple(_admittance(tap, len(read.branches), len(read.buses)) for tap in read.taps),
        _numbers(branch.limit_from_pu for branch in read.branches),
        _numbers(branch.limit_to_pu for branch in read.branches),
    )
    batteries = Batteries(
        tuple(battery.name for battery in read.batteries),
        _buses(read.batteries),
        _numbers(battery.kw for battery in read.batteries),
        _numbers(battery.kwh for battery in read.batteries),
        _numbers(battery.efficiency for battery in read.batteries),
    )
    feeder = Feeder(
        network,
        tuple(load.name for load in read.loads),
        _buses(read.loads),
        _numbers(load.shiftable_kw for load in read.loads),
        tuple(inverter.name for inverter in read.inverters),
        _buses(read.inverters),
        _numbers(inverter.kva for inverter in read.inverters),
        batteries,
    )
    return feeder, read.timezone


def _tap(position: int, tap: TapAdmittance) -> _Tap:
    return _Tap(
        position=position,
        buses=_Matrix.of(tap.buses),
        branch_from=_Matrix.of(tap.branch_from),
        branch_to=_Matrix.of(tap.branch_to),
    )


def _admittance(tap: _Tap, branches: int, buses: int) -> TapAdmittance:
    ends = (matrix.dense(branches, buses) for matrix in (tap.branch_from, tap.branch_to))
    return TapAdmittance(tap.buses.dense(buses, buses), *ends)


def _numbers(values: Iterable[float]) -> np.ndarray:
    return np.array(list(values), float)


def _buses(elements: Sequence[_Load | _Inverter | _Battery]) -> np.ndarray:
    return np.array([element.bus for element in elements], int)


def _first(error: ValidationError) -> str:
    item = error.errors()[0]
    return f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
