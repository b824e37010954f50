"""A person at a terminal: starts a command there, types into the shell that it leads to, makes the window larger, presses
Ctrl-C, and leaves the shell. Prints what was on the terminal, and ends as the command did."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE = 60


def resize(window, rows, columns):
    fcntl.ioctl(window, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


command, window = pty.fork()
if command == 0:
    resize(0, 30, 100)
    os.execv(sys.argv[1], sys.argv[1:])

shown = ""


def read():
    """What comes within a moment; nothing at the end."""
    global shown
    if not select.select([window], [], [], 0.2)[0]:
        return True
    try:
        piece = os.read(window, 4096)
    except OSError:
        return False
    shown += piece.decode(errors="replace")
    return piece != b""


def shows(text, patience=PATIENCE):
    """Whether a text comes behind those that were waited for before."""
    global seen
    end = time.monotonic() + patience
    while text not in shown[seen:]:
        if time.monotonic() > end or not read():
            return False
    seen = shown.index(text, seen) + len(text)
    return True


def expect(text):
    if not shows(text):
        sys.exit(f"no {text!r} behind the first {seen} characters of {shown!r}")


def type_in(text):
    os.write(window, text.encode())


seen = 0
expect("# ")
type_in("stty size\r")
expect("30 100")
resize(window, 44, 132)
# The new size takes a while to get there.
for _ in range(20):
    type_in("stty size\r")
    if shows("44 132", 3):
        break
else:
    sys.exit(f"the size stays as it was: {shown!r}")
type_in("echo $((1 + 1)) now; sleep 1000000\r")
expect("2 now")
type_in("\x03")
type_in("echo $((1 + 2)) later\r")
expect("3 later")
type_in("exit 5\r")
while read():
    pass
print(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]))
