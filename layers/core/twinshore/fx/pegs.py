"""Currencies that their own authority holds at a fixed rate to another: a rate by law where the ECB sets none.

Only pegs with one fixed number. The Hong Kong dollar moves in a band (7.75 to 7.85 to the US dollar) and the Danish
krone in another, so they are not here: the ECB sets a rate for both. A rate of the day always comes before a peg.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.money import Rate


class Peg(NamedTuple):
    anchor: str
    per_anchor: Rate
    """Units of the pegged currency per 1 unit of the anchor, exact."""
    since_year: int
    authority: str


PEGS: dict[str, Peg] = {
    "AED": Peg("USD", Rate(36725, 10000), 1997, "Central Bank of the United Arab Emirates"),
    "SAR": Peg("USD", Rate(375, 100), 1986, "Saudi Central Bank"),
    "QAR": Peg("USD", Rate(364, 100), 2001, "Qatar Central Bank; Amiri Decree 34 of 2001"),
    "BHD": Peg("USD", Rate(376, 1000), 2001, "Central Bank of Bahrain; Decree 48 of 2001"),
    "OMR": Peg("USD", Rate(10000, 26008), 1986, "Central Bank of Oman: 2.6008 US dollars per rial"),
    "JOD": Peg("USD", Rate(709, 1000), 1995, "Central Bank of Jordan"),
    "PAB": Peg("USD", Rate(1, 1), 1904, "Monetary agreement between Panama and the United States"),
    "XCD": Peg("USD", Rate(270, 100), 1976, "Eastern Caribbean Central Bank"),
    "MOP": Peg("HKD", Rate(103, 100), 1983, "Monetary Authority of Macao"),
    "BND": Peg("SGD", Rate(1, 1), 1967, "Currency Interchangeability Agreement of Brunei and Singapore"),
    "NPR": Peg("INR", Rate(16, 10), 1993, "Nepal Rastra Bank"),
    "NAD": Peg("ZAR", Rate(1, 1), 1993, "Common Monetary Area agreement"),
    "LSL": Peg("ZAR", Rate(1, 1), 1980, "Common Monetary Area agreement"),
    "BAM": Peg("EUR", Rate(195583, 100000), 1999, "Law on the Central Bank of Bosnia and Herzegovina"),
    "XOF": Peg("EUR", Rate(655957, 1000), 1999, "EU Council Decision 98/683/EC"),
    "XAF": Peg("EUR", Rate(655957, 1000), 1999, "EU Council Decision 98/683/EC"),
    "CVE": Peg("EUR", Rate(110265, 1000), 1999, "EU Council Decision 98/744/EC"),
}
