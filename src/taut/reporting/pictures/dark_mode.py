"""SVG whose colours follow the reader's dark mode, and whose text has the reader's font."""

from taut.reporting.pictures.style import ELBO_PALE, FAMILY, GRID, INK, KL_PALE, MUTED, PAPER

FONT = "DejaVu Sans"
# name of the CSS variable, colour as drawn, colour in dark mode
_THEME = [
    ("ink", INK, "#e6e9ec"),
    ("muted", MUTED, "#9aa4ae"),
    ("grid", GRID, "#363c43"),
    ("paper", PAPER, "#16191d"),
    ("pale", KL_PALE, "#7a4c28"),
    ("pale-elbo", ELBO_PALE, "#34557a"),
    ("family", FAMILY, "#d4635f"),
]
_FONT_OF_PAGE = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def themed(svg: str) -> str:
    """Turn the fixed colours into variables with a second value for dark mode."""
    body = svg[svg.index("<svg") :].replace(f"'{FONT}'", _FONT_OF_PAGE)
    for name, light, _ in _THEME:
        body = body.replace(light, f"var(--{name})")
    light_values = ";".join(f"--{name}:{light}" for name, light, _ in _THEME)
    dark_values = ";".join(f"--{name}:{dark}" for name, _, dark in _THEME)
    style = f"<style>:root{{{light_values}}}@media (prefers-color-scheme:dark){{:root{{{dark_values}}}}}</style>"
    start = body.index(">") + 1
    return body[:start] + style + body[start:]
