"""One Scrapy command a file: arguments, one call, exit code.  Heavy imports live inside `run()`."""

from refillspot.interruption import tell_interrupts

tell_interrupts()
