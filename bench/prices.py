"""List prices, without discounts or free tiers. Data: look each one up before you rely on it, and change it here.

Round figures of the public price pages (AWS: Frankfurt; Tencent: Guangzhou). None could be fetched where they were
written down, so each is unconfirmed. The page multiplies; it does not know better.
"""

from __future__ import annotations

from typing import NamedTuple


class Price(NamedTuple):
    what: str
    amount: float
    """Of one `per`, in the cloud's own currency."""
    per: int


AWS = {
    "requests": Price("HTTP API requests", 1.20, 1_000_000),
    "invocations": Price("Lambda invocations", 0.20, 1_000_000),
    "gb_seconds": Price("Lambda GB-seconds, x86", 0.0000166667, 1),
    "write_units": Price("DynamoDB write request units, on demand", 0.7625, 1_000_000),
    "read_units": Price("DynamoDB read request units, on demand", 0.1525, 1_000_000),
    "log_gb": Price("CloudWatch Logs, GB taken in", 0.63, 1),
    "egress_gb": Price("GB out to the internet", 0.09, 1),
}
TENCENT = {
    "invocations": Price("SCF invocations", 0.0133, 10_000),
    "gb_seconds": Price("SCF GB-seconds", 0.00011108, 1),
    "log_gb": Price("CLS, GB written and indexed", 0.53, 1),
    "egress_gb": Price("GB out to the internet", 0.80, 1),
}
TENCENT_FIXED_MONTHLY = {"PostgreSQL, 2 cores, 4 GB, two zones": 560.0, "NAT gateway, small, and one address": 390.0}
AWS_FIXED_MONTHLY = {"KMS key and twenty secrets": 9.0}
AWS_WATCHED_MONTHLY = {
    "metrics": Price("custom metrics", 0.30, 1),
    "alarmed": Price("metrics that alarms read", 0.10, 1),
    "composites": Price("composite alarms", 0.50, 1),
    "dashboards": Price("dashboard", 3.00, 1),
}
"""By the month; how many there are is counted from the template and the code's own figures."""
