"""Prints the cases of Debian's python3-spf as JSON, with zones as a resolver would find them."""
import gzip
import json
import sys

import yaml


def zone(data):
    names = {}
    for name, records in data.items():
        there = {}
        spf, txt = [], []
        for record in records:
            if record == "TIMEOUT":
                there["TIMEOUT"] = []
                continue
            (kind, value), = record.items()
            if kind == "MX":
                value = "%d %s" % tuple(value)
            elif kind in ("SPF", "TXT"):
                value = "".join(value) if isinstance(value, list) else value
                (spf if kind == "SPF" else txt).append(value)
                continue
            there.setdefault(kind, []).append(value)
        # Policies stand under the type that was given up; TXT: NONE says that they are under no other.
        texts = [text for text in (txt or spf) if text != "NONE"]
        if texts:
            there["TXT"] = texts
        names[name.lower()] = there
    return names


def as_list(value):
    return value if isinstance(value, list) else [value]


with gzip.open(sys.argv[1], "rt", encoding="utf-8") as suite:
    print(json.dumps([
        {
            "zone": zone(scenario["zonedata"]),
            "tests": {
                name: {
                    "helo": test["helo"],
                    "host": test["host"],
                    "mailfrom": test["mailfrom"],
                    "result": as_list(test["result"]),
                    "explanation": test.get("explanation", ""),
                }
                for name, test in scenario["tests"].items()
            },
        }
        for scenario in yaml.safe_load_all(suite)
    ]))
