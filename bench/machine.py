"""What is measured on, and how a figure is printed."""

import os
import platform
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def describe_machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    flags = " ".join(flag for flag in FLAGS if flag in text.split())
    load = os.getloadavg()[0]
    return (
        f"machine: {os.cpu_count()} cores, {names[0] if names else platform.machine()}, {flags}; "
        f"Python {platform.python_version()}; load {load:.2f} at start"
    )


def figure(what: str, measured: str, goal: str, remark: str = "") -> None:
    print(f"  {what:<58} {measured:>14}   goal {goal:<10} {remark}", flush=True)
