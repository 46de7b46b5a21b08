"""Messages as each kind of channel is told them: within its limits, and never as markup."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.integrations.messages import (
    Arrow,
    Bar,
    Chart,
    Context,
    Fields,
    Heading,
    Item,
    Items,
    Links,
    Message,
    Part,
    Text,
    dump,
    mail,
    parse,
    plain,
    slack,
    teams,
)
from portal.integrations.messages.fitting import clip, clip_escaped, packed
from tests.channels.builders import MESSAGE
from tests.channels.slack_stub import faults_of

words = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["", " ", "\n", "<!channel>", "<@U1|x>", "a&b", "*b*", "_i_", "x" * 4_000]),
    st.text("&<>*|", min_size=900, max_size=4_000),
)
links = st.sampled_from(
    ["", "https://t.example/a", "https://t.example/" + "x" * 3_000, "h|t>tp:<&"]
)
items = st.builds(Item, words, links, words, st.sampled_from(Arrow))
charts = st.builds(
    Chart,
    words,
    st.lists(
        st.builds(
            Bar,
            words,
            st.lists(
                st.builds(Part, words, st.integers(0, 10**6), st.sampled_from(["gold", "none"])),
                max_size=4,
            ).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
)
blocks = st.one_of(
    st.builds(Heading, words),
    st.builds(Text, words),
    st.builds(Context, words),
    st.builds(Fields, st.lists(st.tuples(words, words), max_size=12).map(tuple)),
    st.builds(Items, st.lists(items, max_size=8).map(tuple), st.integers(0, 9)),
    st.builds(Links, st.lists(st.tuples(words, links), max_size=8).map(tuple)),
    charts,
)
# Long ones repeat themselves: making up every block of them would take most of the time.
messages = st.builds(
    lambda title, some, times: Message(title, tuple(some) * times),
    words,
    st.lists(blocks, max_size=5),
    st.sampled_from([1, 1, 15]),
)


@given(messages)
def test_a_message_survives_its_way_through_the_database(message: Message) -> None:
    assert parse(json.loads(json.dumps(dump(message)))) == message


@given(messages, st.sampled_from(["", "F123"]))
def test_slack_takes_every_message(message: Message, image: str) -> None:
    assert list(faults_of(slack.render(message, image=image))) == []


@given(messages)
def test_nothing_in_a_text_is_markup_to_slack(message: Message) -> None:
    payload = slack.render(message)
    for block in payload["blocks"]:
        texts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        for text in filter(None, texts):
            if text["type"] == "mrkdwn":
                left = re.sub(r"<[^<>|\s]+\|[^<>|]*>", "", text["text"])
                assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", left)


@given(messages)
def test_a_card_of_teams_fits(message: Message) -> None:
    payload = teams.render(message)
    assert teams.size(payload) <= teams.MAX_BYTES
    assert payload["attachments"][0]["content"]["body"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


@given(messages, st.sampled_from(["<script>", '"><img src=x>', "<b>"]))
def test_nothing_in_a_text_is_markup_to_mail(message: Message, evil: str) -> None:
    tags = _Tags()
    tags.feed(mail.render(Message(evil, (Text(evil), *message.blocks))))
    assert tags.found <= {
        "html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "ul", "li", "a", "span",
        "table", "tr", "th", "td", "br",
    }  # fmt: skip


@given(messages)
def test_a_subject_is_one_line(message: Message) -> None:
    line = mail.subject(message)
    assert 1 <= len(line) <= 200
    assert len(line.splitlines()) == 1


@given(messages)
def test_every_message_has_a_plain_text(message: Message) -> None:
    assert isinstance(plain.as_text(message), str)
    assert isinstance(plain.as_markdown(message), str)


def test_slack_is_told_a_message_in_blocks() -> None:
    assert slack.render(MESSAGE, image="F1") == {
        "text": "All &lt;well&gt; &amp; good",
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": "All <well> & good", "emoji": False},
            },
            _section("Two things moved."),
            _section("*Moved*"),
            _section(
                "▲ <https://t.example/shop?a=1&amp;b=2|shop>: Basic → Gold\n"
                "▼ pay|roll: Gold → Basic\nand 3 more"
            ),
            {
                "type": "section",
                "fields": [_mrkdwn("*Gold*\n3"), _mrkdwn("*Basic*\n1")],
            },
            {
                "type": "image",
                "slack_file": {"id": "F1"},
                "alt_text": "Levels. Quality: 1 Basic, 3 Gold.",
                "title": {"type": "plain_text", "text": "Levels", "emoji": False},
            },
            _section("<https://t.example/|Open>"),
            {"type": "context", "elements": [_mrkdwn("Told by a test.")]},
        ],
    }


def _mrkdwn(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": _mrkdwn(text)}


def test_a_message_of_too_many_blocks_says_that_it_was_cut() -> None:
    payload = slack.render(Message("Long", tuple(Text(str(number)) for number in range(80))))
    assert len(payload["blocks"]) == 50
    assert "left out" in payload["blocks"][-1]["elements"][0]["text"]


def test_a_card_that_is_too_large_says_that_it_was_cut() -> None:
    lines = tuple(Item(f"entity {number}", note="x" * 250) for number in range(300))
    content = teams.render(Message("Long", (Items(lines),)))["attachments"][0]["content"]
    assert "left out" in content["body"][-1]["text"]
    assert len(content["body"]) > 20


def test_teams_is_told_a_message_as_a_card() -> None:
    content = teams.render(MESSAGE)["attachments"][0]["content"]
    texts = [part.get("text") for part in content["body"]]
    assert texts == [
        "All \\<well\\> & good",
        "Two things moved.",
        "Moved",
        "▲ [shop](https://t.example/shop?a=1&b=2): Basic → Gold",
        "▼ pay\\|roll: Gold → Basic",
        "and 3 more",
        None,
        "Told by a test.",
    ]
    assert content["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open", "url": "https://t.example/"}
    ]


def test_plain_text_says_everything() -> None:
    assert plain.as_text(MESSAGE) == (
        "Two things moved.\n\nMOVED\n\n"
        "- ▲ shop: Basic → Gold\n  https://t.example/shop?a=1&b=2\n"
        "- ▼ pay|roll: Gold → Basic\n- and 3 more\n\n"
        "Gold: 3\nBasic: 1\n\nLevels. Quality: 1 Basic, 3 Gold.\n\n"
        "Open: https://t.example/\n\nTold by a test."
    )


@given(st.text("&<>ab", max_size=50), st.integers(2, 60))
def test_an_escape_is_never_cut_in_two(text: str, limit: int) -> None:
    cut = clip_escaped(text, limit, slack.escape)
    assert len(cut) <= limit
    assert slack.escape(text).startswith(cut.removesuffix("…"))
    assert re.fullmatch(r"(&amp;|&lt;|&gt;|[ab])*…?", cut)


@given(st.lists(st.text("ab", min_size=1, max_size=9), max_size=20), st.integers(9, 30))
def test_lines_are_packed_whole_and_in_order(lines: list[str], limit: int) -> None:
    texts = packed(lines, limit)
    assert "\n".join(texts).split("\n") == (lines or [""])
    assert all(len(text) <= limit for text in texts)


@pytest.mark.parametrize(("text", "cut"), [("abcd", "abcd"), ("abcde", "abc…")])
def test_a_text_is_cut_with_an_ellipsis(text: str, cut: str) -> None:
    assert clip(text, 4) == cut
