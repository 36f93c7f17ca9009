"""Bad channels, current source density, references and positions against MNE, and the potential at infinity against
plain numpy with dipoles one by one."""
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

try:
    import mne
except ImportError:
    print("skip conditioning_mne: no mne")
    sys.exit(0)

mne.set_log_level("ERROR")
program = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"), "tests/golden/conditioning_peers"))
if not os.path.exists(program):
    print(f"skip conditioning_mne: no {program}")
    sys.exit(0)
failures = 0
RAW = 'montage = "file"; band_hz = (); notch = "none"; resample_hz = 0; '


def check(name, good, what=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} {name}: {what}")


def relative(ours, theirs):
    return abs(ours - theirs).max() / abs(theirs).max()


def condition(config, names, x, xyz=None, bad=(), fs=250.0):
    """Ours: (samples, {channel: (why, interpolated)}, note)."""
    xyz = np.zeros((len(names), 3)) if xyz is None else xyz
    with tempfile.TemporaryDirectory() as folder:
        path = [os.path.join(folder, name) for name in ("sources", "data", "out")]
        with open(path[0], "w", encoding="utf-8") as file:
            for name, place in zip(names, xyz):
                print(name, fs, int(name in bad), *(repr(float(p)) for p in place), file=file)
        np.ascontiguousarray(x).tofile(path[1])
        done = subprocess.run([program, RAW + config, *path], capture_output=True, text=True, check=True)
        *lines, note = done.stdout.split("\n")[:-1]
        table = {line.split()[0]: tuple(map(int, line.split()[1:])) for line in lines}
        return np.fromfile(path[2]).reshape(len(lines), -1), table, note


def recording(names, seed):
    """Smooth maps of a few sources and noise, as MNE has it, with a realistic head's positions about its centre."""
    generator = np.random.default_rng(seed)
    montage = mne.channels.make_standard_montage("standard_1005")
    info = mne.create_info(names, 250.0, "eeg")
    mix = generator.normal(size=(len(names), 12))
    x = 1e-5 * (mix @ generator.normal(size=(12, 400)) + 0.3 * generator.normal(size=(len(names), 400)))
    raw = mne.io.RawArray(x, info).set_montage(montage)
    radius, head, _ = mne.bem.fit_sphere_to_headshape(raw.info, units="m")
    xyz = np.array([channel["loc"][:3] for channel in raw.info["chs"]]) - head
    return raw, xyz, head, radius


TEN_TWENTY = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split()
SIXTY_FOUR = ("Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 "
              "C1 Cz C2 C4 C6 T8 TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 "
              "Oz O2 Iz P9 P10").split()


def interpolation():
    for names, bads in ((TEN_TWENTY, ["C3", "O2"]), (SIXTY_FOUR, ["Fp1", "FC3", "P8", "Cz"])):
        raw, xyz, head, _ = recording(names, 1)
        x = raw.get_data() * 1e6
        raw.info["bads"] = bads
        theirs = raw.copy().interpolate_bads(reset_bads=True, origin=head).get_data() * 1e6
        ours, table, _ = condition('reference = "none"; interpolate = true;', names, x, xyz, bads)
        check(f"interpolation_{len(names)}", relative(ours, theirs) < 1e-6 and
              all(table[name] == (0, int(name in bads)) for name in names), f"{relative(ours, theirs):.1e}")
        theirs = raw.copy().interpolate_bads(reset_bads=True, origin=head).set_eeg_reference("average")
        ours, _, _ = condition('reference = "average"; interpolate = true;', names, x, xyz, bads)
        difference = relative(ours, theirs.get_data() * 1e6)
        check(f"interpolation_then_average_{len(names)}", difference < 1e-6, f"{difference:.1e}")


def current_source_density():
    for names in (TEN_TWENTY, SIXTY_FOUR):
        raw, xyz, head, radius = recording(names, 2)
        x = raw.get_data() * 1e6
        csd = f'reference = "csd"; head_radius_m = {radius!r}; '
        for stiffness, smoothing in ((4, 1e-5), (3, 1e-4)):
            theirs = mne.preprocessing.compute_current_source_density(
                raw, sphere=(*head, radius), lambda2=smoothing, stiffness=stiffness).get_data() * 1e6
            ours, _, _ = condition(f"{csd} csd_lambda = {smoothing}; csd_stiffness = {stiffness};", names, x, xyz)
            difference = relative(ours, theirs)
            check(f"csd_{len(names)}_stiffness_{stiffness}", difference < 1e-6, f"{difference:.1e}")
        raw.info["bads"] = bads = names[3:5]
        theirs = mne.preprocessing.compute_current_source_density(
            raw.copy().interpolate_bads(reset_bads=True, origin=head), sphere=(*head, radius)).get_data() * 1e6
        ours, _, _ = condition(f"{csd} interpolate = true;", names, x, xyz, bads)
        check(f"interpolation_then_csd_{len(names)}", relative(ours, theirs) < 1e-6, f"{relative(ours, theirs):.1e}")


