"""A store and a prognosis file as the design describes them, with known numbers, for tests of their readers."""

import h5py
import numpy as np

CHANNELS = [
    "Fp1",
    "Fp2",
    "F7",
    "F3",
    "Fz",
    "F4",
    "F8",
    "T7",
    "C3",
    "Cz",
    "C4",
    "T8",
    "P7",
    "P3",
    "Pz",
    "P4",
    "P8",
    "O1",
    "O2",
]
PLACES = [
    (92, 108),
    (92, 72),
    (92, 144),
    (60, 129),
    (46, 90),
    (60, 51),
    (92, 36),
    (92, 180),
    (46, 180),
    (0, 0),
    (46, 0),
    (92, 0),
    (92, 216),
    (60, 231),
    (46, 270),
    (60, 309),
    (92, 324),
    (92, 252),
    (92, 288),
]
POSTERIOR = [float(c in ("O1", "O2")) + 0.6 * float(c in ("P3", "Pz", "P4", "P7", "P8")) for c in CHANNELS]
STATISTICS = ["mean", "sd", "median"]


# ---- the store ---------------------------------------------------------------------------------


def put(file, path, data, scales=(), **attributes):
    """A dataset with its dimension scales attached; strings of variable length."""
    text = isinstance(data, str) or (np.ndim(data) and len(data) and isinstance(data[0], str))
    dataset = file.create_dataset(path, data=data, dtype=h5py.string_dtype() if text else None)
    for i, scale in enumerate(scales):
        dataset.dims[i].attach_scale(file[scale])
    dataset.attrs.update(attributes)


def put_scale(file, path, data):
    put(file, path, data)
    file[path].make_scale(path.split("/")[-1])


def put_columns(file, group, prefix, columns):
    scale = f"{group}/{prefix}" if prefix == "column" else f"{group}/recording_column"
    put_scale(file, scale, np.arange(len(columns)))
    for i, part in enumerate(("name", "feature", "output", "channel", "unit", "text")):
        put(file, f"{group}/{prefix}_{part}", [c[i] for c in columns], [scale])


def column(feature, output, channel="", unit="1", text="As said."):
    return (f"{feature}.{output}" + (f"[{channel}]" if channel else ""), feature, output, channel, unit, text)


class Cohort:
    """Subjects with a latent severity; the last recording failed."""

    def __init__(self, n, seed=1, repeats=1):
        self.random = np.random.default_rng(seed)
        self.n, self.subject = n, [f"sub-{i + 1:04d}" for i in range(n)]
        self.severity = self.random.normal(size=n)
        self.poor = (self.random.uniform(size=n) < 1 / (1 + np.exp(-2 * self.severity))).astype(int)
        self.recording = np.repeat(np.arange(n), repeats)
        self.status = np.zeros(len(self.recording), np.uint8)
        self.status[-1] = 3


def put_recordings(file, c):
    r = len(c.recording)
    put_scale(file, "/recordings/recording", np.arange(r))
    at = ["/recordings/recording"]
    put(file, "/recordings/id", [f"{c.subject[s]}_{i}" for i, s in enumerate(c.recording)], at)
    put(file, "/recordings/subject", [c.subject[s] for s in c.recording], at)
    put(file, "/recordings/session", [f"ses-{i + 1:02d}" for i in range(r)], at)
    put(file, "/recordings/file", [f"/secret/Jane_Doe/{i}.edf" for i in range(r)], at)
    put(file, "/recordings/duration_s", c.random.uniform(160, 200, r), at, units="s")
    put(file, "/recordings/start_h", c.random.uniform(72, 120, r), at, units="h")
    put(file, "/recordings/fs_hz", np.full(r, 250.0), at, units="Hz")
    put(
        file,
        "/recordings/status",
        c.status,
        at,
        flag_values=np.arange(4, dtype=np.uint8),
        flag_meanings="OK USAGE IO FORMAT",
    )
    put(
        file,
        "/recordings/message",
        [f"/secret/Jane_Doe/{r - 1}.edf: header <damaged>" if s else "" for s in c.status],
        at,
    )
    put_scale(file, "/participants/participant", np.arange(c.n))
    at = ["/participants/participant"]
    put(file, "/participants/subject", c.subject, at)
    put(file, "/participants/columns/outcome", ["poor" if p else "good" for p in c.poor], at)
    put(file, "/participants/columns/hospital", ["ABC"[i % 2] for i in range(c.n)], at)
    put(file, "/participants/columns/age", c.random.normal(60, 12, c.n).round(1), at)
    put(file, "/participants/columns/name", [f"Jane {s[-4:]}" for s in c.subject], at)
    put(file, "/participants/columns/sex", ["FM"[i % 2] for i in range(c.n)], at)
    put_scale(file, "/channels/channel", np.arange(len(CHANNELS)))
    put(file, "/channels/channel_name", CHANNELS, ["/channels/channel"])
    polar, azimuth = np.deg2rad(np.array(PLACES, float)).T
    xyz = np.column_stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)])
    put(file, "/channels/channel_xyz", xyz)


