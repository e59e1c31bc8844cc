"""What features are of."""

from feast import Entity, ValueType

meter = Entity(
    name="meter",
    join_keys=["meter_id"],
    value_type=ValueType.STRING,
    description="A metering point, by its pseudonym.",
    owner="metering",
)

feeder = Entity(
    name="feeder",
    join_keys=["feeder_id"],
    value_type=ValueType.STRING,
    description="A low-voltage feeder: the lines behind one transformer.",
    owner="grid-operation",
)

weather_station = Entity(
    name="weather_station",
    join_keys=["station_id"],
    value_type=ValueType.STRING,
    description="A place whose weather is measured or forecast.",
    owner="forecasting",
)
