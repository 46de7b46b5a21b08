"""jq programs run outside this process, and nothing they do reaches it."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.computed import jq, jq_ledger, jq_sandbox
from catalog.computed.jq import JqError, check, evaluate, evaluate_many
from catalog.computed.jq_ledger import Cost, Ledger
from catalog.computed.jq_sandbox import Sandbox, StoppedError, Watch, sandbox
from catalog.computed.jq_syntax import normalise, tokens

ENTITY = {
    "identifier": "billing",
    "title": "Billing",
    "team": ["platform"],
    "properties": {"tier": 2, "language": "Go", "count": 3},
    "relations": {"owner": "ada"},
}


@pytest.fixture(autouse=True)
def no_program_was_stopped_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jq, "_ledger", Ledger())


@pytest.mark.parametrize(
    ("program", "value"),
    [
        (".identifier", "billing"),
        (".properties.tier + 1", 3),
        (".properties.tier / 4", 0.5),
        ("empty", None),
        (".nothing", None),
        ("1, 2, 3", 1),
        ("halt", None),
        ("[.team[] | ascii_upcase]", ["PLATFORM"]),
        ("{a: .title}", {"a": "Billing"}),
        ('.properties.language == "Go"', True),
        (".properties.language == 'Go'", True),
        ("if .properties.tier > 1 then 'it\\'s' else 'no' end", "it's"),
        ("'say \"hi\"'", 'say "hi"'),
        ("'tier \\(.properties.tier)'", "tier 2"),
        ("\"it's\" # 'quoted' in a comment", "it's"),
        ("0 | localtime | mktime", 0),
        ("'é' | length", 1),
    ],
)
def test_a_program_answers_with_its_first_output(program: str, value: object) -> None:
    assert evaluate(program, ENTITY) == value


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            ".a |",
            "syntax error, unexpected end of file at <top-level>, line 1, column 4:\n"
            "    .a |\n"
            "       ^",
        ),
        ("", 'Top-level program not given (try ".")'),
        ("nonsense(1)", "nonsense/1 is not defined at <top-level>, line 1, column 1:"),
        ("'open", "syntax error"),
        ('import "x" as x; .', "A jq program cannot use import, include or module here."),
        (' # c\ninclude "x"; .', "A jq program cannot use import, include or module here."),
        ('"\0"', "A jq program cannot contain a NUL character."),
    ],
)
def test_a_program_that_does_not_compile_is_refused_with_the_reason(
    program: str, message: str
) -> None:
    with pytest.raises(JqError) as refused:
        check(program)
    assert str(refused.value).startswith(message)


def test_checking_does_not_run_the_program() -> None:
    check("def f: f; f")


def test_a_wide_or_a_reasonably_deep_result_is_fine() -> None:
    assert evaluate("[range(1000) | [.]] | length", None) == 1000
    assert evaluate("[range(1000) | [.]] | .[999]", None) == [999]
    assert evaluate("[range(300) | [{}]]", None) == [[{}]] * 300
    assert evaluate("reduce range(200) as $i (1; [.]) | tojson | length", None) == 401
    assert isinstance(evaluate("reduce range(200) as $i (1; [.])", None), list)


def test_an_error_while_running_carries_the_message_of_jq() -> None:
    with pytest.raises(JqError, match=r"^number \(2\) and string \(\"Go\"\) cannot be added$"):
        evaluate(".properties | .tier + .language", ENTITY)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("def f: f; f", "The program ran longer than 1 s and was stopped."),
        ("[range(1e12)]", "The program"),
        ("last(repeat(1))", "The program ran longer than 1 s and was stopped."),
        ("def f: 1 + f; f", "The program"),
        ("reduce range(1e6) as $i (.; [.])", "The program"),
        ("reduce range(5000) as $i (.; [.])", "The result is nested too deeply."),
        ("reduce range(9000) as $i (1; {a: .})", "The result is nested too deeply."),
        ("reduce range(201) as $i (1; [.])", "The result is nested too deeply."),
        ('"x" * 400000000', "The program"),
        ('[limit(40; repeat("x" * 20000000))] | tojson', "The program"),
        ('"x" * 2000000', "The result is larger than 1024 KiB."),
    ],
)
def test_a_greedy_program_is_stopped_and_the_next_one_works(program: str, message: str) -> None:
    evaluate(".", 1)
    started = time.monotonic()
    with pytest.raises(JqError) as stopped:
        evaluate(program, ENTITY)
    assert str(stopped.value).startswith(message)
    # 1 s of processor time; the rest is room for a machine that is doing other things as well.
    assert time.monotonic() - started < 4
    assert evaluate(".identifier", ENTITY) == "billing"


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("$ENV", {}),
        ("env", {}),
        ("$ENV.TIDEMARK_SECRET", None),
        ("input_filename", None),
        ("[inputs]", []),
        ("get_search_list", []),
    ],
)
def test_a_program_sees_neither_environment_nor_files(
    program: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMARK_SECRET", "hunter2")
    sandbox.child.stop()  # a new child, started with the secret around
    assert evaluate(program, ENTITY) == value


def test_a_program_cannot_load_a_module(tmp_path: object) -> None:
    (tmp_path / "m.jq").write_text("def secret: 1;")
    with pytest.raises(JqError, match="module not found"):
        evaluate(f'"{tmp_path}/m" | modulemeta', None)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_child_could_not_open_a_file_if_it_wanted_to() -> None:
    evaluate(".", 1)
    path = Path(f"/proc/{sandbox.child.process.pid}/limits")
    limits = dict(line.split("  ", 1) for line in path.read_text().splitlines())
    assert limits["Max open files"].split()[:2] == ["3", "3"]
    assert limits["Max file size"].split()[:2] == ["0", "0"]
    assert limits["Max core file size"].split()[:2] == ["0", "0"]
    assert limits["Max address space"].split()[:2] == [str(512 * 1024**2)] * 2


def test_now_is_an_argument() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    value = {"properties": {"since": "2026-02-27T00:00:00Z"}}
    program = "(now - (.properties.since | fromdateiso8601)) / 86400"
    assert evaluate(program, value, now=now) == 2
    assert evaluate("now as $n | 1, $n | . + 1", value, now=now) == 2
    assert evaluate(".properties.since", value, now=now) == "2026-02-27T00:00:00Z"


def test_without_now_the_clock_of_the_machine_answers() -> None:
    assert abs(evaluate("now", None) - time.time()) < 5


def test_in_a_batch_a_failing_item_fails_alone() -> None:
    results = evaluate_many([(".a", {"a": 1}), (".a + 1", {"a": "x"}), (".a |", {}), (".b", {})])
    assert [str(r) if isinstance(r, JqError) else r for r in results] == [
        1,
        'string ("x") and number (1) cannot be added',
        "syntax error, unexpected end of file at <top-level>, line 1, column 4:\n"
        "    .a |\n       ^",
        None,
    ]


def test_a_program_that_keeps_being_stopped_is_given_up_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def stop(requests: Iterable[tuple[str, str]], watch: Watch) -> list[StoppedError]:
        for code, _ in requests:
            tried.append(code)
            watch(0, Cost(1.0, 0, was_stopped=True))
            return [StoppedError("stopped")]
        return []

    monkeypatch.setattr(sandbox, "ask_many", stop)
    results = evaluate_many([("last(repeat(1))", None)] * 5)
    assert tried == ["last(repeat(1))"] * 3
    assert [str(result) for result in results] == ["stopped"] * 3 + [
        "Not run: the program had to be stopped 3 times for entities before this one. "
        "Mend what is slow; the command rebuild then runs what was left out."
    ] * 2
    monkeypatch.setattr(jq_ledger, "PAUSE_SECONDS", 0.0)
    assert [str(result) for result in evaluate_many([("last(repeat(1))", 0)])] == ["stopped"]


@pytest.mark.parametrize("program", ['error("a" + "ü" * 600000)', f"error({'(' * 8000}"])
def test_a_message_is_no_longer_than_a_reader_needs(program: str) -> None:
    """Cut as text, not as bytes: half a letter would not be read back."""
    with pytest.raises(JqError) as failed:
        evaluate(program, None)
    assert 400 < len(str(failed.value)) <= 503


@pytest.mark.parametrize("depth", [9_000, 9_990])
def test_a_program_nested_deeper_than_anybody_writes_is_answered(depth: int) -> None:
    assert evaluate("(" * depth + "1" + ")" * depth, None) == 1
    with pytest.raises(JqError):
        evaluate("[" * depth + "1" + "]" * depth, None)
    assert evaluate(".", 2) == 2


def test_a_child_that_was_killed_between_two_programs_is_replaced() -> None:
    evaluate(".", 1)
    os.kill(sandbox.child.process.pid, signal.SIGKILL)
    sandbox.child.process.wait()
    assert evaluate(".", 2) == 2


def test_an_interrupted_answer_is_not_taken_for_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluate(".", 1)
    with monkeypatch.context() as patch:
        patch.setattr(jq_sandbox._Child, "_read", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            evaluate('"old"', None)
    assert evaluate('"new"', None) == "new"


def _interrupt(*_args: object) -> None:
    raise KeyboardInterrupt


def test_many_programs_go_through_together_and_a_stopped_one_holds_up_no_other() -> None:
    pairs = [(".n", {"n": n, "padding": "x" * 1_000}) for n in range(2_000)]
    pairs[700] = ("last(repeat(1))", None)
    pairs[900] = (".n / 0", {"n": 1})
    results = evaluate_many(pairs)
    stopped, failed = results[700], results[900]
    assert isinstance(stopped, StoppedError)
    assert isinstance(failed, JqError)
    assert "ran longer" in str(stopped)
    wanted = [n for n in range(2_000) if n not in (700, 900)]
    assert [result for result in results if not isinstance(result, JqError)] == wanted


def test_answers_larger_than_a_pipe_come_back_while_more_is_asked() -> None:
    results = evaluate_many([('[range(.)] | map("x" * 100) | join("")', 1_000)] * 50)
    assert results == ["x" * 100_000] * 50


def test_input_larger_than_a_pipe_goes_through() -> None:
    assert evaluate("length", ["x" * 1000] * 5000) == 5000


def test_input_nested_too_deeply_is_an_error() -> None:
    value: list[object] = []
    for _ in range(200_000):
        value = [value]
    with pytest.raises(JqError, match=r"^The input is nested too deeply\.$"):
        evaluate(".", value)


def test_threads_share_the_child_without_mixing_answers() -> None:
    def work(thread: int) -> bool:
        return all(
            evaluate(".n + 1", {"n": thread * 1000 + n}) == thread * 1000 + n + 1
            for n in range(200)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_a_runaway_in_one_thread_does_not_fail_the_others() -> None:
    with ThreadPoolExecutor(4) as pool:
        runaway = pool.submit(evaluate, "last(repeat(1))", None)
        others = list(pool.map(lambda n: evaluate(".", n), range(40)))
    assert isinstance(runaway.exception(), JqError)
    assert others == list(range(40))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_has_a_child_of_its_own() -> None:
    evaluate(".", 1)
    mine = sandbox.child.process.pid
    assert _in_fork(lambda: evaluate(".", 2) == 2 and sandbox.child.process.pid != mine)
    assert evaluate(".", 3) == 3
    assert sandbox.child.process.pid == mine


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_while_a_thread_holds_the_sandbox_does_not_hang() -> None:
    with ThreadPoolExecutor(1) as pool:
        runaway = pool.submit(evaluate, "last(repeat(1))", None)
        while not sandbox.lock.locked():
            time.sleep(0.01)
        assert _in_fork(lambda: evaluate(".", 2) == 2)
        assert isinstance(runaway.exception(), JqError)


def _in_fork(question: Callable[[], bool]) -> bool:
    """Ask the question in a forked process that gets five seconds for the answer."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(5)
        os._exit(0 if question() else 1)
    return os.waitpid(pid, 0)[1] == 0