def put_analysis(file, name, c, columns, values, window_s, bad_share=0.0):
    """values[recording][column]: windows scatter around them; the failed recording has none."""
    g, r, k = f"/analyses/{name}", len(c.recording), len(columns)
    per = [0 if c.status[i] else 20 for i in range(r)]
    recording = np.repeat(np.arange(r), per).astype(np.int32)
    w = len(recording)
    rows = values[recording] * (1 + 0.05 * c.random.normal(size=(w, k)))
    why = np.where(c.random.uniform(size=(w, k)) < bad_share, 6, 0).astype(np.uint8)
    put(file, f"{g}/window_s", np.array(window_s), units="s")
    put_scale(file, f"{g}/window", np.arange(w))
    put_scale(file, f"{g}/recording", np.arange(r))
    put_scale(file, f"{g}/statistic", np.arange(len(STATISTICS)))
    put_columns(file, g, "column", columns)
    put(file, f"{g}/window_recording", recording, [f"{g}/window"])
    put(
        file,
        f"{g}/window_start_s",
        np.concatenate([np.arange(n) * window_s for n in per]),
        [f"{g}/window"],
        units="s",
    )
    put(file, f"{g}/window_clean", c.random.beta(20, 1.5, w).astype(np.float32), [f"{g}/window"])
    put(file, f"{g}/values", np.where(why == 0, rows, np.nan), [f"{g}/window", f"{g}/column"])
    put(file, f"{g}/why", why, [f"{g}/window", f"{g}/column"])
    summary = np.full((r, k, len(STATISTICS)), -9.0)  # what stands under why != 0 must never be seen
    for i in range(r):
        if per[i]:
            some = np.where(why == 0, rows, np.nan)[recording == i]
            summary[i] = np.stack([np.nanmean(some, 0), np.nanstd(some, 0), np.nanmedian(some, 0)], axis=1)
    put(file, f"{g}/summary_statistic", STATISTICS, [f"{g}/statistic"])
    put(file, f"{g}/summary", summary, [f"{g}/recording", f"{g}/column", f"{g}/statistic"])
    put(
        file,
        f"{g}/summary_why",
        np.repeat((c.status > 0)[:, None] * np.uint8(5), k, 1),
        [f"{g}/recording", f"{g}/column"],
    )


def put_spectrum(file, c):
    hz, g = np.arange(0, 45.5, 0.5), "/analyses/spectral/recording_models/spectrum"
    power = np.zeros((len(c.recording), len(CHANNELS), len(hz)))
    for i, s in enumerate(c.recording):
        slope = 1.3 + 0.25 * c.severity[s] + 0.1 * c.random.normal()
        alpha = 12 * np.exp(-0.6 * c.severity[s] + 0.3 * c.random.normal())
        peak = np.exp(-((hz - 9.5 - c.random.normal()) ** 2) / 2)
        power[i] = 60 * np.maximum(hz, 0.5) ** -slope + alpha * np.outer(POSTERIOR, peak)
    power[c.status > 0] = np.nan
    put_scale(file, f"{g}/channel", CHANNELS)
    put_scale(file, f"{g}/frequency", hz)
    put(
        file, f"{g}/power", power, ["/analyses/spectral/recording", f"{g}/channel", f"{g}/frequency"], units="uV^2/Hz"
    )


def put_var(file, c):
    """VAR(2) whose modes are damped rotations, more damped in the severe."""
    g, k = "/analyses/dynamics/models/var", len(CHANNELS)
    recording = file["/analyses/dynamics/window_recording"][()]
    tensor = np.zeros((len(recording), 3, k, k))
    for w, i in enumerate(recording):
        mixing, _ = np.linalg.qr(c.random.normal(size=(k, k)))
        radius = 0.97 - 0.03 / (1 + np.exp(-c.severity[c.recording[i]])) - 0.1 * c.random.uniform(size=k)
        angle = 2 * np.pi * c.random.gamma(2, 5, k) / 250
        tensor[w, 0] = mixing * (2 * radius * np.cos(angle)) @ mixing.T
        tensor[w, 1] = mixing * -(radius**2) @ mixing.T
    put_scale(file, f"{g}/lag", np.arange(1, 4))
    put_scale(file, f"{g}/channel", CHANNELS)
    put_scale(file, f"{g}/channel_b", CHANNELS)
    put(
        file, f"{g}/coefficients", tensor, ["/analyses/dynamics/window", f"{g}/lag", f"{g}/channel", f"{g}/channel_b"]
    )


