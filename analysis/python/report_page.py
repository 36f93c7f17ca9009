"""The page: HTML pieces and their style. Everything is inside one file; text from the store is always escaped."""

import base64
import html
import io

import matplotlib.pyplot as plt

STYLE = """
:root { --ink: #1b2733; --soft: #5b6b7a; --line: #dde3e8; --paper: #ffffff; --wash: #f5f7f9; --accent: #0b3c5d; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink); 
  font: 16px/1.55 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; background: var(--paper); padding: 48px 64px 72px;
  box-shadow: 0 0 0 1px var(--line); }
header { border-bottom: 2px solid var(--accent); padding-bottom: 20px; margin-bottom: 28px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 20px; margin: 48px 0 12px; color: var(--accent); letter-spacing: -0.005em; }
h3 { font-size: 15px; margin: 28px 0 8px; }
p { margin: 0 0 12px; max-width: 74ch; }
.lead { color: var(--soft); margin: 0; }
.note { color: var(--soft); font-size: 13.5px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 12px; margin: 0 0 8px; }
.card { border: 1px solid var(--line); border-radius: 6px; padding: 12px 14px; line-height: 1.35; }
.card b { display: block; white-space: nowrap; font-size: 24px; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: 13px; }
figure { margin: 18px 0 26px; }
figure img { display: block; max-width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: 13.5px; line-height: 1.5; max-width: 86ch; margin-top: 8px; }
figcaption b { color: var(--ink); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 28px; }
table { border-collapse: collapse; font-size: 14px; margin: 8px 0 20px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); border-bottom: 1.5px solid var(--soft); }
td.n, th.n { text-align: right; }
.absent { border-left: 3px solid var(--line); padding: 4px 0 4px 14px; color: var(--soft); }
.warn { border-left: 3px solid #d55e00; padding: 4px 0 4px 14px; }
footer { margin-top: 56px; border-top: 1px solid var(--line); padding-top: 14px; color: var(--soft); font-size: 13px; }
@media (max-width: 800px) { main { padding: 24px; } .pair { grid-template-columns: 1fr; } }
@media print { body { background: none; } main { box-shadow: none; padding: 0; }
  figure, table { break-inside: avoid; } }
"""


def escape(text):
    return html.escape(str(text))


class Page:
    def __init__(self, title):
        self.title, self.parts, self.n_figures = title, [], 0

    def add(self, part):
        self.parts.append(part)

    def heading(self, text):
        self.add(f"<h2>{escape(text)}</h2>")

    def subheading(self, text):
        self.add(f"<h3>{escape(text)}</h3>")

    def text(self, text, kind=None):
        self.add(f"<p{f' class={kind!r}' if kind else ''}>{escape(text)}</p>")

    def absent(self, text):
        """Says that something is not in the store, instead of a figure."""
        self.text(text, "absent")

    def cards(self, cards):
        self.add(
            "<div class='cards'>"
            + "".join(f"<div class='card'><b>{escape(v)}</b><span>{escape(t)}</span></div>" for v, t in cards)
            + "</div>"
        )

    def figure(self, figure, title, caption, width):
        """The figure as PNG inside the page, `width` CSS pixels wide."""
        self.n_figures += 1
        data = io.BytesIO()
        figure.savefig(data, format="png", metadata={"Software": None})
        plt.close(figure)
        image = base64.b64encode(data.getvalue()).decode()
        return (
            f"<figure><img width='{width}' alt='{escape(title)}' src='data:image/png;base64,{image}'>"
            f"<figcaption><b>Figure {self.n_figures}. {escape(title)}</b> {escape(caption)}</figcaption></figure>"
        )

    def pair(self, left, right):
        self.add(f"<div class='pair'>{left}{right}</div>")

    def table(self, head, rows, numeric=()):
        cls = ["n" if i in numeric else "" for i in range(len(head))]
        cells = lambda tag, row: "".join(
            f"<{tag}{f' class={c!r}' if c else ''}>{escape(v)}</{tag}>" for c, v in zip(cls, row)
        )  # noqa: E731
        self.add(
            f"<table><thead><tr>{cells('th', head)}</tr></thead><tbody>"
            + "".join(f"<tr>{cells('td', r)}</tr>" for r in rows)
            + "</tbody></table>"
        )

    def html(self, lead, footer):
        head = (
            "<meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
            f"<title>{escape(self.title)}</title><style>{STYLE}</style>"
        )
        header = f"<header><h1>{escape(self.title)}</h1><p class='lead'>{escape(lead)}</p></header>"
        body = "\n".join([header] + self.parts + [f"<footer>{escape(footer)}</footer>"])
        return f"<!DOCTYPE html>\n<html lang='en'><head>{head}</head><body><main>\n{body}</main></body></html>\n"
