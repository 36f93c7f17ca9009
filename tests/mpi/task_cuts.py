"""Where tasks are cut changes no value: a simulated recording of two hours with drift, task_s of 60, 300, 600 and 1000 s.

Values agree to 1e-9 of each column's standard deviation. Features that count (patterns, samples below a threshold) step
where two samples are nearly equal: of all symbols at most one in a million may differ. A cell whose value differs holds
at least one such symbol, and one symbol moves a value by at most a known step, so both the number of differing cells
and the sum of the differences have a bound. `why` is identical."""
import os

import h5py
import numpy

from harness import check, clear, configure, done, eveil, note, said, scratch, simulate, store_of

CUTS_S = (60, 300, 600, 1000)
HOURS, FS_HZ = 2, 100
# Windows of 4 s every 7 s lie across the cuts.
ANALYSES = """
  { name = "spectral"; window_s = 4.0; step_s = 7.0; features = ["band_power", "spectral_edge", "spectral_entropy", "hjorth", "permutation_entropy", "spectrum"]; },
  { name = "background"; window_s = 120.0; step_s = 110.0; features = ["burst_suppression"]; },
  { name = "dynamics"; window_s = 60.0; step_s = 60.0; dynamics = ["var"]; }"""
RELATIVE = 1e-9
PER_SYMBOL = 1e-6


def text(dataset):
    return [value.decode() if isinstance(value, bytes) else value for value in dataset[...]]


def step_of(name, window_s):
    """Largest change of a counting column by one symbol, and its symbols a window; None where it does not count."""
    n = window_s * FS_HZ
    if name.startswith("permutation_entropy."):
        return (numpy.log(n) + 1) / n / numpy.log(6), n
    if name.startswith("burst_suppression.ratio"):
        return 1 / n, n
    return None


def compare_whys(name, base, other, where):
    for kind in ("why", "summary_why", "summary_count", "recording_why"):
        if kind not in base and kind not in other:
            continue
        same = numpy.array_equal(base[kind][...], other[kind][...])
        check(same, f"{name}_{kind}_{where}", "differ")


def compare_columns(name, base, other, where):
    a, b = base["values"][...], other["values"][...]
    columns, window_s = text(base["column_name"]), float(base.attrs["window_s"])
    spread, worst = numpy.nanstd(a, axis=0), ("", 0.0)
    counted, moved, symbols, too_far = 0, 0.0, 0.0, []
    for c, column in enumerate(columns):
        if numpy.array_equal(a[:, c], b[:, c], equal_nan=True):
            off = numpy.zeros(len(a))
        else:
            off = numpy.nan_to_num(numpy.abs(a[:, c] - b[:, c]), nan=numpy.inf if (numpy.isnan(a[:, c]) != numpy.isnan(b[:, c])).any() else 0)
        far = off > RELATIVE * spread[c]
        step = step_of(column, window_s)
        if step:
            symbols += step[1] * len(a)
            counted += int(far.sum())
            moved += float(off[far].sum() / step[0])
        elif far.any():
            too_far.append(f"{column}: {off.max():.3g} with sd {spread[c]:.3g}")
        if not step and spread[c] > 0 and off.max() / spread[c] > worst[1]:
            worst = (column, off.max() / spread[c])
    check(not too_far, f"{name}_values_{where}", "; ".join(too_far[:4]) + f" ({len(too_far)} columns)")
    note(f"{name} {where}: largest difference {worst[1]:.2g} sd ({worst[0] or 'none'})")
    if symbols:
        allowed = PER_SYMBOL * symbols
        check(counted <= allowed and moved <= allowed, f"{name}_counts_{where}",
              f"{counted} cells differ, {moved:.3g} symbols at least, {allowed:.3g} allowed of {symbols:.3g}")
        note(f"{name} {where}: {counted} counting cells differ, {moved:.3g} symbols at least, of {symbols:.3g}")


def spread_over_rows(x):
    return numpy.nanstd(x.reshape(len(x), -1), axis=0)


def compare_tensors(name, base, other, where):
    """By window: as columns. Of the recording: to 1e-9 of the standard deviation over the tensor's own elements."""
    far = []

    def visit(path, dataset):
        if not isinstance(dataset, h5py.Dataset) or dataset.ndim < 2 or "models" not in path:
            return
        a, b = dataset[...], other[path][...]
        by_window = not path.startswith("recording_models")
        limit = RELATIVE * (spread_over_rows(a) if by_window else numpy.nanstd(a))
        off = numpy.nan_to_num(numpy.abs(a - b)).reshape(len(a), -1)
        if not numpy.array_equal(numpy.isnan(a), numpy.isnan(b)) or (off > limit).any():
            far.append(f"{path}: {off.max():.3g}")
    base.visititems(visit)
    check(not far, f"{name}_tensors_{where}", "; ".join(far))


def compare_recording_columns(name, base, other, where):
    """One recording only: to 1e-9 of the value."""
    if "recording_values" not in base:
        return
    a, b = base["recording_values"][...], other["recording_values"][...]
    good = numpy.allclose(a, b, rtol=RELATIVE, atol=0, equal_nan=True)
    check(good, f"{name}_recording_values_{where}", f"{numpy.nanmax(numpy.abs(a - b)) if a.size else 0}")


def compare(base_path, other_path, where):
    with h5py.File(base_path) as base, h5py.File(other_path) as other:
        for name in base["analyses"]:
            parts = base["analyses"][name], other["analyses"][name]
            compare_whys(name, *parts, where)
            compare_columns(name, *parts, where)
            compare_tensors(name, *parts, where)
            compare_recording_columns(name, *parts, where)


with scratch() as place:
    root = simulate(place, f"subjects = 1; duration_s = {3600.0 * HOURS}; fs_hz = (128.0); drift_uv = 200.0;")
    stores = []
    for task_s in CUTS_S:
        config = configure(os.path.join(place, "run.cfg"), root, analyses=ANALYSES, conditioning=f"resample_hz = {FS_HZ}.0;",
                           run=f"task_s = {task_s}.0;")
        clear(os.path.join(place, "out"))
        ended = eveil("run", config, ranks=2)
        stores.append(os.path.join(place, f"cut_{task_s}.h5"))
        if check(ended.code == 0, f"run_{task_s}", said(ended.err)):
            os.rename(store_of(config), stores[-1])
    for task_s, store in zip(CUTS_S[1:], stores[1:]):
        if os.path.exists(stores[0]) and os.path.exists(store):
            compare(stores[0], store, f"60_{task_s}")
done()