def make_store(path, n=40, seed=1, repeats=1):
    c = Cohort(n, seed, repeats)
    severity = c.severity[c.recording][:, None]
    noise = lambda k: 0.3 * c.random.normal(size=(len(c.recording), k))  # noqa: E731
    with h5py.File(path, "w") as file:
        file.attrs.update(
            eveil_version="0.1.0",
            git_revision="0123abcd",
            created_utc="2026-01-01T00:00:00Z",
            seed=1,
            layout_hash="ff",
            libraries="HDF5 1.10.8",
            cpu="x",
            command="eveil run",
        )
        put(
            file,
            "/config",
            'conditioning: { resample_hz = 250.0; }; prognosis: ( { outcome = "outcome"; positive = "poor"; } );',
        )
        put_recordings(file, c)
        columns = [column("band_power", f"relative_{b}", ch) for b in ("delta", "alpha") for ch in CHANNELS]
        columns += [column("spectral_edge", "edge_share0.95", ch, "Hz") for ch in CHANNELS]
        delta = 0.6 + 0.08 * (severity + noise(19))
        alpha = 0.12 * np.exp(-0.5 * severity + noise(19)) * (1 + np.array(POSTERIOR))
        put_analysis(
            file, "spectral", c, columns, np.hstack([delta, alpha, 17 - 2 * (severity + noise(19))]), 4.0, 0.02
        )
        put_spectrum(file, c)
        ratio = 1 / (1 + np.exp(1 - severity - noise(19)))
        put_analysis(
            file, "background", c, [column("burst_suppression", "ratio", ch) for ch in CHANNELS], ratio, 120.0
        )
        put_analysis(file, "dynamics", c, [column("var", "lambda_max")], 0.95 - 0.01 * (severity + noise(1)), 60.0)
        put_var(file, c)
    return c


METRICS = [
    ("auc", "mean over folds"),
    ("auc_pooled_biased", "pooled"),
    ("brier", "squared error"),
    ("sensitivity", "share of positives found"),
]


def make_prognosis(path, c, noise=1.0):
    """Two learners, three repeats; probabilities from the latent severity."""
    with h5py.File(path, "w") as file:
        file.attrs.update(eveil_version="0.1.0")
        put(file, "/config", "")
        g, names = "/main", ["row", "column", "learner", "repeat", "metric", "interval"]
        for name, n in zip(names, (c.n, 3, 2, 3, len(METRICS), 2)):
            put_scale(file, f"{g}/{name}", np.arange(n))
        row, column_, learner, repeat, metric, interval = (f"{g}/{n}" for n in names)
        put(file, f"{g}/design/x", c.random.normal(size=(c.n, 3)), [row, column_])
        put(file, f"{g}/design/y", c.poor.astype(float), [row], text="outcome, 1: positive")
        put(file, f"{g}/design/subject", c.subject, [row])
        put(file, f"{g}/design/column_name", ["age", "background:burst_suppression.ratio[Cz]", "noise_01"], [column_])
        logit = 1.5 * c.severity + noise * c.random.normal(size=(2, 3, c.n))
        put(file, f"{g}/predictions", 1 / (1 + np.exp(-logit)), [learner, repeat, row])
        put(file, f"{g}/learner_name", ["ridge", "elastic_net"], [learner])
        put(file, f"{g}/metrics/metric_name", [m[0] for m in METRICS], [metric])
        put(file, f"{g}/metrics/metric_text", [m[1] for m in METRICS], [metric])
        put(
            file,
            f"{g}/metrics/value",
            np.array([[0.8125, 0.8, 0.18, 0.75], [0.79, np.nan, 0.19, 0.7]]),
            [learner, metric],
        )
        put(file, f"{g}/intervals/interval_name", ["auc_pooled_biased_logit", "sensitivity"], [interval])
        put(file, f"{g}/intervals/low", np.array([[0.7, 0.5], [np.nan, 0.4]]), [learner, interval])
        put(file, f"{g}/intervals/high", np.array([[0.9, 0.9], [np.nan, 0.8]]), [learner, interval])
        put(file, f"{g}/model/coefficients", np.array([[0.3, 1.234, 0.0], [0.2, 1.0, 0.0]]), [learner, column_])
