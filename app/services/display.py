"""Whether a window can be shown at all, asked before Qt would end the process over it.

No Qt here: Qt aborts when no platform plugin works, so everything that makes one fail is tried
first, with the plugin's own libraries: they load, and the display lets us in.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

_NEEDS_DISPLAY = {"xcb": "xcb", "wayland": "wayland"}


def can_show_window() -> bool:
    """Whether a window would open here. Takes a few milliseconds."""
    if sys.platform in ("win32", "darwin"):
        return True
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    names = [part.split(":")[0].split("-")[0] for part in wanted.split(";") if part]
    for name in names or ["wayland", "xcb"]:
        if name not in _NEEDS_DISPLAY:
            return True  # offscreen, vnc and the like were chosen on purpose
        if _display_answers(name) and _plugin_loads(name):
            return True
    return False


def _plugin_loads(name: str) -> bool:
    spec = importlib.util.find_spec("PySide6")
    if spec is None or spec.origin is None:
        return False
    plugin = Path(spec.origin).parent / "Qt" / "plugins" / "platforms" / f"libq{name}.so"
    try:
        ctypes.CDLL(str(plugin))
    except OSError:
        return False
    return True


def _display_answers(name: str) -> bool:
    try:
        return _x11_answers() if name == "xcb" else _wayland_answers()
    except OSError:  # the library itself is missing
        return False


def _x11_answers() -> bool:
    if not os.environ.get("DISPLAY"):
        return False
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    try:
        return int(xcb.xcb_connection_has_error(connection)) == 0
    finally:
        xcb.xcb_disconnect(connection)


def _wayland_answers() -> bool:
    if not (os.environ.get("WAYLAND_DISPLAY") or os.environ.get("WAYLAND_SOCKET")):
        return False
    if os.environ.get("WAYLAND_SOCKET"):
        return True  # an open descriptor that connecting would use up
    wayland = ctypes.CDLL("libwayland-client.so.0")
    wayland.wl_display_connect.restype = ctypes.c_void_p
    wayland.wl_display_connect.argtypes = [ctypes.c_char_p]
    wayland.wl_display_disconnect.argtypes = [ctypes.c_void_p]
    display = wayland.wl_display_connect(None)
    if not display:
        return False
    wayland.wl_display_disconnect(display)
    return True
