"""Scalp maps: electrodes on a sphere, flattened, a smooth surface through their values, a head."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle

INK = "#1b2733"

RIM = np.deg2rad(92)  # polar angle of the lowest ring of the 10-20 system: the outline lies just outside


def places(channels, positions):
    """Flat places (x to the right ear, y to the nose, the outline at 1), NaN where unknown.
    positions: frame with x, y, z on the unit sphere, by channel."""
    xyz = positions.reindex(channels).to_numpy(float)
    radius = 0.9 * np.arccos(np.clip(xyz[:, 2], -1, 1)) / RIM
    azimuth = np.arctan2(xyz[:, 1], xyz[:, 0])
    return np.column_stack([radius * np.cos(azimuth), radius * np.sin(azimuth)])


def surface(xy, value, n=121):
    """Thin-plate spline through the electrodes (Duchon 1977), lightly smoothed, on an n x n grid around the head."""

    def kernel(d2):
        return d2 * np.log(d2 + 1e-12)

    m = len(value)
    d2 = ((xy[:, None] - xy[None]) ** 2).sum(axis=2)
    system = np.zeros((m + 3, m + 3))
    system[:m, :m] = kernel(d2) + 1e-3 * np.eye(m)
    system[:m, m:] = system[m:, :m].T
    system[:m, m:] = np.column_stack([np.ones(m), xy])
    system[m:, :m] = system[:m, m:].T
    weight = np.linalg.solve(system, np.concatenate([value, np.zeros(3)]))
    x, y = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, n))
    grid = np.column_stack([x.ravel(), y.ravel()])
    near = kernel(((grid[:, None] - xy[None]) ** 2).sum(axis=2))
    z = near @ weight[:m] + np.column_stack([np.ones(len(grid)), grid]) @ weight[m:]
    return z.reshape(n, n)


def draw(axes, xy, value, limits, colours):
    """One map; returns the image for a colour bar."""
    keep = np.isfinite(xy[:, 0]) & np.isfinite(value)
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_xlim(-1.2, 1.2)
    axes.set_ylim(-1.12, 1.28)
    image = None
    if keep.sum() >= 4:
        z = surface(xy[keep], value[keep])
        image = axes.imshow(
            z,
            origin="lower",
            extent=(-1, 1, -1, 1),
            vmin=limits[0],
            vmax=limits[1],
            cmap=colours,
            interpolation="bilinear",
        )
        side = np.linspace(-1, 1, len(z))
        lines = axes.contour(
            side,
            side,
            z,
            levels=np.linspace(*limits, 9)[1:-1],
            colors="white",
            linewidths=0.5,
            linestyles="-",
            alpha=0.6,
        )
        for part in [image] + list(getattr(lines, "collections", [lines])):
            part.set_clip_path(Circle((0, 0), 1, transform=axes.transData))
    axes.add_patch(Circle((0, 0), 1, fill=False, color=INK, lw=1.3))
    axes.plot([-0.16, 0, 0.16], [0.987, 1.14, 0.987], color=INK, lw=1.3, solid_joinstyle="round")
    for side in (-1, 1):
        angle = np.linspace(-np.pi / 2, np.pi / 2, 30)
        axes.plot(side * (0.985 + 0.1 * np.cos(angle)), 0.2 * np.sin(angle), color=INK, lw=1.3)
    axes.scatter(*xy[keep].T, s=7, color=INK, linewidths=0)
    return image


def figure(title, unit, xy, groups):
    """Each group's median map and the difference. xy: places; groups: [(label, colour, value[subject, channel])]."""
    maps = []
    for label, colour, value in groups:
        some = value[np.isfinite(value).any(axis=1)]
        if len(some):
            maps.append(
                (
                    f"{label} (n = {len(some)})",
                    colour,
                    np.array([np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else np.nan for v in some.T]),
                )
            )
    if not maps or np.isfinite(xy[:, 0]).sum() < 4:
        return None
    both = np.concatenate([m[2] for m in maps])
    limits = (np.nanmin(both), np.nanmax(both))
    if not limits[1] > limits[0]:
        limits = (limits[0] - 0.5, limits[1] + 0.5)
    with_difference = len(maps) == 2
    fig, axes = plt.subplots(
        1, len(maps) + with_difference, figsize=(3.0 * (len(maps) + with_difference), 3.0), squeeze=False
    )
    unit = unit.replace("uV", "µV").replace("^2", "²") if unit not in ("", "1") else ""
    for panel, (label, colour, value) in zip(axes[0], maps):
        image = draw(panel, xy, value, limits, "viridis")
        panel.set_title(label, color=colour, loc="center")
    bar(fig, image, list(axes[0, : len(maps)]), f"{title}{' (' + unit + ')' if unit else ''}")
    if with_difference:
        difference = maps[1][2] - maps[0][2]
        most = np.nanmax(abs(difference)) or 1
        image = draw(axes[0, 2], xy, difference, (-most, most), "PuOr_r")
        axes[0, 2].set_title("Difference", loc="center")
        bar(fig, image, [axes[0, 2]], f"{maps[1][0].split(' (n')[0]} minus {maps[0][0].split(' (n')[0]}")
    return fig


def bar(fig, image, panels, label):
    if image is None:
        return
    bar_ = fig.colorbar(image, ax=panels, orientation="horizontal", fraction=0.06, pad=0.02, aspect=28, shrink=0.75)
    bar_.outline.set_visible(False)
    bar_.ax.tick_params(length=2, labelsize=7.5)
    bar_.set_label(label, fontsize=8.5)
