"""The runtime `agents`: the stages on Apache Kafka, as Faust agents with tables. The one room that knows Faust."""
