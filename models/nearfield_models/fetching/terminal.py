"""Progress on a terminal as bars, elsewhere as one line a step."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, SpinnerColumn, TaskID, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bars


class TerminalProgress:
    """Bars for a person who watches."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> TerminalProgress:
        """Take over the last lines of the terminal."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give them back."""
        self._bars.stop()

    def begin(self, title: str, total_bytes: int | None) -> None:
        """Show a bar; it pulses where the total is unknown."""
        self._task = self._bars.add_task(title, total=total_bytes)

    def advance(self, done_bytes: int) -> None:
        """Move it."""
        if self._task is not None:
            self._bars.update(self._task, completed=done_bytes)

    def end(self) -> None:
        """Take it away."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


class LineProgress:
    """A line at each beginning, for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self, title: str, total_bytes: int | None) -> None:
        """Write the line."""
        size = "" if total_bytes is None else f" ({total_bytes / 1e6:.1f} MB)"
        self._console.print(f"… {title}{size}", highlight=False, markup=False)

    def advance(self, done_bytes: int) -> None:
        """Say nothing."""

    def end(self) -> None:
        """Say nothing."""
