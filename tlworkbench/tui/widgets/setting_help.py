"""What the setting under the cursor does, what may stand there, and what it was."""

from textual.content import Content
from textual.widgets import Static

from tlworkbench.jobs.spec_fields import SpecField
from tlworkbench.tui.screens.train_options import Options, is_default
from tlworkbench.tui.text import cut


class SettingHelp(Static):
    """The whole help line of one setting, and its keys."""

    def show(self, setting: SpecField | None, options: Options, guesses: dict[str, str]) -> None:
        """Show it; a group has keys alone."""
        if setting is None:
            self.update(
                Content.styled("enter or → unfolds, ← folds · / or a letter finds a setting by its name", "$muted")
            )
            return
        width, height = self.content_size
        self.update(help_lines(setting, options, guesses, width or 72, height or 3))


def help_lines(
    setting: SpecField, options: Options, guesses: dict[str, str], width: int = 72, height: int = 3
) -> Content:
    """Help, then for the strategy what each would take, for others what may stand there and the way back.

    Where there is no room for both, the strategies come before the help.
    """
    lines = [Content(setting.help.replace("`", ""))]
    if setting.name == "strategy" and guesses:
        cells = max(map(len, guesses))
        now = options.values["strategy"]
        told = [
            Content.assemble((f"{name:{cells}}  ", "bold" if name == now else "$muted"), cut(words, width - cells - 2))
            for name, words in guesses.items()
        ]
        return Content("\n").join(told if height < len(told) + 2 else [*lines, *told])
    wanted = f"{', '.join(setting.choices)}: ← → space" if setting.choices and not setting.free else setting.wanted
    said = [(wanted, "$muted")]
    if not is_default(options, setting.name) and setting.name != "model":
        said += [
            (" · ", "$muted"),
            ("ctrl+d", "bold $accent"),
            (f" back to {options.first[setting.name] or 'none'}", "$muted"),
        ]
    if setting.name in options.silent:
        said = [(options.silent[setting.name], "$warning")]
    lines.append(Content.assemble(*said))
    return Content("\n").join(lines)
