#!/usr/bin/python3
"""eveil plan --simulate: the table and its file, what of a machine decides, numbers that make no sense."""
import csv
import sys

from harness import case, eveil, expect, run_cases, study


def table(path, ranks, *options):
    expect(eveil("plan", path, "--quiet", f"--simulate={ranks}", "--simulate-tsv=forecast.tsv", *options), 0, "most ranks")
    with open("forecast.tsv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [{key: value if key == "limit" else float(value) for key, value in row.items()} for row in rows]


@case("a forecast of every number of ranks: phases add up, one rank is the measure")
def rows():
    path = study(run='schedule = "static";')
    for measured in (False, True):
        if measured:
            expect(eveil("run", path, "--quiet"), 0)
        found = table(path, "1,2,3,64,5000")
        assert [row["ranks"] for row in found] == [1, 2, 3, 64, 5000], found
        assert found[0]["efficiency"] == 1 and found[0]["requests_s"] == 0, found[0]
        for row in found:
            phases = sum(row[k] for k in ("start_s", "probe_s", "plan_s", "read_s", "condition_s", "compute_s", "other_s",
                                          "journal_s", "master_s", "end_s", "gather_s"))
            # Answers and barriers are between the phases.
            assert phases <= row["wall_s"] * 1.001 and phases > 0.5 * row["wall_s"], row
            assert 0 < row["efficiency"] <= 1.001 and row["nodes"] == -(-row["ranks"] // 40), row


@case("a forecast: what is slow limits")
def limits():
    path = study()
    usual = table(path, "8")[0]
    slow = table(path, "8", "--read-mb-s=0.1")[0]
    assert slow["limit"] == "reading" and slow["wall_s"] > usual["wall_s"], slow
    slow = table(path, "8", "--start-s=1000")[0]
    assert slow["limit"] == "start" and slow["wall_s"] > 1000, slow
    slow = table(path, "8", "--write-mb-s=0.01", "--gather-mb-s=1e9")[0]
    assert slow["gather_s"] > usual["gather_s"], slow
    dear = table(path, "8", "--cost-times=1000")[0]
    assert abs(dear["compute_s"] / usual["compute_s"] - 1000) < 1, dear


@case("a forecast of a replay sleeps as one does")
def replay():
    path = study()
    one, half = table(path, "4", "--replay")[0], table(path, "4", "--replay=2")[0]
    assert one["read_s"] == 0 and abs(one["compute_s"] / half["compute_s"] - 2) < 0.01, (one, half)


@case("a forecast: numbers that make no sense")
def refused():
    path = study()
    for option in ("0", "-1", "x", "1,,2", "4,", "3 4", "2000000", "99999999999999999999", ",".join(["7"] * 65)):
        expect(eveil("plan", path, f"--simulate={option}"), 1, "--simulate")
    expect(eveil("plan", path, "--simulate-tsv=t"), 1, "expected --simulate=RANKS")
    for option in ("--read-mb-s=-1", "--latency-us=nan", "--sync-ms=inf", "--journal-mb-s=0", "--cost-times=0", "--start-s=two"):
        expect(eveil("plan", path, "--simulate=2", option), 1, option[2:].split("=")[0])
    expect(eveil("plan", path, "--simulate=2", "--simulate-tsv=no/such/folder"), 2, "no/such/folder")


sys.exit(run_cases())
