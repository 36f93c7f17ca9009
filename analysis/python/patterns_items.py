"""What the pages of patterns show: the keys of a recording, and which ten seconds of it."""
from dataclasses import dataclass
from typing import Callable


@dataclass
class Item:
    name: str
    title: str
    keys: str  # of the group simulate
    start: Callable  # of (courses, events): seconds
    duration_s: float = 120
    subject: int = 1
    without: str = ""  # keys of the same recording without the artefact
    tell: str = ""  # the course that stands below


def at(start_s):
    return lambda courses, events: start_s


def before_course(name, lead_s, after_s=10):
    """So long before a course first rises above 0."""
    return lambda courses, events: max(0, next(int(row["second"]) for row in courses
                                               if int(row["second"]) > after_s and float(row[name]) > 0) - lead_s)


def until_course(name, lead_s, after_s=20):
    """So long before a course first falls below 1."""
    return lambda courses, events: next(int(row["second"]) for row in courses
                                        if int(row["second"]) > after_s and float(row[name]) < 1) - lead_s


def seizure(share):
    """From that share of the first seizure on."""
    def start(courses, events):
        seconds = [int(row["second"]) for row in courses if float(row["seizure"]) == 1]
        end = next(s for s in seconds if s + 1 not in seconds)
        return max(0, int(seconds[0] + share * (end - seconds[0])) - 2)
    return start


def most(kind, after_s=10):
    """The ten seconds with most events of a kind, from a second before the first of them."""
    def start(courses, events):
        times = [float(e["onset"]) for e in events if e["kind"] == kind and float(e["onset"]) > after_s]
        return max((sum(t <= u < t + 8 for u in times), -t) for t in times)[1] * -1 - 1
    return start


def pattern(name, title, keys="", start=at(30), tell="suppressed", **more):
    group = f"{more.pop('group', name)}"
    return Item(name + more.pop("suffix", ""), title, f'mechanism = ["{group}"]; artefacts = ["sweat", "line"]; line_uv = 0.5; '
                f"drift_uv = 5.0; {group}: {{ {keys} }};", start, tell=tell, **more)


PATTERNS = (
    pattern("burst_suppression", "Burst suppression", "suppression = [0.75, 0.75]; burst_s = [1.8, 1.8];", at(36)),
    pattern("burst_suppression", "Burst suppression, identical bursts",
            "suppression = [0.65, 0.65]; burst_s = [1.2, 1.2]; identical = true;", suffix="-identical"),
    pattern("suppressed", "Suppression below 10 µV", "limit_uv = [10.0];", tell=""),
    pattern("suppressed", "Suppression below 5 µV", "limit_uv = [5.0];", tell="", suffix="-5"),
    pattern("suppressed", "Suppression below 2 µV", "limit_uv = [2.0];", tell="", suffix="-2"),
    pattern("periodic_discharges", "Generalised periodic discharges, triphasic, on suppression", "rate_hz = [1.2, 1.2];",
            tell="discharges"),
    pattern("periodic_discharges", "Generalised periodic discharges, sharp, on a continuous background",
            'rate_hz = [1.0, 1.0]; shape = "sharp"; background = "continuous";', tell="discharges", suffix="-sharp"),
    pattern("discontinuous", "Discontinuous background (suppressed for 10 to 49 %)", "suppression = [0.35, 0.35];",
            before_course("suppressed", 4)),
    pattern("nearly_continuous", "Nearly continuous background (suppressed for less than 10 %)", "",
            before_course("suppressed", 4), duration_s=600),
    pattern("alpha_coma", "Alpha coma", tell=""),
    pattern("seizure", "Electrographic seizure: its start", "seizures_per_h = [20.0, 20.0]; seizure_s = [60.0, 60.0];",
            seizure(0), "frequency_hz", duration_s=600),
    pattern("seizure", "Electrographic seizure: half way", "seizures_per_h = [20.0, 20.0]; seizure_s = [60.0, 60.0];",
            seizure(0.5), "frequency_hz", duration_s=600, suffix="-middle"),
    pattern("seizure", "Electrographic seizure: its end", "seizures_per_h = [20.0, 20.0]; seizure_s = [60.0, 60.0];",
            seizure(0.9), "frequency_hz", duration_s=600, suffix="-end"),
    pattern("recovery", "Slow recovery: 8 hours after the event", "half_h = [24.0, 24.0]; extent = [1.0, 1.0]; }; "
            "start_h = [8.0, 8.0]; discontinuous: {", until_course("suppressed", 3)),
    pattern("recovery", "Slow recovery: 24 hours after the event", "half_h = [24.0, 24.0]; extent = [1.0, 1.0]; }; "
            "start_h = [24.0, 24.0]; discontinuous: {", suffix="-24"),
    pattern("recovery", "Slow recovery: 72 hours after the event", "half_h = [24.0, 24.0]; extent = [1.0, 1.0]; }; "
            "start_h = [72.0, 72.0]; discontinuous: {", suffix="-72"),
)

SLOW = 'mechanism = ["nearly_continuous"]; nearly_continuous: { suppression = [0.001, 0.001]; activity_s = [1000.0, 1000.0]; ' \
       "background_uv = [11.0, 0.0]; }; "


def artefact(name, title, keys, start, kind=None, **more):
    return Item(name + more.pop("suffix", ""), title, SLOW + f'artefacts = ["{name}"]; {name}: {{ {keys} }};', start,
                without=SLOW + "artefacts = [];", **more)


ARTEFACTS = (
    artefact("blink", "Blinks", "blinks_per_min = 20.0; blink_uv = [180.0, 180.0];", most("blink")),
    artefact("muscle", "Muscle, temporal and frontal", "muscle_per_min = 9.0;", most("muscle")),
    artefact("pulse", "The heart: ECG in all channels, pulse wave at one",
             "heart_hz = [1.3, 1.3]; ecg_uv = [60.0, 60.0]; pulse_uv = [60.0, 60.0];", at(30)),
    artefact("ventilator", "Ventilator: a swing and water in the tube", "breath_hz = [0.3, 0.3]; ventilator_uv = [120.0, 120.0];", at(30)),
    artefact("sweat", "Sweat: slow drift", "drift_uv = 150.0; drift_period_s = [3.0, 15.0];", at(30)),
    artefact("pop", "Electrode pops", "pops_per_min = 5.0;", most("pop")),
    artefact("line", "Line noise, wandering, with its third harmonic",
             "line_uv = 12.0; line_wander_hz = 0.1; harmonics = [0.0, 0.15];", at(30)),
    artefact("bridge", "Bridged channels", "bridge_channels = 3;", at(30)),
    artefact("swap", "Swapped channels", "", at(30)),
    artefact("flat", "A flat channel, for a time and throughout", "flats_per_min = 0.5; flat_channels = 1;",
             most("flat", 1), duration_s=360),
    artefact("clip", "Clipping at a rail", "rail_uv = [25.0, 25.0];", most("clip")),
    artefact("gap", "A gap: nothing recorded", "gaps_per_min = 0.5; gap_s = [3.0, 4.0];", lambda courses, events:
             float(events[0]["onset"]) - 3, duration_s=360),
    artefact("clock", "A sampling clock 2,000 ppm too fast, after two minutes", "clock_ppm = [2000.0, 2000.0];", at(105)),
)
