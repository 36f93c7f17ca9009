"""Decoding of recordings in frames: raw bytes to microvolt on one core, processor time (the machine may be shared)."""
import json

import numpy as np

from figures import PROGRAMS, SCRATCH, figure, sh

FS, SECONDS, BLOCK_S, REPEATS = 500, 600, 60, 7


def wfdb(name, channels, fmt, data, extra):
    (SCRATCH / f"{name}.dat").write_bytes(data)
    lines = "".join(f"{name}.dat {fmt} 20.5(3)/uV {extra} 0 0 0 0 C{c}\n" for c in range(channels))
    (SCRATCH / f"{name}.hea").write_text(f"{name} {channels} {FS} {FS * SECONDS}\n{lines}")
    return SCRATCH / f"{name}.hea"


def brainvision(name, channels, form, orientation, data):
    (SCRATCH / f"{name}.eeg").write_bytes(data)
    lines = "".join(f"Ch{c + 1}=C{c},,0.5,uV\n" for c in range(channels))
    (SCRATCH / f"{name}.vhdr").write_text(
        f"Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=$b.eeg\nDataFormat=BINARY\n"
        f"DataOrientation={orientation}\nNumberOfChannels={channels}\nSamplingInterval={1000000 // FS}\n"
        f"[Binary Infos]\nBinaryFormat={form}\n[Channel Infos]\n{lines}")
    return SCRATCH / f"{name}.vhdr"


def packed_24(v):
    return v.astype("<i4").view("u1").reshape(-1, 4)[:, :3].tobytes()


def packed_12(v):
    a, b = v.reshape(-1, 2).T & 0xFFF
    return np.stack([a & 255, (a >> 8) | (b >> 8) << 4, b & 255], axis=1).astype("u1").tobytes()


def measure():
    rng = np.random.default_rng(1)
    v = rng.integers(-2000, 2000, (FS * SECONDS, 64))
    frames, floats = "MULTIPLEXED", "IEEE_FLOAT_32"
    files = [
        ("WFDB 16, 19 channels", wfdb("w19", 19, 16, v[:, :19].astype("<i2").tobytes(), 16), 500),
        ("WFDB 16, 64 channels", wfdb("w64", 64, 16, v.astype("<i2").tobytes(), 16), 500),
        ("WFDB 212, 20 channels", wfdb("w212", 20, 212, packed_12(v[:, :20]), 12), None),
        ("WFDB 24, 20 channels", wfdb("w24", 20, 24, packed_24(v[:, :20]), 24), None),
        ("BrainVision INT_16, 32 channels",
         brainvision("b16", 32, "INT_16", frames, v[:, :32].astype("<i2").tobytes()), 500),
        ("BrainVision float, 64 channels", brainvision("b32", 64, floats, frames, v.astype("<f4").tobytes()), 500),
        ("BrainVision float, by channels", brainvision("bv", 64, floats, "VECTORIZED", v.T.astype("<f4").tobytes()), 500)]
    for name, path, asked in files:
        ours = json.loads(sh([PROGRAMS / "decode", BLOCK_S, REPEATS, path]))
        figure(f"decoding, {name}", 1e-6 * ours["bytes"] / ours["seconds"], "MB/s raw",
               f"{SECONDS} s at {FS} Hz, loads of {BLOCK_S} s, pieces of 4096 samples", asked)
