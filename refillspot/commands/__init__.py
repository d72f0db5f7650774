"""One Scrapy command a file: arguments, one call, exit code.  Heavy imports live inside `run()`."""

from refillspot.interruption import tell_interrupts

tell_interrupts()

from refillspot.engine import say_commands_with  # noqa: E402  # Ctrl-C may come while it is imported
from refillspot.help import tell_commands, tell_unknown  # noqa: E402

say_commands_with(tell_commands, tell_unknown)
