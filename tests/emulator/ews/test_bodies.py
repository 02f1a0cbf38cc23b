"""Bodies from HTML to text and back."""

import pytest

from emulator.ews.bodies import as_html, as_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<html><head><title>t</title><style>p {}</style></head><body>a<br>b</body></html>", "a\nb"),
        ("1 &lt; 2 &amp;&nbsp;3", "1 < 2 &\N{NO-BREAK SPACE}3"),
        ("<div>a\n   b <b>c</b>d</div><!-- hidden -->", "a b cd"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_html_as_text(html: str, text: str) -> None:
    assert as_text(html, "HTML") == text


def test_text_stays_text_and_html_stays_html() -> None:
    assert as_text("<b>kept</b>", "Text") == "<b>kept</b>"
    assert as_html("<b>kept</b>", "HTML") == "<b>kept</b>"
    assert as_html("a < b\r\nc", "Text") == "<html><body>a &lt; b<br>\nc</body></html>"
