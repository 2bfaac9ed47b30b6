import sys

from gaussrep.console import print_table


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
