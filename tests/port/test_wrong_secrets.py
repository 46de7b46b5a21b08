"""What is remembered of wrong secrets, and who is kept waiting."""

from threading import Event, Thread

from portal.integrations.port.wrong_secrets import ALLOWED, PERIOD, WaitingRoom, WrongSecrets


def test_a_pair_is_refused_after_some_attempts_and_for_a_while() -> None:
    seen = WrongSecrets()
    for _ in range(ALLOWED):
        assert seen.wait("id", "wrong", now=0) == 0
        seen.note("id", "wrong", now=0)
    assert seen.wait("id", "wrong", now=1) == PERIOD - 1
    assert seen.wait("id", "right", now=1) == 0
    assert seen.wait("other", "wrong", now=1) == 0
    assert seen.wait("id", "wrong", now=PERIOD + 1) == 0


def test_attempts_are_counted_anew_after_a_while() -> None:
    seen = WrongSecrets()
    for moment in range(0, 10 * int(PERIOD), int(PERIOD)):
        seen.note("id", "wrong", now=moment)
    assert seen.wait("id", "wrong", now=9 * PERIOD + 1) == 0


def test_what_is_remembered_is_bounded() -> None:
    seen = WrongSecrets()
    for number in range(10_050):
        seen.note("id", str(number), now=0)
    assert len(seen._seen) == 10_000


def test_nobody_waits_where_no_thread_is_to_spare() -> None:
    assert WaitingRoom().wait(60) is False


def test_no_more_wait_than_there_are_seats() -> None:
    room, seated = WaitingRoom(), Event()
    room.open(1)

    def sit() -> None:
        seated.set()
        assert room.wait(0.5)

    thread = Thread(target=sit)
    thread.start()
    seated.wait()
    while room._seats._value:
        pass
    assert room.wait(60) is False
    thread.join()
    assert room.wait(0) is True
