"""What Beam is told of the gate."""

import apache_beam as beam
from apache_beam.metrics import MetricsFilter
from apache_beam.testing.test_pipeline import TestPipeline as Pipeline

from earthengine.engine import Budget
from earthengine.gate import Gate
from transforms.gate_metrics import GateMetrics


class _Ask(beam.DoFn):
    def process(self, refusals):
        gate = Gate(Budget(40, 1e6))
        slots = [gate.slot() for _ in range(20)]
        held = [slot.__enter__() for slot in slots]
        for slot in held[:refusals]:
            slot.verdict = "refused"
            slot.headers = {
                "x-earth-engine-quota-status": "parallelism_restricted=true"
            }
        for slot in slots:
            slot.__exit__(None, None, None)
        gate.throttled(7.9)
        metrics = GateMetrics()
        metrics.report(gate)
        metrics.report(gate)  # less than a second later: nothing
        gate.throttled(1.2)
        metrics.report(gate, now=True)
        yield gate.state()


def counters(refusals):
    pipeline = Pipeline()
    _ = pipeline | beam.Create([refusals]) | beam.ParDo(_Ask())
    result = pipeline.run()
    result.wait_until_finish()
    found = result.metrics().query(MetricsFilter().with_namespace("earthengine"))
    numbers = {m.key.metric.name: m.committed for m in found["counters"]}
    ranges = {m.key.metric.name: m.committed for m in found["distributions"]}
    return numbers, ranges


def test_throttled_seconds_are_whole_and_add_up():
    numbers, ranges = counters(0)
    assert numbers["cumulativeThrottlingSeconds"] == 9
    assert ranges["gate_limit"].max == 40
    assert ranges["gate_limit"].count == 2


def test_refusals_and_restricted_mode_show():
    numbers, ranges = counters(1)
    assert ranges["gate_limit"].max < 40
    assert numbers["restricted_mode_seen"] == 2
