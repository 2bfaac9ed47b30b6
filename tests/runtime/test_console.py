import re
import sys
import threading
import time

from gaussrep.runtime import console
from gaussrep.runtime.console import Progress, RemainingTime, paused_progress, print_table


def test_elsewhere_than_on_a_terminal_each_row_is_one_line(capsys):
    print_table(("name", "what"), [["a", "x" * 300], ["longer", ""]])
    assert capsys.readouterr().out == f"name    what\na       {'x' * 300}\nlonger\n"


def test_a_table_may_be_empty(capsys):
    print_table(("name", "what"), [])
    assert capsys.readouterr().out == "name  what\n"


def test_a_terminal_gets_a_drawn_table_with_its_text_untouched(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(("name",), [["[bold]x"]])
    drawn = capsys.readouterr().out
    assert "┃" in drawn
    assert "[bold]x" in drawn


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_first_steps_are_not_extrapolated():
    clock = Clock()
    remaining = RemainingTime(clock=clock)
    for seconds in (60, 20, 1, 1, 30, 1):  # two that compile, and a slow one in between
        assert remaining.seconds(total=6) is None or remaining.seconds(total=6) < 5
        clock.now += seconds
        remaining.update(remaining.done + 1)
    assert remaining.seconds(total=106) == 100


def test_steps_made_before_and_steps_made_together_count_right():
    clock = Clock()
    remaining = RemainingTime(done=500, clock=clock)
    for _ in range(4):
        clock.now += 8
        remaining.update(remaining.done + 16)
        remaining.update(remaining.done)
    assert remaining.seconds(total=600) == 18


def test_plain_lines_start_at_once_and_end_with_the_last_state(capsys):
    with Progress("reading", total=3) as progress:
        assert capsys.readouterr().err == "reading …\n"
        progress.update(1)
        progress.update(2, text="x 5")
    assert capsys.readouterr().err == "reading 2/3  x 5\n"


def test_no_line_is_repeated_without_news(capsys):
    with Progress("loading"):
        pass
    assert capsys.readouterr().err == "loading …\n"


def test_long_silence_is_broken(capsys, monkeypatch):
    monkeypatch.setattr(console, "LINE_SECONDS", 0.01)
    seen = ""
    with Progress("loading"):
        while seen.count("\n") < 3:
            seen += capsys.readouterr().err
    assert seen.splitlines()[1] == "loading … 0 s"


def test_a_line_without_news_says_for_how_long(capsys, monkeypatch):
    monkeypatch.setattr(console, "LINE_SECONDS", 0.01)
    seen = ""
    with Progress("step", total=3) as progress:
        progress.update(1)
        while seen.count("\n") < 3:
            seen += capsys.readouterr().err
        progress._news -= 700
        while not re.search(r"  … 7\d\d s", seen):
            seen += capsys.readouterr().err
    lines = [line for line in seen.splitlines() if line.startswith("step 1/3")]
    without, since = lines[:2]  # a line with 0 done may come before
    assert without == "step 1/3"
    assert re.fullmatch(r"step 1/3  … \d+ s", since)


def test_an_inner_progress_hides_the_outer_one(capsys, monkeypatch):
    monkeypatch.setattr(console, "LINE_SECONDS", 0.01)
    with Progress("outer", total=2) as outer:
        with Progress("inner", total=9) as inner:
            inner.update(1)
            capsys.readouterr()
            seen = ""
            while "inner 1/9" not in seen:
                seen += capsys.readouterr().err
            assert "outer" not in seen
        outer.update(1)
        seen = ""
        while "outer 1/2" not in seen:
            seen += capsys.readouterr().err


def test_other_processes_and_threads_show_nothing(capsys, monkeypatch):
    def show():
        with Progress("loading", total=1) as progress:
            progress.update(1)

    thread = threading.Thread(target=show)
    thread.start()
    thread.join()
    monkeypatch.setenv("RANK", "1")
    show()
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_bars_also_nested(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    with Progress("outer [bold]", total=2) as outer:
        with Progress("inner") as inner:
            inner.update(3, total=4)
        outer.update(2)
    drawn = capsys.readouterr().err
    for words in ("outer [bold]", "inner", "3/4", "2/2"):
        assert words in drawn


def test_another_library_may_show_its_own_progress(capsys, monkeypatch):
    monkeypatch.setattr(console, "LINE_SECONDS", 0.01)
    with Progress("preparing"):
        with paused_progress():
            capsys.readouterr()
            time.sleep(0.05)
            assert capsys.readouterr().err == ""
        seen = ""
        while "preparing" not in seen:
            seen += capsys.readouterr().err
    with paused_progress():
        pass