def lead_field(electrodes, dipoles, radius=0.869, degrees=120):
    """Radial dipoles in three spheres, every degree by a dense solve of the six boundary equations' unknowns."""
    shells, sigma = (0.87, 0.92, 1.0), (1.0, 1 / 80, 1.0)
    cosine = np.clip(electrodes @ dipoles.T, -1, 1)
    before, now, field = np.ones_like(cosine), cosine, np.zeros_like(cosine)
    for n in range(1, degrees + 1):
        a, b = np.zeros((5, 5)), np.zeros(5)  # A1 A2 B2 A3 B3; B1 is the dipole's
        source = n * radius ** (n - 1) / (4 * np.pi)
        up = lambda k: shells[k] ** n
        down = lambda k: shells[k] ** -(n + 1)
        up1 = lambda k, s: sigma[s] * n * shells[k] ** (n - 1)
        down1 = lambda k, s: -sigma[s] * (n + 1) * shells[k] ** -(n + 2)
        a[0] = [up(0), -up(0), -down(0), 0, 0]
        b[0] = -source * down(0)
        a[1] = [up1(0, 0), -up1(0, 1), -down1(0, 1), 0, 0]
        b[1] = -source * down1(0, 0)
        a[2] = [0, up(1), down(1), -up(1), -down(1)]
        a[3] = [0, up1(1, 1), down1(1, 1), -up1(1, 2), -down1(1, 2)]
        a[4] = [0, 0, 0, up1(2, 2), down1(2, 2)]
        solved = np.linalg.solve(a, b)
        field += (solved[3] + solved[4]) * now
        before, now = now, ((2 * n + 1) * cosine * now - n * before) / (n + 1)
    return field


def infinity():
    raw, xyz, _, _ = recording(TEN_TWENTY, 3)
    x = raw.get_data() * 1e6
    unit = xyz / np.linalg.norm(xyz, axis=1, keepdims=True)
    count = 20000
    z = 1 - (2 * np.arange(count) + 1) / count
    angle = np.arange(count) * np.pi * (3 - np.sqrt(5))
    dipoles = np.column_stack([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z])
    field = lead_field(unit, dipoles)
    average = field - field.mean(axis=0)
    theirs = field @ np.linalg.pinv(average, rcond=1e-9) @ (x - x.mean(axis=0))
    ours, _, _ = condition('reference = "rest";', TEN_TWENTY, x, xyz)
    check("rest_dipole_by_dipole", relative(ours, theirs) < 1e-3, f"{relative(ours, theirs):.1e}")
    shifted, _, _ = condition('reference = "rest";', TEN_TWENTY, x + 100 * np.sin(np.arange(400)), xyz)
    check("rest_forgets_the_reference", relative(shifted, ours) < 1e-9, f"{relative(shifted, ours):.1e}")
    ours, _, _ = condition('reference = "average";', TEN_TWENTY, x)
    theirs = raw.set_eeg_reference("average").get_data() * 1e6
    check("average", relative(ours, theirs) < 1e-12, f"{relative(ours, theirs):.1e}")


def positions():
    """Every name of standard_1005: ours beside a realistic head's, seen from its best sphere and turned to fit."""
    places = mne.channels.make_standard_montage("standard_1005").get_positions()["ch_pos"]
    names = [name for name in places if not re.fullmatch("[TAM][1-6]", name)]
    done = subprocess.run([program, "positions", *names], capture_output=True, text=True, check=True)
    ours = np.array([[float(v) for v in line.split()] for line in done.stdout.splitlines()])
    theirs = np.array([places[name] for name in names])
    fit = np.linalg.lstsq(np.column_stack([2 * theirs, np.ones(len(names))]), (theirs**2).sum(axis=1), rcond=None)[0]
    theirs = theirs - fit[:3]
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    u, _, v = np.linalg.svd(theirs.T @ ours)
    angle = np.degrees(np.arccos(np.clip(((theirs @ (u @ v)) * ours).sum(axis=1), -1, 1)))
    small = angle[[names.index(name) for name in TEN_TWENTY]]
    check("positions", len(ours) == len(names) and small.max() < 5 and angle.max() < 8 and angle.mean() < 3,
          f"{len(names)} names: mean {angle.mean():.1f}, worst {angle.max():.1f} ({names[angle.argmax()]}), "
          f"10-20 {small.max():.1f} degrees")


interpolation()
current_source_density()
infinity()
positions()
sys.exit(failures > 0)
