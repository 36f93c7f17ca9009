"""A plain reader of EDF and EDF+D for pictures: microvolts on the clock of the recording, NaN where nothing was recorded."""
import re

import numpy as np


def read(path):
    """(names, fs_hz, x[signal, sample]) of the ordinary signals; they share one rate."""
    with open(path, "rb") as file:
        raw = file.read()
    n = int(raw[252:256])
    records, seconds = int(raw[236:244]), float(raw[244:252])

    def fields(offset, width):
        start = 256 + offset * n
        return [raw[start + width * i:start + width * (i + 1)].decode("latin-1").strip() for i in range(n)]

    labels, samples = fields(0, 16), [int(v) for v in fields(216, 8)]
    low, high = np.array(fields(104, 8), float), np.array(fields(112, 8), float)
    digital = np.array(fields(120, 8), float), np.array(fields(128, 8), float)
    body = np.frombuffer(raw, "<i2", offset=256 * (n + 1)).reshape(records, sum(samples))
    first = np.concatenate([[0], np.cumsum(samples)])
    kept = [s for s in range(n) if not labels[s].startswith("EDF Annotations")]
    at = _onsets(body, labels, first, records, seconds)
    rate = samples[kept[0]] / seconds
    begin = np.rint((at - at[0]) * rate).astype(int)
    x = np.full((len(kept), begin[-1] + samples[kept[0]]), np.nan)
    gain = (high - low) / (digital[1] - digital[0])
    for row, s in enumerate(kept):
        values = (body[:, first[s]:first[s + 1]] - digital[0][s]) * gain[s] + low[s]
        for r in range(records):
            x[row, begin[r]:begin[r] + samples[s]] = values[r]
    return [labels[s] for s in kept], rate, x


def _onsets(body, labels, first, records, seconds):
    """Seconds at which the records begin: from the annotation signal where there is one."""
    for s, label in enumerate(labels):
        if label.startswith("EDF Annotations"):
            texts = [body[r, first[s]:first[s + 1]].tobytes() for r in range(records)]
            return np.array([float(re.match(rb"([+-][0-9.]+)", text)[1]) for text in texts])
    return seconds * np.arange(records)
