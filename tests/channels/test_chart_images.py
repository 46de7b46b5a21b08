"""Charts of messages, as images."""

from io import BytesIO

from PIL import Image

from portal.integrations.messages import Bar, Chart, Part, charts
from tests.channels.builders import CHART


def image_of(chart: Chart) -> Image.Image:
    return Image.open(BytesIO(charts.draw(chart))).convert("RGB")


def test_a_bar_is_split_as_its_parts_are() -> None:
    image = image_of(CHART)
    row = [image.getpixel((x, 90)) for x in range(380, 1248)]
    pale, gold = row.count((0xB9, 0xD6, 0xED)), row.count((0xE2, 0xAC, 0x16))
    assert abs(pale * 3 - gold) <= 10


def test_the_same_chart_is_the_same_image() -> None:
    assert charts.draw(CHART) == charts.draw(CHART)


def test_what_is_too_long_or_empty_is_drawn_as_far_as_it_goes() -> None:
    long = Bar("x" * 500 + "\n漢字", (Part("y" * 500, 10**12, "unheard"), Part("none", 0, "gold")))
    bars = (long, Bar("", ()), *[Bar(str(number), ()) for number in range(60)])
    assert image_of(Chart("z" * 900, bars)).width == charts.WIDTH
    assert image_of(Chart("", ())).height > 0