def test_the_sandbox_starts_on_first_use() -> None:
    unused = Sandbox()
    assert unused.child is None
    assert unused.ask(".", "1") == 1
    unused.child.stop()


@pytest.mark.parametrize(
    ("program", "normalised"),
    [
        ("'a'", '"a"'),
        ('"it\'s"', '"it\'s"'),
        ("'say \"x\"'", '"say \\"x\\""'),
        (r"'it\'s'", '"it\'s"'),
        (r"'a\nb\\'", r'"a\nb\\"'),
        ("# don't\n'a'", '# don\'t\n"a"'),
        (r"""# one \
        don't
        'a'""", r"""# one \
        don't
        "a\""""[:-2] + '"'),
        (r"""'x\(.a | join('-'))"y"'""", r'''"x\(.a | join("-"))\"y\""'''),
        (r'''"x\(.a | join('-'))'y'"''', r'''"x\(.a | join("-"))'y'"'''),
        ("'open", '"open'),
        ("", ""),
    ],
)  # fmt: skip
def test_single_quoted_strings_become_double_quoted(program: str, normalised: str) -> None:
    assert normalise(program) == normalised


@pytest.mark.parametrize("program", ["'a\\(1)' + .b['c'] # d", ") ] } '", r'"\("\(', "\\ \u0000 é"])
def test_the_tokens_of_a_program_are_the_program(program: str) -> None:
    assert "".join(token.text for token in tokens(program)) == program
