"""Recordings that take no room: an EDF header and a hole, every sample is 0."""

TEN_TWENTY = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split()


def sparse_edf(path, labels, fs_hz, duration_s):
    n = len(labels)
    columns = [(label, 16) for label in labels] + [("", 80)] * n + [("uV", 8)] * n + [("-3276.8", 8)] * n + [("3276.7", 8)] * n
    columns += [("-32768", 8)] * n + [("32767", 8)] * n + [("", 80)] * n + [(str(fs_hz), 8)] * n + [("", 32)] * n
    fixed = f"{'0':8s}{'X X X X':80s}{'Startdate X X X X':80s}01.01.0000.00.00{256 * (n + 1):<8d}{'':44s}{duration_s:<8d}{'1':8s}{n:<4d}"
    with open(path, "wb") as file:
        file.write((fixed + "".join(text.ljust(width) for text, width in columns)).encode())
        file.truncate(256 * (n + 1) + 2 * n * fs_hz * duration_s)
