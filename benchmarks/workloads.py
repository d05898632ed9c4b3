"""All workloads, by name, in the order in which they run."""

from benchmarks import (
    console,
    credit_days,
    credit_economy,
    credit_model,
    evm,
    gateway,
    lease_months,
    leasing_rules,
    ledger,
    monitoring,
    replication,
    studies,
    telemetry,
)

WORKLOADS = {
    workload.name: workload
    for workload in (
        evm.LIFECYCLE,
        evm.FLATNESS,
        ledger.TRANSFERS,
        monitoring.BY_DAY,
        monitoring.LIVE,
        replication.REPLICATION,
        studies.STUDIES,
        credit_economy.ECONOMY,
        credit_days.END_OF_DAY,
        credit_model.MODEL,
        lease_months.MONTH_END,
        telemetry.DECODING,
        telemetry.BROKERS,
        telemetry.GATEWAYS,
        leasing_rules.RULES,
        console.PAGES,
        gateway.GATEWAY,
    )
}
