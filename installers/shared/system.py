"""System libraries and tools the program needs, and the one command that installs the missing.

Standard library only: it runs before there is a virtual environment.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Need:
    """Something the operating system has to provide.

    Attributes:
        name: What to call it in a message.
        present: Answers whether it is there.
        packages: Package names by package manager.
    """

    name: str
    present: Callable[[], bool]
    packages: dict[str, str]


def _library(name: str, apt: str, dnf: str, pacman: str) -> Need:
    return Need(name, lambda: _loads(name), {"apt-get": apt, "dnf": dnf, "pacman": pacman})


def _tool(name: str, apt: str, dnf: str, pacman: str) -> Need:
    packages = {"apt-get": apt, "dnf": dnf, "pacman": pacman}
    return Need(name, lambda: shutil.which(name) is not None, packages)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_venv() -> bool:
    return importlib.util.find_spec("ensurepip") is not None


def _has_font(name: str) -> Callable[[], bool]:
    """Whether there is a font whose file has `name` in its own."""

    def present() -> bool:
        roots = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts"]
        files = (next(root.rglob(f"*{name}*"), None) for root in roots if root.is_dir())
        return any(file is not None for file in files)

    return present


def _has_accessibility_bus() -> bool:
    return any(Path(path).is_file() for path in ACCESSIBILITY_BUS)


def _has_software_gpu() -> bool:
    """Whether Chromium's SwiftShader is there, a graphics card made of software (Vulkan)."""
    return any(path.is_file() for path in SOFTWARE_GPU)


ACCESSIBILITY_BUS = tuple(
    f"{folder}/at-spi-bus-launcher"
    for folder in ("/usr/libexec", "/usr/lib", "/usr/lib/at-spi2-core")
)
"""Where distributions put the program that starts the accessibility bus."""

SOFTWARE_GPU = tuple(
    Path(folder) / "vk_swiftshader_icd.json"
    for folder in ("/usr/lib/chromium", "/usr/lib64/chromium-browser")
)
"""Where distributions put SwiftShader's description for the Vulkan loader."""

_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"

RUN = (
    Need(
        "venv",
        _has_venv,
        {"apt-get": f"{_PYTHON}-venv", "dnf": "python3-pip", "pacman": "python"},
    ),
    _library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    _library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    _library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    _library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    _library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    _library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    _library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    _library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    _library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    _library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    _library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    _library(
        "libxcb-render-util.so.0",
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
    ),
    _library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    _library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
)

TEST = (
    *RUN,
    _tool("Xvfb", "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"),
    _tool("strace", "strace", "strace", "strace"),
    _tool("gnome-keyring-daemon", "gnome-keyring", "gnome-keyring", "gnome-keyring"),
    _tool("dbus-daemon", "dbus", "dbus-daemon", "dbus"),
    _library("libvulkan.so.1", "libvulkan1", "vulkan-loader", "vulkan-icd-loader"),
    Need(
        "SwiftShader",
        _has_software_gpu,
        {"apt-get": "chromium-common", "dnf": "chromium-common", "pacman": "chromium"},
    ),
    _tool("speech-dispatcher", "speech-dispatcher", "speech-dispatcher", "speech-dispatcher"),
    _tool("espeak-ng", "espeak-ng", "espeak-ng", "espeak-ng"),
    _library("libspeechd.so.2", "libspeechd2", "speech-dispatcher-libs", "speech-dispatcher"),
    _library("libpulse.so.0", "libpulse0", "pulseaudio-libs", "libpulse"),
    _tool("dbus-send", "dbus-bin", "dbus-tools", "dbus"),
    _tool("xdotool", "xdotool", "xdotool", "xdotool"),
    Need(
        "the accessibility bus",
        _has_accessibility_bus,
        {"apt-get": "at-spi2-core", "dnf": "at-spi2-core", "pacman": "at-spi2-core"},
    ),
    Need(
        "a Chinese font",
        _has_font("CJK"),
        {
            "apt-get": "fonts-noto-cjk",
            "dnf": "google-noto-sans-cjk-fonts",
            "pacman": "noto-fonts-cjk",
        },
    ),
    Need(
        "a font of emoji",
        _has_font("Emoji"),
        {
            "apt-get": "fonts-noto-color-emoji",
            "dnf": "google-noto-color-emoji-fonts",
            "pacman": "noto-fonts-emoji",
        },
    ),
)


def ensure(needs: tuple[Need, ...]) -> bool:
    """Install what is missing: as root at once, else after a yes; else print the line to type.

    Returns:
        Whether everything is there now.
    """
    if not sys.platform.startswith("linux"):
        return True
    missing = [need for need in needs if not need.present()]
    if not missing:
        return True
    names = ", ".join(need.name for need in missing)
    manager = next((m for m in ("apt-get", "dnf", "pacman") if shutil.which(m)), None)
    if manager is None:
        print(f"Please install these with your system's package manager: {names}", file=sys.stderr)
        return False
    packages = sorted({need.packages[manager] for need in missing})
    command = _install_command(manager, packages)
    if os.geteuid() != 0:
        command = ["sudo", *command]
        if not _confirmed(names, command):
            print(f"Missing: {names}\nPlease type: {' '.join(command)}", file=sys.stderr)
            return False
    return _run_install(manager, command, missing)


def _install_command(manager: str, packages: list[str]) -> list[str]:
    if manager == "pacman":
        return ["pacman", "-S", "--needed", "--noconfirm", *packages]
    extra = ["--no-install-recommends"] if manager == "apt-get" else []
    return [manager, "install", "-y", *extra, *packages]


def _confirmed(names: str, command: list[str]) -> bool:
    if not sys.stdin.isatty() or shutil.which("sudo") is None:
        return False
    print(f"Alcove needs a few system libraries: {names}")
    print(f"  {' '.join(command)}")
    return input("Install them now? [y/N] ").strip().lower() in {"y", "yes"}


def _run_install(manager: str, command: list[str], missing: list[Need]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if manager == "apt-get":
        prefix = ["sudo"] if command[0] == "sudo" else []
        subprocess.run([*prefix, "apt-get", "update", "-q"], env=environment, check=False)
    subprocess.run(command, env=environment, check=False)
    still = [need.name for need in missing if not need.present()]
    if still:
        print(f"Still missing: {', '.join(still)}", file=sys.stderr)
        print(f"Please type: {' '.join(command)}", file=sys.stderr)
    return not still
